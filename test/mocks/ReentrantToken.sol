// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockErc20} from "./MockErc20.sol";

/// @title ReentrantToken
/// @notice A token of 18 decimals that, in the middle of a transfer, calls whom it was told to: an attacker's foothold.
/// @dev The call is made once per arming, either before or after the balances change. What it answered can be read
/// afterwards, so a test sees both that the attack was tried and how it was refused.
contract ReentrantToken is MockErc20 {
    /// @notice When in a transfer the call is made.
    enum Moment {
        Never,
        BeforeMove,
        AfterMove
    }

    /// @notice When the next transfer makes its call.
    Moment public moment;
    /// @notice Whom it calls.
    address public target;
    /// @notice With what data.
    bytes public payload;
    /// @notice Whether a call that fails makes the transfer fail with the same data.
    bool public bubbles;
    /// @notice Calls made so far.
    uint256 public attempts;
    /// @notice Whether the last call succeeded.
    bool public lastSucceeded;
    /// @notice What the last call returned, or its revert data.
    bytes public lastReply;

    constructor() MockErc20("Re-entrant Token", "REENTER", 18) {}

    /// @notice Arms the next transfer.
    /// @param moment_ When to call.
    /// @param target_ Whom to call.
    /// @param payload_ Call data.
    /// @param bubbles_ Whether a call that fails makes the transfer fail.
    function arm(Moment moment_, address target_, bytes calldata payload_, bool bubbles_) external {
        moment = moment_;
        target = target_;
        payload = payload_;
        bubbles = bubbles_;
    }

    /// @inheritdoc MockErc20
    function transfer(address to, uint256 amount) external override returns (bool) {
        _attack(Moment.BeforeMove);
        _move(msg.sender, to, amount);
        _attack(Moment.AfterMove);
        return true;
    }

    /// @inheritdoc MockErc20
    function transferFrom(address from, address to, uint256 amount)
        external
        override
        returns (bool)
    {
        _attack(Moment.BeforeMove);
        _spendAllowance(from, msg.sender, amount);
        _move(from, to, amount);
        _attack(Moment.AfterMove);
        return true;
    }

    function _attack(Moment now_) private {
        if (moment != now_) return;
        moment = Moment.Never;
        attempts += 1;
        (bool done, bytes memory reply) = target.call(payload);
        lastSucceeded = done;
        lastReply = reply;
        if (!done && bubbles) {
            assembly ("memory-safe") {
                revert(add(reply, 32), mload(reply))
            }
        }
    }
}
