// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title Who owns what
/// @notice Accounts, cash, pool shares, collateral, positions, settlement, and custody of the tokens. Every trade is novated:
/// buyer and seller each face the house. Money inside has 18 decimals and is signed; tokens are converted at the edge, once,
/// rounding for the house.
///
/// An account is its owner's address (20 bytes) followed by an index (12 bytes): ownership needs no storage.
///
/// The mark is the state of a perpetual or a future: whenever one is traded, touched or cut, its gain since the reference is settled at the
/// mark, and the mark becomes the reference. What a trade's price differs from the mark is cash between its two parties.
///
/// Cash is never lent: debts are funded by the pool, whose shares are bought with cash.
/// Pause bits: 1 withdraw (7 days at most), 2 fill that adds risk (14 days at most). Deposits, reducing, settlement and liquidation have none.
interface IClearing {
    /// @notice One trade between two accounts, already agreed. Quantity in millionths of a contract, price per contract.
    struct Fill {
        uint64 instrument;
        uint64 quantity;
        uint128 price;
        bytes32 buyer;
        bytes32 seller;
        bool buyerIsMaker;
    }

    /// @notice A held position. `referencePrice` and `fundingReference` are zero for options.
    struct Position {
        uint64 instrument;
        int64 quantity;
        uint128 referencePrice;
        int128 fundingReference;
    }

    struct CollateralBalance {
        address token;
        uint128 amount;
    }

    /// @notice A named line of a cut: signed millionths of an instrument, of the sign that is held; or, where `instrument` is below 256,
    /// an amount (18 decimals) of the collateral of that number.
    struct Leg {
        uint64 instrument;
        int128 quantity;
    }

    /// @notice What is cut out of a book.
    /// @param kind 0: `fraction` of the whole; of cash or debt too, as far as parts are healthy. 1: `fraction` of all lines of `underlying` and
    /// of the collateral that cancels their risk, no cash. 2: `legs`. Lines of broken parts and of expired expiries are never cut by fraction.
    /// @param fraction 18 decimals.
    struct Cut {
        uint8 kind;
        uint8 underlying;
        uint256 fraction;
        Leg[] legs;
    }

    /// @notice What a close-out did. Money at marks, after rounding.
    /// @param value V: of what was cut. @param relief R: maintenance requirement before less after.
    /// @param paid By the bidder, in cash, to the account and (1% of the concession) to insurance.
    /// @param fromWaterfall To the bidder. @param carried Of that, beyond the insurance fund.
    /// @param excess Of the account afterwards: close equity less close requirement. @param requirement Its close requirement.
    /// @param equity Its equity at last usable data. @param isEmpty Whether it has neither line nor collateral left.
    /// @param received By the bidder, in cash from the account, where what he takes is a burden.
    /// @param rounding Notional of the last millionth of each line that was cut: what rounding may have done to relief and excess.
    struct Closed {
        int256 value;
        int256 relief;
        uint256 paid;
        uint256 fromWaterfall;
        uint256 carried;
        int256 excess;
        uint256 requirement;
        int256 equity;
        bool isEmpty;
        uint256 received;
        uint256 rounding;
    }

    /// @notice The house's sums, 18 decimals. Tokens held = cash + pool + variation + fees + insurance - carried, to the unit.
    /// @param cash Of all accounts, signed. @param debts Of all accounts whose cash is below 0, as a positive number.
    /// @param variation Minus the sum of all gains, funding and payoffs settled so far. @param pool Value of all pool shares.
    /// @param carried Losses beyond the insurance fund, paid first by whatever reaches it. @param flagged Shortfall of open auctions.
    /// @param lentOut debts - variation + carried. @param overLimitSince When lent out passed its limit; 0: it is within.
    struct Ledger {
        int256 cash;
        uint256 debts;
        int256 variation;
        uint256 fees;
        uint256 insurance;
        uint256 pool;
        uint256 carried;
        uint256 flagged;
        int256 lentOut;
        uint64 overLimitSince;
    }

