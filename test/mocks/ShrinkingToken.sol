// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockErc20} from "./MockErc20.sol";

/// @title ShrinkingToken
/// @notice A token of 18 decimals whose balances shrink when it says so, as those of tokens that rebase down do.
/// @dev Warning: who counts what he was given, and not what he holds, owes more than he can pay. Anyone may shrink.
contract ShrinkingToken is MockErc20 {
    constructor() MockErc20("Shrinking Token", "SHRINK", 18) {}

    /// @notice Takes `amount` of `holder`'s balance away.
    function shrink(address holder, uint256 amount) external {
        _burn(holder, amount);
    }
}
