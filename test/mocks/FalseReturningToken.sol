// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TokenLedger} from "./TokenLedger.sol";

/// @title FalseReturningToken
/// @notice A token that answers `false` where others revert, and on demand answers `false` to everything.
/// @dev Warning: a caller that ignores the reply believes in a transfer that never happened.
contract FalseReturningToken is TokenLedger {
    /// @notice While set, no transfer is made and the answer is always `false`.
    bool public isFrozen;

    constructor() TokenLedger("False Dollar", "FALSE", 6) {}

    /// @notice Makes every transfer answer `false`, or lets them through again.
    function setFrozen(bool frozen) external {
        isFrozen = frozen;
    }

    /// @notice Sends `amount` to `to`; answers whether it did.
    function transfer(address to, uint256 amount) external returns (bool) {
        if (isFrozen || to == address(0) || balanceOf[msg.sender] < amount) return false;
        _move(msg.sender, to, amount);
        return true;
    }

    /// @notice Sends `amount` from `from` to `to` out of the caller's allowance; answers whether it did.
    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        if (isFrozen || to == address(0) || !_canSpend(from, msg.sender, amount)) return false;
        _spendAllowance(from, msg.sender, amount);
        _move(from, to, amount);
        return true;
    }

    /// @notice Lets `spender` take up to `amount` from the caller.
    function approve(address spender, uint256 amount) external returns (bool) {
        _setAllowance(msg.sender, spender, amount);
        return true;
    }
}
