// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title Who owns what
/// @notice Accounts, cash, collateral, positions, settlement, and custody of the tokens. Every trade is novated: buyer and
/// seller each face the house. Money inside has 18 decimals and is signed; tokens are converted at the edge, once, rounding
/// for the house.
///
/// An account is its owner's address (20 bytes) followed by an index (12 bytes): ownership needs no storage.
/// Pause bits: 1 withdraw (ends by itself after 7 days), 2 fill. Deposits, settlement and liquidation have none.
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
        uint256 buyerFee,
        uint256 sellerFee
    );
    event Settled(
        bytes32 indexed account,
        uint64 indexed instrument,
        int64 quantity,
        uint256 price,
        int256 cashflow
    );
    event SliceTransferred(
        bytes32 indexed from,
        bytes32 indexed to,
        uint256 fraction,
        int256 price,
        uint256 insurancePaid
    );
    event InsuranceChanged(int256 change, uint256 fund);
    event CollateralAdded(uint8 indexed collateral, address indexed token, uint128 cap);
    event VenueChanged(address indexed venue, bool allowed);
    event ModulesChanged(address margin, address oracle, address liquidation);
    event FeesChanged(
        uint32 optionRate, uint32 optionPremiumCap, uint32 makerRate, uint32 takerRate
    );
    event OpenInterestCapChanged(uint8 indexed underlying, uint64 cap);

    /// @notice After the action the account would hold `equity` and need `required`.
    error MarginShortfall(bytes32 account, uint256 required, int256 equity);
    error InsufficientBalance(bytes32 account, address token, uint256 requested, uint256 available);
    error TokenNotAccepted(address token);
    error CollateralCapExceeded(address token, uint256 total, uint256 cap);
    /// @notice A token transfer moved nothing, failed, or credited less than the minimum.
    error TransferFailed(address token);
    error DepositTooSmall(address token, uint256 amount, uint256 minimum);
    error TooManyPositions(bytes32 account, uint256 limit);
    error InstrumentExpired(uint64 instrument);
    error SettlementNotFinal(uint64 instrument);
    /// @notice Zero, or beyond the range of a position.
    error InvalidQuantity(uint64 instrument);
    error InvalidPrice(uint64 instrument, uint128 price);
    error SelfTrade(bytes32 account);
    error OpenInterestCapExceeded(uint64 instrument, uint256 openInterest, uint256 cap);
    /// @notice The account changed since the caller looked.
    error StateChanged(bytes32 account, uint64 expected, uint64 actual);
    error InvalidFraction(uint256 fraction);
    error InsufficientInsurance(uint256 requested, uint256 fund);
    /// @notice A liquidation step would lower the account's maintenance excess.
    error LiquidationWorsens(bytes32 account, int256 excessBefore, int256 excessAfter);
    error AlreadyListed(address token);
    error TooManyCollaterals(uint256 limit);

    function initialize(address governor, address guardian, address cashToken) external;

    // Governor
    function setModules(address margin, address oracle, address liquidation) external;
    function setVenue(address venue, bool allowed) external;
    /// @notice Accepts a collateral token; its number is the next free one from 1. `cap` is the most the house takes, 18 decimals.
    function addCollateral(address token, uint128 cap) external returns (uint8 collateral);
    /// @notice Rates in millionths: options of notional, capped by a share of premium; delta-one maker and taker of notional.
    function setFees(uint32 optionRate, uint32 optionPremiumCap, uint32 makerRate, uint32 takerRate)
        external;
    /// @notice Most contracts (millionths) open per instrument of `underlying`; 0: none may be opened.
    function setOpenInterestCap(uint8 underlying, uint64 cap) external;
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
    /// debt it needs no price.
    function withdraw(bytes32 account, address token, uint256 amount, address receiver) external;

    // Anyone
    /// @notice Adds to the insurance fund; never returned.
    function fundInsurance(uint256 amount) external;
    /// @notice Settles every expired position with a final settlement price, in each account.
    function settle(bytes32[] calldata accounts) external;

    // Venues
    /// @notice Applies fills and checks each touched account once, at the end: initial excess >= 0, or risk reduced.
    function fill(Fill[] calldata fills) external;

    // Liquidation module
    /// @notice Moves `fraction` (18 decimals) of the whole book of `from` to `to`. `price` > 0: `to` pays `from`; < 0: the
    /// insurance fund pays `to`. Afterwards `to` has initial excess >= 0, and the maintenance excess of `from` hasn't fallen.
    function transferSlice(
        bytes32 from,
        bytes32 to,
        uint256 fraction,
        int256 price,
        uint64 expectedNonce
    ) external;

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
        returns (uint32 optionRate, uint32 optionPremiumCap, uint32 makerRate, uint32 takerRate);
    function openInterest(uint64 instrument) external view returns (uint64);
    function openInterestCap(uint8 underlying) external view returns (uint64);
    function cash(bytes32 account) external view returns (int256);
    function positions(bytes32 account) external view returns (Position[] memory);
    function collateral(bytes32 account) external view returns (CollateralBalance[] memory);
    /// @notice Counts every change of the account.
    function nonce(bytes32 account) external view returns (uint64);
    /// @notice The account's book as IMargin takes it.
    function book(bytes32 account) external view returns (bytes memory);
    /// @notice The account's figures by IMargin.assess, from its book as stored.
    function assess(bytes32 account)
        external
        view
        returns (
            int256 equity,
            uint256 initialRequirement,
            uint256 maintenanceRequirement,
            uint8 worstUnderlying,
            uint8 worstScenario,
            uint8 validity
        );
    /// @notice Sums that must balance: cash-token balance (18 decimals) = totalCash + variation + fees + insurance.
    /// @param totalCash Sum of the cash of all accounts. @param variation Gains not yet paid in by losers, less gains not yet paid out.
    function ledger()
        external
        view
        returns (int256 totalCash, int256 variation, uint256 fees, uint256 insurance);
}
