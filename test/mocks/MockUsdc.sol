// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockErc20} from "./MockErc20.sol";

/// @title MockUsdc
/// @notice A dollar token of 6 decimals with permit.
/// @dev Warning: anyone may mint.
contract MockUsdc is MockErc20 {
    constructor() MockErc20("USD Coin", "USDC", 6) {}
}
