// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockAggregator} from "./MockAggregator.sol";

/// @title MockSequencerFeed
/// @notice The feed that tells whether the chain's sequencer is up: answer 0 is up, 1 is down, and `startedAt` is when that
/// became so. Before the first report on a real chain `startedAt` is zero.
/// @dev Warning: anyone may write.
contract MockSequencerFeed is MockAggregator {
    /// @dev Starts as up since the block of deployment.
    constructor() MockAggregator(0, "L2 Sequencer Uptime Status Feed") {
        minAnswer = 0;
        maxAnswer = 1;
        _push(0, block.timestamp, block.timestamp);
    }

    /// @notice Reports that the sequencer is up or down as of now.
    function report(bool isUp) external {
        _push(isUp ? int256(0) : int256(1), block.timestamp, block.timestamp);
    }

    /// @notice Reports that the sequencer is up or down since `startedAt`; zero is a feed that was never reported to.
    function reportSince(bool isUp, uint256 startedAt) external {
        _push(isUp ? int256(0) : int256(1), startedAt, block.timestamp);
    }
}
