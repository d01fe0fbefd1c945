// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title Errors that mean the same in every Novate contract
/// @notice A condition that several contracts can meet has one error, declared here once.
interface IErrors {
    /// @notice `caller` holds no role that allows this call.
    error Unauthorized(address caller);
    /// @notice No function answers to `selector`.
    error UnknownSelector(bytes4 selector);
    /// @notice No function takes ether; `value` was sent along.
    error ValueNotAccepted(uint256 value);
    /// @notice The contract was initialised before.
    error AlreadyInitialized();
    /// @notice An address that must name an account or a contract is zero.
    error ZeroAddress();
    /// @notice The operation's pause bit is set (see each interface for the bits).
    error OperationPaused(uint256 operation);
    /// @notice The contract was entered again while it was at work.
    error Reentrant();
    /// @notice The order, bid or permit was to be used by `deadline`; it is `timestamp` now.
    error DeadlinePassed(uint64 deadline, uint64 timestamp);
    /// @notice `id` isn't the canonical id of an instrument.
    error InvalidInstrument(uint64 id);
    /// @notice An amount left the range in which the ledger computes exactly.
    error ArithmeticOverflow();
    /// @notice The signature isn't by a signer entitled to give it.
    error InvalidSignature(address recovered);
    /// @notice `target` reverted without data, has no code, or answered something that can't be decoded.
    error CallFailed(address target);
    /// @notice `value` of the parameter `name` (ASCII, left-aligned) is outside [`minimum`, `maximum`].
    error ParameterOutOfBounds(bytes32 name, int256 value, int256 minimum, int256 maximum);
    /// @notice Packed bytes (a book, a snapshot) or calldata are malformed at `offset`.
    error MalformedBytes(uint256 offset);
    /// @notice Market data is at validity level `level`, the operation needs at least `needed` (see IOracle).
    error MarketNotValid(uint8 level, uint8 needed);
}
