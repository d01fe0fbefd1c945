// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockErc20} from "./MockErc20.sol";

/// @title MockWeth
/// @notice Wrapped ether of 18 decimals: ether in, tokens out, one for one, and back.
/// @dev Minting without ether is open to anyone too, which is what a test wants: then not every token can be unwrapped.
contract MockWeth is MockErc20 {
    /// @notice The ether could not be handed to `to`.
    error EtherTransferFailed(address to);

    constructor() MockErc20("Wrapped Ether", "WETH", 18) {}

    /// @notice Wraps the ether sent.
    receive() external payable {
        _mint(msg.sender, msg.value);
    }

    /// @notice Wraps the ether sent.
    function deposit() external payable {
        _mint(msg.sender, msg.value);
    }

    /// @notice Unwraps `amount` to the caller.
    function withdraw(uint256 amount) external {
        _burn(msg.sender, amount);
        (bool done,) = msg.sender.call{value: amount}("");
        if (!done) revert EtherTransferFailed(msg.sender);
    }
}
