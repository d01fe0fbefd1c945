// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TokenLedger} from "./TokenLedger.sol";

/// @title MockErc20
/// @notice A well-behaved ERC-20 with permit (ERC-2612): with 6 decimals it stands for USDC, with 8 for WBTC.
/// @dev Warning: anyone may mint.
contract MockErc20 is TokenLedger {
    /// @notice The permit was valid until `deadline` only.
    error ERC2612ExpiredSignature(uint256 deadline);
    /// @notice The permit of `owner` was signed by `signer`.
    error ERC2612InvalidSigner(address signer, address owner);

    /// @notice EIP-712 type of a permit.
    bytes32 public constant PERMIT_TYPEHASH = keccak256(
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
    );

    bytes32 private constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );

    /// @notice Number of permits that an owner has used.
    mapping(address owner => uint256 used) public nonces;

    /// @param name_ Name of the token, which is also the name of its signing domain.
    /// @param symbol_ Ticker of the token.
    /// @param decimals_ Number of decimals of one whole token.
    constructor(string memory name_, string memory symbol_, uint8 decimals_)
        TokenLedger(name_, symbol_, decimals_)
    {}

    /// @notice Sends `amount` to `to`.
    function transfer(address to, uint256 amount) external virtual returns (bool) {
        _move(msg.sender, to, amount);
        return true;
    }

    /// @notice Sends `amount` from `from` to `to` out of the caller's allowance.
    function transferFrom(address from, address to, uint256 amount)
        external
        virtual
        returns (bool)
    {
        _spendAllowance(from, msg.sender, amount);
        _move(from, to, amount);
        return true;
    }

    /// @notice Lets `spender` take up to `amount` from the caller.
    function approve(address spender, uint256 amount) external virtual returns (bool) {
        _setAllowance(msg.sender, spender, amount);
        return true;
    }

    /// @notice Sets an allowance by the signature of `owner` over the next of its nonces.
    /// @param owner Who grants.
    /// @param spender Who may spend.
    /// @param value How much.
    /// @param deadline Last second (unix) at which the permit may be used.
    /// @param v Recovery id of the signature, 27 or 28.
    /// @param r First half of the signature.
    /// @param s Second half of the signature.
    function permit(
        address owner,
        address spender,
        uint256 value,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        if (block.timestamp > deadline) revert ERC2612ExpiredSignature(deadline);
        bytes32 structHash = keccak256(
            abi.encode(PERMIT_TYPEHASH, owner, spender, value, nonces[owner]++, deadline)
        );
        bytes32 digest = keccak256(abi.encodePacked("\x19\x01", DOMAIN_SEPARATOR(), structHash));
        address signer = ecrecover(digest, v, r, s);
        if (signer == address(0) || signer != owner) revert ERC2612InvalidSigner(signer, owner);
        _setAllowance(owner, spender, value);
    }

    /// @notice Signing domain of this token on this chain.
    function DOMAIN_SEPARATOR() public view returns (bytes32) {
        return keccak256(
            abi.encode(
                DOMAIN_TYPEHASH,
                keccak256(bytes(name)),
                keccak256(bytes("1")),
                block.chainid,
                address(this)
            )
        );
    }
}
