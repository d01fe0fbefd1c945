// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title What a thing is worth, and how far that may be trusted
/// @notice Index prices come from Chainlink-style aggregators, forwards and volatility surfaces from signed posts that
/// anyone may relay, settlement prices from proved aggregator rounds. Prices, rates, volatilities and confidences have
/// 18 decimals; times are Unix seconds. An underlying is a number 1..255; expiries are whole hours.
///
/// Validity levels, in rising order: 0 Invalid, 1 TooVolatile, 2 TooUncertain, 3 StaleForMargin, 4 Valid.
/// Pause bits: 1 posts.
interface IOracle {
    /// @notice How an underlying's index is read.
    /// @param feed Aggregator (`latestRoundData`, `getRoundData`, `decimals`).
    /// @param heartbeat Seconds after which an answer is stale.
    /// @param minimumAnswer Answers at or below this (18 decimals) are refused as pegged.
    /// @param maximumAnswer Answers at or above this (18 decimals) are refused as pegged.
    struct Feed {
        address feed;
        uint32 heartbeat;
        uint128 minimumAnswer;
        uint128 maximumAnswer;
    }

    /// @notice A forward and a raw-SVI slice of one expiry: w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + sigma^2)),
    /// k = ln(K) - ln(forward), volatility = sqrt(w / (expiry - modelTime)).
    /// @param modelTime When the model was evaluated; freshness counts from here, not from the transaction.
    /// @param nonce Must exceed the nonce of the slice that it replaces.
    struct Surface {
        uint8 underlying;
        uint64 expiry;
        uint64 modelTime;
        uint128 forward;
        int64 rate;
        int64 a;
        uint64 b;
        int64 rho;
        int64 m;
        uint64 sigma;
        uint64 forwardConfidence;
        uint64 rateConfidence;
        uint64 volatilityConfidence;
        uint64 nonce;
    }

    /// @notice The mark of an underlying's perpetual. Funding accrues from the premium that it shows over the index.
    struct PerpetualMark {
        uint8 underlying;
        uint64 modelTime;
        uint128 mark;
        uint64 confidence;
        uint64 nonce;
    }

    event FeedChanged(
        uint8 indexed underlying,
        address feed,
        uint32 heartbeat,
        uint128 minimumAnswer,
        uint128 maximumAnswer
    );
    event StableFeedChanged(address feed, uint32 heartbeat);
    event SequencerFeedChanged(address feed, uint32 grace);
    event PublishersChanged(address[] publishers, uint8 threshold);
    event SurfacePosted(
        uint8 indexed underlying,
        uint64 indexed expiry,
        uint64 modelTime,
        uint128 forward,
        uint64 nonce
    );
    event PerpetualMarkPosted(
        uint8 indexed underlying, uint64 modelTime, uint128 mark, int256 fundingIndex, uint64 nonce
    );
    event SettlementProposed(
        uint8 indexed underlying, uint64 indexed expiry, uint256 price, uint64 finalAt
    );
    event SettlementDisputed(uint8 indexed underlying, uint64 indexed expiry, uint256 price);

