// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title What a thing is worth, and how far that may be trusted
/// @notice Index prices come from Chainlink-style aggregators, the market of an underlying (perpetual, forwards, rates,
/// volatility surfaces) from one signed message that anyone may relay, settlement prices from observed aggregator rounds.
/// Prices have 18 decimals, rates and the parameters of surfaces 9, confidences 4 (10,000 is 1); times are Unix seconds. An
/// underlying is a number 1..255; expiries are whole hours.
///
/// Validity levels of an index, in rising order: 0 Invalid, 1 TooVolatile, 2 TooUncertain, 3 StaleForMargin, 4 Valid.
/// Between messages everything follows the index: a mark and a forward are stored as their ratio to the message's reference.
/// Pause bits: 1 updates.
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
    /// k = ln(K) - ln(forward), volatility = sqrt(w / (expiry - modelTime)). Parameters and rate have 9 decimals.
    struct ExpiryUpdate {
        uint64 expiry;
        uint128 forward;
        uint32 rate;
        int40 a;
        uint32 b;
        int32 rho;
        int40 m;
        uint40 sigma;
        uint16 forwardConfidence;
        uint16 rateConfidence;
        uint16 volatilityConfidence;
    }

    /// @notice The whole market of an underlying at one moment.
    /// @param modelTime When the model was evaluated; the message's nonce, and what freshness counts from.
    /// @param indexReference The index that the model saw: marks and forwards are stored as ratios to it.
    /// @param perpetualMark 0: the underlying has no perpetual.
    /// @param expiries Ascending, at most 32.
    struct MarketUpdate {
        uint8 underlying;
        uint64 modelTime;
        uint128 indexReference;
        uint128 perpetualMark;
        uint16 perpetualConfidence;
        ExpiryUpdate[] expiries;
    }

    /// @notice What each scalar of an underlying may move within ten minutes of model time: a bucket that refills. Shares, 18
    /// decimals. Written by the keeper of the margin parameters as half of the charge that guards each scalar.
    /// @param mark Of mark / reference. @param forwardFloor, forwardSlope Of forward / reference: floor + slope sqrt(tenor).
    /// @param volatilityUp, volatilityDown Of a volatility, relative, at 30 days: times (30 days / tenor)^power.
    /// @param shortPower, longPower Power up to and beyond 30 days. @param floor Least tenor, seconds.
    struct Allowances {
        uint64 mark;
        uint64 forwardFloor;
        uint64 forwardSlope;
        uint64 volatilityUp;
        uint64 volatilityDown;
        uint64 shortPower;
        uint64 longPower;
        uint32 floor;
    }

    /// @notice What is stored of an expiry. `forward` as of now, at the index; `surfaceTime` is the model time of the surface, which an
    /// update whose surface was not taken leaves where it is.
    struct ExpiryState {
        uint64 modelTime;
        uint128 forward;
        uint32 rate;
        uint64 surfaceTime;
        int40 a;
        uint32 b;
        int32 rho;
        int40 m;
        uint40 sigma;
        uint16 forwardConfidence;
        uint16 rateConfidence;
        uint16 volatilityConfidence;
    }

    /// @notice The settlement of an expiry.
    /// @param price Proposed or final; 0: none yet. @param proposedAt When it was proposed; 0: not yet.
    /// @param finalAt From when it is final; 0: open (not proposed, or disputed and not answered).
    /// @param observedShare Share of the 30-minute window covered by accepted rounds, 18 decimals. @param average Of that share.
    /// @param rounds Accepted rounds so far, the one in force at the start included.
    /// @param least, greatest Of them. @param lastRound Where observation goes on.
    struct Settlement {
        uint128 price;
        uint64 proposedAt;
        uint64 finalAt;
        uint64 observedShare;
        uint128 average;
        uint16 rounds;
        uint128 least;
        uint128 greatest;
        uint80 lastRound;
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
    event KeeperChanged(address indexed previous, address indexed keeper);
    event AllowancesChanged(uint8 indexed underlying, Allowances previous, Allowances current);
    /// @notice An accepted round was kept as the last one.
    event IndexRecorded(uint8 indexed underlying, uint128 price, uint64 updatedAt);
    event PerpetualUpdated(
        uint8 indexed underlying,
        uint64 modelTime,
        uint128 mark,
        int256 fundingIndex,
        int64 fundingRate
    );
    /// @param clamped The forward or the rate was stored at its allowance. @param surfaceTaken Otherwise the old surface stays, rolled, at
    /// confidence 0; `refusal` says why: 1 domain, 2 negative variance, 3 wing slope, 4 butterfly, 5 calendar, 6 beyond its allowance.
    event ExpiryUpdated(
        uint8 indexed underlying,
        uint64 indexed expiry,
        uint64 modelTime,
        uint128 forward,
        bool clamped,
        bool surfaceTaken,
        uint8 refusal
    );
    event SettlementObserved(
        uint8 indexed underlying,
        uint64 indexed expiry,
        uint64 observedShare,
        uint128 average,
        uint80 lastRound
    );
    event SettlementProposed(
        uint8 indexed underlying, uint64 indexed expiry, uint256 price, uint64 finalAt
    );
    event SettlementDisputed(
        uint8 indexed underlying,
        uint64 indexed expiry,
        uint256 price,
        bytes32 reason,
        uint64 answerUntil
    );
    event SettlementAnswered(uint8 indexed underlying, uint64 indexed expiry, uint256 price);
    event SettlementAnnounced(
        uint8 indexed underlying, uint64 indexed expiry, uint256 price, uint64 from
    );

    /// @notice The underlying has no feed.
    error UnknownUnderlying(uint8 underlying);
    /// @notice The expiry is past, not a whole hour, or too far away; or expiries of a message don't ascend.
    error InvalidExpiry(uint64 expiry);
    /// @notice The message's model time isn't after the one it would replace, is in the future, or lies too far back.
    error InvalidModelTime(uint64 modelTime, uint64 earliest, uint64 timestamp);
    /// @notice Fewer distinct publishers signed than required.
    error TooFewSignatures(uint256 given, uint256 required);
    /// @notice A round proves nothing: 0 no round of that id, 1 not in force at the window's start, 2 not the next round, 3 before expiry,
    /// 4 observation is complete, 5 the old phase has a later round of the window, 6 answer refused, 7 a hole of more than 2 hours between phases,
    /// 8 the window has rounds enough, 9 not before expiry.
    error RoundsProveNothing(uint8 reason, uint80 round);
    /// @notice The publisher is named twice.
    error DuplicatePublisher(address publisher);
    /// @notice Too early: possible from `from` on.
    error TooEarly(uint64 from, uint64 timestamp);
    /// @notice The settlement price is final, or already proposed.
    error SettlementExists(uint8 underlying, uint64 expiry);
    /// @notice There is no proposal to dispute, its dispute window is over, or it was disputed before.
    error NothingToDispute(uint8 underlying, uint64 expiry);
    /// @notice There is no dispute to answer, or its time is over.
    error NothingToAnswer(uint8 underlying, uint64 expiry);
    /// @notice A price that the governor names lies outside [`least`, `most`].
    error PriceOutOfRange(uint256 price, uint256 least, uint256 most);

    function initialize(address governor, address guardian) external;

    // Governor
    /// @notice The feed's price must lie within 10% of the last accepted one, or of `expectedPrice` where that isn't 0.
    function setFeed(uint8 underlying, Feed calldata feed, uint128 expectedPrice) external;
    /// @notice Price of the quote stable coin in dollars; zero address: exactly 1.
    function setStableFeed(address feed, uint32 heartbeat) external;
    /// @notice Layer-2 sequencer uptime feed; zero address: always up.
    function setSequencerFeed(address feed, uint32 grace) external;
    function setPublishers(address[] calldata publishers, uint8 threshold) external;
    /// @notice Who writes allowances: the keeper of the margin parameters.
    function setKeeper(address keeper) external;
    /// @notice Answers a dispute within 72 hours: a price within the accepted rounds of the window +-5%.
    function answerDispute(uint8 underlying, uint64 expiry, uint128 price) external;
    /// @notice No feed any more and no round: names a price within +-20% of the last accepted one, which is fixed after 7 days by anyone.
    function announceSettlement(uint8 underlying, uint64 expiry, uint128 price) external;
    // Keeper
    function setAllowances(uint8 underlying, Allowances calldata allowances) external;
    // Guardian
    /// @notice Disputes a proposed settlement price inside its two hours, once; without an answer in 72 hours it stands.
    function disputeSettlement(uint8 underlying, uint64 expiry, bytes32 reason) external;

    // Anyone
    /// @notice Stores the market of an underlying, signed (EIP-712, domain "Novate Oracle" version "2") by the required number of
    /// publishers, in ascending order of signer. Signed by all of them, it may move beyond the allowances.
    function update(MarketUpdate calldata update, bytes[] calldata signatures) external;
    /// @notice Keeps the feed's latest accepted round as the last one.
    function recordIndex(uint8 underlying) external;
    /// @notice Goes on observing the window of an expiry: rounds in order, the first one in force at the window's start, each the next of the one
    /// before. The first round at or after expiry completes the average and proposes it.
    function observe(uint8 underlying, uint64 expiry, uint80[] calldata rounds) external;
    /// @notice 48 hours after `expiry` with no price: fixes the last accepted round before `expiry`.
    function settleByLastRound(uint8 underlying, uint64 expiry, uint80 round) external;
    /// @notice Fixes a price announced 7 days ago.
    function settleAsAnnounced(uint8 underlying, uint64 expiry) external;

    // Views
    function feed(uint8 underlying) external view returns (Feed memory);
    function publishers() external view returns (address[] memory publishers, uint8 threshold);
    function keeper() external view returns (address);
    function allowances(uint8 underlying) external view returns (Allowances memory);
    /// @notice The last usable price, when its round was updated, the slow price that initial margin looks at, and the level.
    function indexPrice(uint8 underlying)
        external
        view
        returns (uint256 price, uint64 updatedAt, uint8 validity, uint256 slowPrice);
    function expiryState(uint8 underlying, uint64 expiry) external view returns (ExpiryState memory);
    /// @notice The perpetual's mark at the index, its message's model time, confidence, and funding as of now.
    function perpetual(uint8 underlying)
        external
        view
        returns (
            uint256 mark,
            uint64 modelTime,
            uint16 confidence,
            int256 fundingIndex,
            int64 fundingRate
        );
    /// @notice Funding paid by one long contract since the start, in quote currency, to this second.
    function fundingIndex(uint8 underlying) external view returns (int256);
    function settlement(uint8 underlying, uint64 expiry) external view returns (Settlement memory);
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
