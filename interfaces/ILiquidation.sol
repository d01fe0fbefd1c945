// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title Who is closed out, and at what price
/// @notice Anyone starts an auction of an account whose close excess is negative; anyone with margin of his own takes a slice of the whole book, a slice of
/// one underlying's part, or named legs. Whatever is cut has one price: V - a R to the account and w R from the waterfall, V its value at
/// marks, R the requirement that it relieves. The clock counts only time in which a bid could have succeeded. Money and fractions: 18 decimals.
/// Pause bits: none; liquidation can't be stopped by people.
interface ILiquidation {
    /// @notice A named line, and what of a book is cut: as in IClearing.
    struct Leg {
        uint64 instrument;
        int128 quantity;
    }

    struct Cut {
        uint8 kind;
        uint8 underlying;
        uint256 fraction;
        Leg[] legs;
    }

    /// @param cut What he takes; of a slice of the whole the fraction is the most of it, lowered to `maximumFraction` if more isn't allowed.
    /// @param minimumFraction Least, of a cut by fraction. Where it is the fraction itself, nothing is lowered, which costs one look less.
    /// @param maximumPrice Most that he pays for it. @param minimumWorth Least value at marks of what he gets, what the waterfall and the account pay
    /// him included.
    /// @param expectedNonce The account's nonce in clearing, or 2^64 - 1: any.
    struct Bid {
        bytes32 account;
        bytes32 bidder;
        Cut cut;
        uint256 minimumFraction;
        uint256 maximumPrice;
        int256 minimumWorth;
        uint64 expectedNonce;
        uint64 deadline;
    }

    /// @notice An auction as of now.
    /// @param elapsed Seconds on its clock, if it were sighted now. @param lastSeen When it was sighted last. @param wasShort Whether it was short then.
    /// @param concession c: share of the relieved requirement that the account gives at most. @param bonus g.
    /// @param maximumFraction Of the whole book, in this block: it leaves an excess of 15% of the new requirement. Where the account owes and lines
    /// stay behind that are broken or expired, or where charges grow faster than the book, a little less may be allowed. @param excess Close excess.
    /// @param equity, requirement At last usable data.
    struct Auction {
        uint64 startedAt;
        uint64 elapsed;
        uint64 lastSeen;
        bool wasShort;
        uint256 concession;
        uint256 bonus;
        uint256 maximumFraction;
        int256 excess;
        int256 equity;
        uint256 requirement;
        uint256 flagged;
    }

    event AuctionStarted(bytes32 indexed account, address indexed starter, int256 excess);
    event AuctionSighted(bytes32 indexed account, uint64 elapsed, bool isShort, uint256 flagged);
    event BidAccepted(
        bytes32 indexed account,
        bytes32 indexed bidder,
        uint256 fraction,
        int256 value,
        int256 relief,
        uint256 paid,
        uint256 fromWaterfall
    );
    event AuctionEnded(bytes32 indexed account, int256 excess);
    event ModulesChanged(address clearing, address margin, address oracle);

    /// @notice The account isn't short: its excess is `excess`.
    error NotLiquidatable(bytes32 account, int256 excess);
    error NoAuction(bytes32 account);
    error FractionTooSmall(uint256 minimum, uint256 available);
    error PriceAboveLimit(uint256 price, uint256 limit);
    error WorthBelowLimit(int256 worth, int256 limit);
    /// @notice A bid relieves at least `least` of requirement, or heals the account, or takes all.
    error RelievesTooLittle(int256 relief, uint256 least);
    /// @notice The bid would leave an excess above 15% of the new requirement.
    error TakesTooMuch(bytes32 account, int256 excess, uint256 most);
    /// @notice The account changed since the caller looked.
    error StateChanged(bytes32 account, uint64 expected, uint64 actual);
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

    /// @notice Starts an auction, or sights a running one. `scenarios` (may be empty) names one scenario per underlying, which is cheaper to look
    /// at: such a start shows that the account is short and no more, and the clock begins to count at the next sighting.
    function start(bytes32 account, uint8[] calldata scenarios) external;
    /// @notice Lets the clock count: anyone, as often as he likes. An account that isn't short ends its auction.
    function sight(bytes32 account) external;
    function bid(Bid calldata bid)
        external
        returns (uint256 fraction, int256 value, int256 relief, uint256 paid, uint256 fromWaterfall);
    function startAndBid(Bid calldata bid)
        external
        returns (uint256 fraction, int256 value, int256 relief, uint256 paid, uint256 fromWaterfall);

    function modules() external view returns (address clearing, address margin, address oracle);
    function auction(bytes32 account) external view returns (Auction memory);
    /// @notice Concession c and bonus g, `elapsed` seconds after the start.
    function terms(uint64 elapsed) external view returns (uint256 concession, uint256 bonus);
    /// @notice Shortfall flagged by all open auctions.
    function flaggedShortfall() external view returns (uint256);
}
