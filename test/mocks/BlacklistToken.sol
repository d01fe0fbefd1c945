// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockErc20} from "./MockErc20.sol";

/// @title BlacklistToken
/// @notice A dollar token of 6 decimals whose issuer blocks addresses and pauses everything: transfers then revert.
/// @dev Warning: anyone plays the issuer.
contract BlacklistToken is MockErc20 {
    /// @notice `account` may neither send nor receive.
    error Blacklisted(address account);
    /// @notice No transfer is possible at present.
    error Paused();

    /// @notice Who may neither send nor receive.
    mapping(address account => bool blocked) public isBlacklisted;
    /// @notice Whether all transfers revert.
    bool public isPaused;

    constructor() MockErc20("Blocking Dollar", "BLOCK", 6) {}

    /// @notice Blocks or frees `account`.
    function setBlacklisted(address account, bool blocked) external {
        isBlacklisted[account] = blocked;
    }

    /// @notice Stops or resumes all transfers.
    function setPaused(bool paused) external {
        isPaused = paused;
    }

    /// @inheritdoc MockErc20
    function transfer(address to, uint256 amount) external override returns (bool) {
        _requireAllowed(msg.sender, to);
        _move(msg.sender, to, amount);
        return true;
    }

    /// @inheritdoc MockErc20
    function transferFrom(address from, address to, uint256 amount)
        external
        override
        returns (bool)
    {
        _requireAllowed(from, to);
        _spendAllowance(from, msg.sender, amount);
        _move(from, to, amount);
        return true;
    }

    function _requireAllowed(address from, address to) private view {
        if (isPaused) revert Paused();
        if (isBlacklisted[from]) revert Blacklisted(from);
        if (isBlacklisted[to]) revert Blacklisted(to);
    }
}
