// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title Who is closed out, and at what price
/// @notice Anyone starts an auction of an account whose maintenance excess is negative; anyone with margin of his own takes a
/// fraction of the whole book, so that hedges stay whole. Solvent: the bidder pays discount(t) times the equity of the slice.
/// Insolvent: the insurance fund pays the bidder, rising to the whole maintenance shortfall. Money and fractions: 18 decimals.
/// Pause bits: 1 start, 2 bid.
interface ILiquidation {
    /// @param mode 0 solvent, 1 insolvent: the mode the bidder reckons with.
    /// @param fraction Most of the book that he takes. @param minimumFraction Least.
    /// @param maximumPrice Most that he pays for what he gets; negative: least that he is paid, as a negative number.
    /// @param expectedNonce The account's nonce in clearing.
    struct Bid {
        bytes32 account;
        bytes32 bidder;
        uint8 mode;
        uint256 fraction;
        uint256 minimumFraction;
        int256 maximumPrice;
        uint64 expectedNonce;
        uint64 deadline;
    }

    /// @notice An auction as of now. `maximumFraction` and `price` (of that fraction) are what a bid in this block gets.
    struct Auction {
        uint64 startedAt;
        uint8 mode;
        uint256 discount;
        uint256 maximumFraction;
        int256 price;
        uint64 nonce;
        int256 equity;
        uint256 maintenanceRequirement;
    }

    event AuctionStarted(
        bytes32 indexed account,
        address indexed starter,
        int256 excessUnderScenario,
        uint64 startedAt
    );
    event BidAccepted(
        bytes32 indexed account, bytes32 indexed bidder, uint8 mode, uint256 fraction, int256 price
    );
    event AuctionEnded(bytes32 indexed account, int256 maintenanceExcess);

    /// @notice Under the scenarios named, the account isn't short: its excess is `excess`.
    error NotLiquidatable(bytes32 account, int256 excess);
    error AuctionRunning(bytes32 account);
    error NoAuction(bytes32 account);
    /// @notice The account is still short by `-excess` and can't be released.
    error StillLiquidatable(bytes32 account, int256 excess);
    error WrongMode(uint8 expected, uint8 actual);
    error FractionTooSmall(uint256 minimum, uint256 available);
    error PriceAboveLimit(int256 price, int256 limit);
    /// @notice Auctions stand still while the sequencer is down and for its grace period.
    error SequencerDown();

    function initialize(
        address governor,
        address guardian,
        address clearing,
        address margin,
        address oracle
    ) external;
    function setModules(address clearing, address margin, address oracle) external;

    function start(bytes32 account, uint8[] calldata scenarios) external;
    function bid(Bid calldata bid) external returns (uint256 fraction, int256 price);
    function startAndBid(uint8[] calldata scenarios, Bid calldata bid)
        external
        returns (uint256 fraction, int256 price);
    /// @notice Ends the auction of an account that recovered.
    function release(bytes32 account) external;

    function modules() external view returns (address clearing, address margin, address oracle);
    function auction(bytes32 account) external view returns (Auction memory);
    /// @notice Share of a slice's equity that a bidder pays `elapsed` seconds after the start.
    function discount(uint64 elapsed) external view returns (uint256);

    event ModulesChanged(address clearing, address margin, address oracle);
}