    /// @notice Every change of an account's money is in one event, with the new balance: state is rebuilt from logs alone.
    /// @param reason 1 deposit, 2 withdrawal, 3 trade at its price, 4 gain settled at the mark, 5 funding, 6 fee, 7 payoff, 8 liquidation (price),
    /// 9 slice of cash or debt, 10 pool shares, 11 collateral sold, 12 written off.
    event CashChanged(bytes32 indexed account, uint8 indexed reason, int256 change, int256 cash);
    event PoolSharesChanged(bytes32 indexed account, int256 change, uint256 shares);
    event CollateralChanged(
        bytes32 indexed account, address indexed token, int256 change, uint256 balance
    );
    /// @notice A line changed: its quantity and its references are now these (0: closed).
    event PositionChanged(
        bytes32 indexed account,
        uint64 indexed instrument,
        int64 quantity,
        uint128 referencePrice,
        int128 fundingReference
    );
    /// @notice The account's nonce is now this: an owner's act changed it (deposit, withdrawal, fill, lending); settlement, touch and liquidation don't.
    event NonceChanged(bytes32 indexed account, uint64 nonce);
    event Deposited(
        bytes32 indexed account, address indexed token, uint256 credited, uint256 balance
    );
    event Withdrawn(
        bytes32 indexed account,
        address indexed token,
        uint256 amount,
        address receiver,
        uint256 balance
    );
    event Filled(
        uint64 indexed instrument,
        bytes32 indexed buyer,
        bytes32 indexed seller,
        uint64 quantity,
        uint128 price,
        uint128 mark,
        int256 buyerFee,
        int256 sellerFee
    );
    event Settled(
        bytes32 indexed account,
        uint64 indexed instrument,
        int64 quantity,
        uint256 price,
        int256 cashflow
    );
    event ClosedOut(
        bytes32 indexed from,
        bytes32 indexed to,
        int256 value,
        int256 relief,
        uint256 paid,
        uint256 fromWaterfall
    );
    event CollateralBought(
        bytes32 indexed from,
        bytes32 indexed to,
        uint8 indexed collateral,
        uint256 amount,
        uint256 price
    );
    event DebtWrittenOff(bytes32 indexed account, uint256 amount);
    event InsuranceChanged(int256 change, uint256 fund);
    event CarriedChanged(int256 change, uint256 carried);
    event FlaggedShortfallChanged(uint256 previous, uint256 current);
    event LendingLimitPassed(uint64 since);
    event CollateralAdded(uint8 indexed collateral, address indexed token, uint128 cap);
    event CollateralCapChanged(uint8 indexed collateral, uint128 previous, uint128 cap);
    event VenueChanged(address indexed venue, bool allowed);
    event ModulesChanged(address margin, address oracle, address liquidation);
    event FeesChanged(
        uint32 optionRate,
        uint32 optionPremiumCap,
        uint64 optionMinimum,
        int32 makerRate,
        uint32 takerRate
    );
    event CapsChanged(uint8 indexed underlying, uint128 series, uint128 account);
    event BandsChanged(uint32 deltaOne, uint32 optionOfIndex, uint32 optionOfMark);
    event LendingChanged(uint32 limit, uint32 maintenance, uint32 initial);

