// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title Governance that every Novate contract shares
/// @notice The governor (a timelock) sets parameters; the guardian stops operations at once; only the governor resumes them early. A stop ends by
/// itself after its operation's time (7 or 14 days), and the guardian may stop an operation once in 30 days.
interface IGoverned {
    event GovernorProposed(address indexed governor, address indexed proposed);
    event GovernorChanged(address indexed previous, address indexed governor);
    event GuardianChanged(address indexed previous, address indexed guardian);
    event PauseChanged(uint256 previousMask, uint256 mask);

    /// @notice The guardian stopped the operation less than 30 days ago: the next time is `from`.
    error PausedRecently(uint256 operation, uint64 from);

    function governor() external view returns (address);
    function guardian() external view returns (address);
    /// @notice Operations that are stopped now, one bit each.
    function pausedMask() external view returns (uint256);
    /// @notice Until when an operation (one bit) is stopped, or was; 0: never.
    function pausedUntil(uint256 operation) external view returns (uint64);

    /// @notice First of two steps; the new governor must accept.
    function proposeGovernor(address proposed) external;
    function acceptGovernor() external;
    function setGuardian(address guardian) external;
    /// @notice Guardian or governor: sets every bit of `mask`.
    function pause(uint256 mask) external;
    /// @notice Governor alone: clears every bit of `mask`.
    function unpause(uint256 mask) external;
}
