// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title The part of ERC-20 (and of ERC-2612) that clearing calls
/// @dev Warning: tokens exist that return nothing where `bool` is declared; decode their answers leniently.
interface IERC20 {
    function decimals() external view returns (uint8);
    function balanceOf(address account) external view returns (uint256);
    function allowance(address owner, address spender) external view returns (uint256);
    function transfer(address to, uint256 amount) external returns (bool);
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
    function permit(
        address owner,
        address spender,
        uint256 value,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;
}
