// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TokenLedger} from "./TokenLedger.sol";

/// @title NoReturnToken
/// @notice A token whose functions return nothing, and whose allowance must pass through zero: USDT on Ethereum.
/// @dev Warning: a caller that decodes a `bool` from the reply fails although the transfer was made.
contract NoReturnToken is TokenLedger {
    /// @notice An allowance of `current` stands; set it to zero before another one.
    error AllowanceNotZero(address spender, uint256 current);

    constructor() TokenLedger("Tether-like Dollar", "USDT", 6) {}

    /// @notice Sends `amount` to `to`; returns nothing.
    function transfer(address to, uint256 amount) external {
        _move(msg.sender, to, amount);
    }

    /// @notice Sends `amount` from `from` to `to` out of the caller's allowance; returns nothing.
    function transferFrom(address from, address to, uint256 amount) external {
        _spendAllowance(from, msg.sender, amount);
        _move(from, to, amount);
    }

    /// @notice Lets `spender` take up to `amount`; a standing allowance must be set to zero first. Returns nothing.
    function approve(address spender, uint256 amount) external {
        uint256 current = allowance[msg.sender][spender];
        if (amount != 0 && current != 0) revert AllowanceNotZero(spender, current);
        _setAllowance(msg.sender, spender, amount);
    }
}
