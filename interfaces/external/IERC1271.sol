// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title How a contract wallet tells whether it signed
interface IERC1271 {
    /// @notice 0x1626ba7e if `signature` is the wallet's own over `hash`.
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4);
}
