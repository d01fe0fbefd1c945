// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title Governance that every Novate contract shares
/// @notice The governor (a timelock) sets parameters; the guardian stops operations at once; only the governor resumes them.
interface IGoverned {
    event GovernorProposed(address indexed governor, address indexed proposed);
    event GovernorChanged(address indexed previous, address indexed governor);
    event GuardianChanged(address indexed previous, address indexed guardian);
    event PauseChanged(uint256 previousMask, uint256 mask);

    function governor() external view returns (address);
    function guardian() external view returns (address);
    /// @notice Operations that are stopped, one bit each.
    function pausedMask() external view returns (uint256);

    /// @notice First of two steps; the new governor must accept.
    function proposeGovernor(address proposed) external;
    function acceptGovernor() external;
    function setGuardian(address guardian) external;
    /// @notice Guardian or governor: sets every bit of `mask`.
    function pause(uint256 mask) external;
    /// @notice Governor alone: clears every bit of `mask`.
    function unpause(uint256 mask) external;
}