    /// @notice After the action the account would hold `equity` and need `required`.
    error MarginShortfall(bytes32 account, uint256 required, int256 equity);
    /// @notice A trade that passes only as reducing loses `loss` at the mark; it may lose `most`.
    error ConcessionTooLarge(bytes32 account, uint256 loss, uint256 most);
    error InsufficientBalance(bytes32 account, address token, uint256 requested, uint256 available);
    error TokenNotAccepted(address token);
    /// @notice Margin has no parameters, or the oracle no valid price, for a collateral that is to be accepted.
    error CollateralNotReady(address token, uint8 collateral);
    error CollateralCapExceeded(address token, uint256 total, uint256 cap);
    /// @notice A token transfer moved nothing, failed, or credited less than the minimum.
    error TransferFailed(address token);
    /// @notice Clearing holds `held` of the token and owes `owed` (18 decimals): it shrank. Nothing is taken in until that is made good.
    error TokenShort(address token, uint256 held, uint256 owed);
    /// @notice Tokens are paid to a contract of the house.
    error InvalidReceiver(address receiver);
    error DepositTooSmall(address token, uint256 amount, uint256 minimum);
    error TooManyPositions(bytes32 account, uint256 limit);
    error InstrumentExpired(uint64 instrument);
    error SettlementNotFinal(uint64 instrument);
    /// @notice Zero, or beyond the range of a position; in a cut, more than is held or of the other sign.
    error InvalidQuantity(uint64 instrument);
    error InvalidPrice(uint64 instrument, uint128 price);
    /// @notice The price lies outside [`least`, `most`] around the mark (without a mark: around what both sides may close at).
    error PriceOutOfBand(uint64 instrument, uint256 price, uint256 least, uint256 most);
    /// @notice The instrument has no mark, so that only trades that close on both sides are possible.
    error NoMark(uint64 instrument);
    error SelfTrade(bytes32 account);
    /// @notice Notional of all strikes of the expiry, at the index. @param expiry 0: the perpetual.
    error OpenInterestCapExceeded(uint8 underlying, uint64 expiry, uint256 notional, uint256 cap);
    /// @notice Notional of all lines of the account on the underlying, at the index.
    error AccountCapExceeded(bytes32 account, uint8 underlying, uint256 notional, uint256 cap);
    /// @notice The call leaves an account in debt while more than the limit of the pool is lent out.
    error LendingLimitExceeded(int256 lentOut, uint256 limit);
    /// @notice Pool shares are bought with cash that stays at least 0.
    error CashBelowZero(bytes32 account, int256 cash);
    error InvalidFraction(uint256 fraction);
    error InvalidCut(uint8 kind);
    /// @notice A bid for lines needs a market update not older than `earliest`; the last one is of `modelTime`.
    error MarketTooOld(uint8 underlying, uint64 modelTime, uint64 earliest);
    /// @notice Cutting this lowers no requirement of the account.
    error RelievesNothing(bytes32 account, int256 relief);
    /// @notice A liquidation step would lower the account's maintenance excess.
    error LiquidationWorsens(bytes32 account, int256 excessBefore, int256 excessAfter);
    /// @notice The account isn't short: its excess is `excess`; or its book is fully paid and can't fall short.
    error NotShort(bytes32 account, int256 excess);
    /// @notice Debts aren't callable: lent out is within its limit, or passed it less than 24 hours ago.
    error DebtNotCallable(bytes32 account);
    error PriceAboveLimit(uint256 price, uint256 limit);
    /// @notice The account holds lines or collateral, or owes nothing.
    error NothingToWriteOff(bytes32 account);
    error AlreadyListed(address token);
    error TooManyCollaterals(uint256 limit);

    function initialize(address governor, address guardian, address cashToken) external;

    // Governor
    function setModules(address margin, address oracle, address liquidation) external;
    function setVenue(address venue, bool allowed) external;
    /// @notice Accepts a collateral token; its number is the next free one from 1. Margin must know that number already, and the oracle
    /// its price. `cap` is the most the house takes, 18 decimals.
    function addCollateral(address token, uint128 cap) external returns (uint8 collateral);
    function setCollateralCap(uint8 collateral, uint128 cap) external;
    /// @notice Rates in millionths, of notional at the index: options, at most a share of the premium at the mark and at least `optionMinimum` (18
    /// decimals, a trade); delta-one maker (negative: a rebate out of the taker's fee, at most it) and taker.
    function setFees(
        uint32 optionRate,
        uint32 optionPremiumCap,
        uint64 optionMinimum,
        int32 makerRate,
        uint32 takerRate
    ) external;
    /// @notice Most notional (at the index, 18 decimals) open in each expiry of `underlying` over all strikes, and of each account's lines on it; they bind
    /// growth. 0: none may be opened.
    function setCaps(uint8 underlying, uint128 series, uint128 account) external;
    /// @notice How far a trade's price may lie from the mark, millionths: of a delta-one mark; options the greater of a share of the index and of the mark.
    function setBands(uint32 deltaOne, uint32 optionOfIndex, uint32 optionOfMark) external;
    /// @notice Millionths: the share of the pool that may be lent out, and what a debt requires for maintenance and initially.
    function setLending(uint32 limit, uint32 maintenance, uint32 initial) external;
    /// @notice Moves collected fees into the insurance fund.
    function sweepFees() external;

