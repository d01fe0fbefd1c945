// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title TokenLedger
/// @notice What every token mock shares: balances, allowances, and minting that is open to anyone.
/// @dev Only the bookkeeping of ERC-20 is here. The functions that differ from token to token (`transfer`, `transferFrom`,
/// `approve`, and what they return) are written in each mock, so that one reads in a single file how it misbehaves.
/// Amounts are in the token's smallest unit. Errors are those of ERC-6093.
/// @dev Warning: anyone may mint. Never deploy outside a test or a demonstration.
abstract contract TokenLedger {
    /// @notice `value` moved from one holder to another; zero stands for minting and burning.
    event Transfer(address indexed from, address indexed to, uint256 value);
    /// @notice The allowance of `spender` over the tokens of `owner` is now `value`.
    event Approval(address indexed owner, address indexed spender, uint256 value);

    /// @notice `sender` holds `balance`, less than the `needed` amount.
    error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed);
    /// @notice `spender` may spend `allowance`, less than the `needed` amount.
    error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed);
    /// @notice Tokens cannot be sent to the zero address.
    error ERC20InvalidReceiver(address receiver);

    /// @notice Name of the token.
    string public name;
    /// @notice Ticker of the token.
    string public symbol;
    /// @notice Number of decimals of one whole token.
    uint8 public immutable decimals;
    /// @notice Sum of all balances.
    uint256 public totalSupply;
    /// @notice Balance of each holder.
    mapping(address holder => uint256 amount) public balanceOf;
    /// @notice What a spender may still take from an owner; the maximum of `uint256` is never used up.
    mapping(address owner => mapping(address spender => uint256 amount)) public allowance;

    /// @param name_ Name of the token.
    /// @param symbol_ Ticker of the token.
    /// @param decimals_ Number of decimals of one whole token.
    constructor(string memory name_, string memory symbol_, uint8 decimals_) {
        name = name_;
        symbol = symbol_;
        decimals = decimals_;
    }

    /// @notice Creates `amount` of tokens for `to`.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _mint(address to, uint256 amount) internal {
        if (to == address(0)) revert ERC20InvalidReceiver(to);
        totalSupply += amount;
        balanceOf[to] += amount;
        emit Transfer(address(0), to, amount);
    }

    function _burn(address from, uint256 amount) internal {
        _debit(from, amount);
        totalSupply -= amount;
        emit Transfer(from, address(0), amount);
    }

    function _move(address from, address to, uint256 amount) internal {
        if (to == address(0)) revert ERC20InvalidReceiver(to);
        _debit(from, amount);
        balanceOf[to] += amount;
        emit Transfer(from, to, amount);
    }

    function _setAllowance(address owner, address spender, uint256 amount) internal {
        allowance[owner][spender] = amount;
        emit Approval(owner, spender, amount);
    }

    function _spendAllowance(address owner, address spender, uint256 amount) internal {
        uint256 allowed = allowance[owner][spender];
        if (allowed == type(uint256).max) return;
        if (allowed < amount) revert ERC20InsufficientAllowance(spender, allowed, amount);
        allowance[owner][spender] = allowed - amount;
    }

    /// @dev Whether `spender` could move `amount` of the tokens of `owner`.
    function _canSpend(address owner, address spender, uint256 amount)
        internal
        view
        returns (bool)
    {
        return balanceOf[owner] >= amount && allowance[owner][spender] >= amount;
    }

    function _debit(address from, uint256 amount) private {
        uint256 balance = balanceOf[from];
        if (balance < amount) revert ERC20InsufficientBalance(from, balance, amount);
        balanceOf[from] = balance - amount;
    }
}
