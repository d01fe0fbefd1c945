// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title The part of a Chainlink-style price feed (and of the layer-2 sequencer uptime feed) that the oracle calls
/// @notice Round ids are the aggregator's phase << 64 | its round; ids of different phases aren't consecutive.
interface IAggregator {
    function decimals() external view returns (uint8);
    function latestRoundData()
        external
        view
        returns (
            uint80 roundId,
            int256 answer,
            uint256 startedAt,
            uint256 updatedAt,
            uint80 answeredInRound
        );
    function getRoundData(uint80 roundId)
        external
        view
        returns (
            uint80 id,
            int256 answer,
            uint256 startedAt,
            uint256 updatedAt,
            uint80 answeredInRound
        );
}
