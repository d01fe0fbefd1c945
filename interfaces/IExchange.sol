// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title Which trades were agreed
/// @notice The first venue: a trade of one or more legs that buyer and seller both signed (EIP-712, domain "Novate Exchange"
/// version "1"), relayed by anyone, applied once, whole or not at all.
/// Pause bits: 1 trade.
interface IExchange {
    /// @notice `quantity` in signed millionths: positive, the buyer of the trade buys this leg; negative, he sells it.
    struct Leg {
        uint64 instrument;
        int64 quantity;
        uint128 price;
    }

    /// @param salt Makes two otherwise equal trades distinct.
    struct Trade {
        bytes32 buyer;
        bytes32 seller;
        bool buyerIsMaker;
        Leg[] legs;
        uint64 deadline;
        uint256 salt;
    }

    event Traded(
        bytes32 indexed digest, bytes32 indexed buyer, bytes32 indexed seller, uint256 legs
    );
    event TradeCancelled(bytes32 indexed digest, address indexed signer);
    event ClearingChanged(address indexed previous, address indexed clearing);

    /// @notice The trade was done or cancelled before.
    error TradeUsed(bytes32 digest);
    error EmptyTrade();

    function initialize(address governor, address guardian, address clearing) external;
    function setClearing(address clearing) external;
    function trade(
        Trade calldata trade,
        bytes calldata buyerSignature,
        bytes calldata sellerSignature
    ) external;
    /// @notice Either signer makes a trade unusable.
    function cancel(Trade calldata trade) external;

    function clearing() external view returns (address);
    function isUsed(bytes32 digest) external view returns (bool);
    function digest(Trade calldata trade) external view returns (bytes32);
    function domainSeparator() external view returns (bytes32);
}
