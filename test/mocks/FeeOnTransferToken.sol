// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TokenLedger} from "./TokenLedger.sol";

/// @title FeeOnTransferToken
/// @notice A token of 18 decimals that burns a part of every transfer: less arrives than was sent.
/// @dev Warning: who credits the amount asked for, not the balance difference, owes more than it holds.
contract FeeOnTransferToken is TokenLedger {
    /// @notice Fees are at most 10,000 basis points.
    error FeeTooHigh(uint256 feeBps, uint256 maximumBps);

    uint256 private constant ONE_BPS = 10_000;

    /// @notice Part of each transfer that is burnt, in basis points; rounded down to the token's unit.
    uint256 public feeBps;

    /// @param feeBps_ Part of each transfer that is burnt, in basis points.
    constructor(uint256 feeBps_) TokenLedger("Fee Token", "FEE", 18) {
        _setFee(feeBps_);
    }

    /// @notice Sets the part of each transfer that is burnt, in basis points, at most 10,000.
    function setFee(uint256 feeBps_) external {
        _setFee(feeBps_);
    }

    /// @notice Takes `amount` from the caller; `to` receives it less the fee.
    function transfer(address to, uint256 amount) external returns (bool) {
        _moveLessFee(msg.sender, to, amount);
        return true;
    }

    /// @notice Takes `amount` from `from` out of the caller's allowance; `to` receives it less the fee.
    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        _spendAllowance(from, msg.sender, amount);
        _moveLessFee(from, to, amount);
        return true;
    }

    /// @notice Lets `spender` take up to `amount` from the caller.
    function approve(address spender, uint256 amount) external returns (bool) {
        _setAllowance(msg.sender, spender, amount);
        return true;
    }

    function _setFee(uint256 feeBps_) private {
        if (feeBps_ > ONE_BPS) revert FeeTooHigh(feeBps_, ONE_BPS);
        feeBps = feeBps_;
    }

    function _moveLessFee(address from, address to, uint256 amount) private {
        uint256 fee = amount * feeBps / ONE_BPS;
        _move(from, to, amount - fee);
        _burn(from, fee);
    }
}