    /// @notice The underlying has no feed.
    error UnknownUnderlying(uint8 underlying);
    /// @notice The expiry is past, not a whole hour, or too far away.
    error InvalidExpiry(uint64 expiry);
    /// @notice A surface breaks a no-arbitrage condition: 1 domain, 2 negative variance, 3 wing slope, 4 butterfly at log-moneyness `where_`.
    error ArbitrageableSurface(uint8 condition, int256 where_);
    /// @notice The post's nonce isn't above the last one.
    error StaleNonce(uint64 nonce, uint64 last);
    /// @notice The post's model time is in the future, or older than the post it would replace, or already expired.
    error InvalidModelTime(uint64 modelTime, uint64 timestamp);
    /// @notice Fewer distinct publishers signed than required.
    error TooFewSignatures(uint256 given, uint256 required);
    /// @notice The rounds don't prove what they must, `round` is the first to fail: 0 no round of that id, 1 not before the window,
    /// 2 not inside the window, 3 not at or after expiry, 4 too few rounds, 5 too many, 6 answer refused, 7 not of the phase in force,
    /// 8 the window has rounds enough, 9 not before expiry.
    error RoundsProveNothing(uint8 reason, uint80 round);
    /// @notice The publisher is named twice.
    error DuplicatePublisher(address publisher);
    /// @notice Too early: possible from `from` on.
    error TooEarly(uint64 from, uint64 timestamp);
    /// @notice The settlement price is final, or already proposed.
    error SettlementExists(uint8 underlying, uint64 expiry);
    /// @notice There is no proposal to dispute, or its dispute window is over.
    error NothingToDispute(uint8 underlying, uint64 expiry);

    function initialize(address governor, address guardian) external;

    // Governor
    function setFeed(uint8 underlying, Feed calldata feed) external;
    /// @notice Price of the quote stable coin in dollars; zero address: exactly 1.
    function setStableFeed(address feed, uint32 heartbeat) external;
    /// @notice Layer-2 sequencer uptime feed; zero address: always up.
    function setSequencerFeed(address feed, uint32 grace) external;
    function setPublishers(address[] calldata publishers, uint8 threshold) external;
    // Guardian
    /// @notice Withdraws a proposed settlement price inside its dispute window.
    function disputeSettlement(uint8 underlying, uint64 expiry) external;

    // Anyone
    /// @notice Stores a slice signed (EIP-712, domain "Novate Oracle" version "1") by the required number of publishers,
    /// in ascending order of signer.
    function postSurface(Surface calldata surface, bytes[] calldata signatures) external;
    function postPerpetualMark(PerpetualMark calldata mark, bytes[] calldata signatures) external;
    /// @notice Proposes the average of all rounds of the 30 minutes before `expiry`, from `firstRound` to `lastRound`, whose
    /// neighbours must lie outside the window. Rounds are those of the newest phase that began before the window.
    function proposeSettlement(uint8 underlying, uint64 expiry, uint80 firstRound, uint80 lastRound)
        external;
    /// @notice Where the window holds too few accepted rounds: proposes the first round at or after `expiry`, whose predecessor is before it.
    function proposeSettlementAfter(uint8 underlying, uint64 expiry, uint80 round) external;
    /// @notice 48 hours after `expiry` with no price: fixes the last accepted round before `expiry`, without a dispute window.
    function proposeSettlementFallback(uint8 underlying, uint64 expiry, uint80 round) external;

    // Views
    function feed(uint8 underlying) external view returns (Feed memory);
    function publishers() external view returns (address[] memory publishers, uint8 threshold);
    function indexPrice(uint8 underlying)
        external
        view
        returns (uint256 price, uint64 updatedAt, uint8 validity);
    function surface(uint8 underlying, uint64 expiry) external view returns (Surface memory);
    function perpetualMark(uint8 underlying)
        external
        view
        returns (PerpetualMark memory mark, int256 fundingIndex);
    /// @notice Funding paid by one long contract since the start, in quote currency, to this second.
    function fundingIndex(uint8 underlying) external view returns (int256);
    function settlementPrice(uint8 underlying, uint64 expiry)
        external
        view
        returns (uint256 price, bool isFinal);
    /// @notice Whether the sequencer is up and past its grace period, and since when.
    function sequencerStatus() external view returns (bool isUp, uint64 since);
    function domainSeparator() external view returns (bytes32);
    /// @notice Everything that margin needs, in packed words (layout: abi crate, module `snapshot`).
    /// @param series Ascending, distinct: underlying << 22 | expiry in hours since 1970; hour 0 is the underlying itself and
    /// must be present for each underlying named; hour 1 is its perpetual.
    function snapshot(uint32[] calldata series) external view returns (uint256[] memory words);
}