    // Owner of the account
    /// @notice Takes `amount` of `token` (token decimals) from the caller and credits what arrived to the caller's `account`.
    function deposit(bytes32 account, address token, uint256 amount) external;
    function depositWithPermit(
        bytes32 account,
        address token,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;
    /// @notice Pays `amount` of `token` (token decimals) to `receiver`; leaves initial excess >= 0. With no positions and no
    /// debt, or from a fully paid book, it needs no price. While clearing holds less of the token than it owes, everyone is paid the same
    /// share of what he asks for.
    function withdraw(bytes32 account, address token, uint256 amount, address receiver) external;
    /// @notice Buys pool shares worth `amount` (18 decimals) with cash, which stays >= 0.
    function lend(bytes32 account, uint256 amount) external;
    /// @notice Turns pool shares worth `amount` into cash, as far as the lending limit allows.
    function redeem(bytes32 account, uint256 amount) external;

    // Anyone
    /// @notice Adds to the insurance fund; never returned.
    function fundInsurance(uint256 amount) external;
    /// @notice Settles gains and funding of every perpetual and future at the mark, and pays debts out of the account's own pool shares.
    function touch(bytes32[] calldata accounts) external;
    /// @notice Settles every expired position with a final settlement price, in each account.
    function settle(bytes32[] calldata accounts) external;
    /// @notice Buys collateral of an account in debt while debts are callable, with as much of the delta-one lines that it cancels: at its price less 1%
    /// to 5%, at most up to the debt. `to` is the caller's account and keeps initial excess >= 0.
    function buyCollateral(
        bytes32 from,
        bytes32 to,
        uint8 collateral,
        uint128 amount,
        uint256 maximumPrice
    ) external returns (uint256 price);
    /// @notice Writes off what an account with neither line nor collateral owes: insurance pays, the rest is carried.
    function writeOff(bytes32 account) external;

    // Venues
    /// @notice Applies fills and checks each touched account once, at the end: initial excess >= 0, or risk reduced within the concession.
    function fill(Fill[] calldata fills) external;

    // Liquidation module
    /// @notice Cuts `cut` out of the book of `from`, which is short, for `to`. Of each unit of requirement relieved the account gives
    /// min(`concession`, max(0, e)) and the waterfall k max(0, min(concession, `bonus`) - that), e = equity/requirement, k = clamp(1 - 10 e, 0, 1).
    /// Afterwards `to` has initial excess >= 0, and the close excess of `from` hasn't fallen.
    function closeOut(bytes32 from, bytes32 to, Cut calldata cut, uint256 concession, uint256 bonus)
        external
        returns (Closed memory);
    /// @notice The sum over open auctions of max(0, -equity) at their last sighting.
    function setFlaggedShortfall(uint256 flagged) external;

    // Views
    function modules() external view returns (address margin, address oracle, address liquidation);
    function isVenue(address venue) external view returns (bool);
    function cashToken() external view returns (address);
    function collateralToken(uint8 collateral)
        external
        view
        returns (address token, uint128 cap, uint128 total);
    function fees()
        external
        view
        returns (
            uint32 optionRate,
            uint32 optionPremiumCap,
            uint64 optionMinimum,
            int32 makerRate,
            uint32 takerRate
        );
    function bands()
        external
        view
        returns (uint32 deltaOne, uint32 optionOfIndex, uint32 optionOfMark);
    function lending() external view returns (uint32 limit, uint32 maintenance, uint32 initial);
    /// @notice Contracts (millionths) open in an expiry over all strikes, futures included; expiry 0: the perpetual.
    function openInterest(uint8 underlying, uint64 expiry) external view returns (uint128);
    function caps(uint8 underlying) external view returns (uint128 series, uint128 account);
    function cash(bytes32 account) external view returns (int256);
    function poolShares(bytes32 account) external view returns (uint256);
    function positions(bytes32 account) external view returns (Position[] memory);
    function collateral(bytes32 account) external view returns (CollateralBalance[] memory);
    /// @notice Counts the owner's acts: no stranger's action changes it.
    function nonce(bytes32 account) external view returns (uint64);
    /// @notice The account's book as IMargin takes it.
    function book(bytes32 account) external view returns (bytes memory);
    /// @notice The account's figures by IMargin.assess, as `touch` would leave it, with the margin of the debt that is left then; and whether its book is
    /// fully paid.
    function assess(bytes32 account)
        external
        view
        returns (
            int256 equity,
            uint256 initialRequirement,
            uint256 maintenanceRequirement,
            uint8 worstUnderlying,
            uint8 worstScenario,
            uint8 validity,
            int256 closeEquity,
            uint256 closeRequirement,
            int256 lastEquity,
            uint256 lastRequirement,
            uint256 healthyRequirement,
            bool isFullyPaid
        );
    /// @notice What can be withdrawn of a fully paid book without a price; 0 for other books with positions or debt.
    function freeCash(bytes32 account) external view returns (uint256);
    /// @notice What a close-out would do now, without limits; reverts as it would.
    function previewCloseOut(bytes32 from, Cut calldata cut, uint256 concession, uint256 bonus)
        external
        view
        returns (Closed memory);
    function ledger() external view returns (Ledger memory);
}
