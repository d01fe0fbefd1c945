// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title What a portfolio must hold
/// @notice Pure functions of a packed book, the risk parameters and the oracle's snapshot: anyone may ask about a book that
/// doesn't exist. Money has 18 decimals. The method is docs/margin.md.
///
/// A packed book is a sequence of 32-byte words (the abi crate's module `book` packs and unpacks it):
///   word 0            cash, int256
///   word 1            positions count (uint16) << 16 | collateral count (uint8)
///   ceil(n/2) words   positions, two a word, the first in the high half; a position is instrument id (uint64) << 64 | quantity (int64, millionths)
///   one word each     for every perpetual or future, in the order of positions: reference price (uint128) << 128 | funding index at reference (int128)
///   one word each     collateral: collateral number (uint8) << 248 | amount (uint128, 18 decimals)
interface IMargin {
    /// @notice A book's figures.
    /// @param equity Liquidation value: cash, unsettled gains, options at mark, collateral at market.
    /// @param initialRequirement What must be held to add risk.
    /// @param maintenanceRequirement What must be held to stay out of liquidation.
    /// @param worstUnderlying The underlying that requires most (0: none).
    /// @param worstScenario Its worst scenario's number (255: the basis charge or the floor decides).
    /// @param validity Lowest validity level of the market data used (see IOracle).
    struct Assessment {
        int256 equity;
        uint256 initialRequirement;
        uint256 maintenanceRequirement;
        uint8 worstUnderlying;
        uint8 worstScenario;
        uint8 validity;
    }

    /// @notice Sensitivities of one underlying and expiry (expiry 0: perpetual and collateral), 18 decimals.
    /// @param vega Per 1.00 of volatility. @param theta Per year.
    struct Greeks {
        uint8 underlying;
        uint64 expiry;
        int256 delta;
        int256 gamma;
        int256 vega;
        int256 theta;
        int256 value;
    }

    /// @notice A hypothetical trade of `quantity` (signed millionths) at `price`.
    struct Trade {
        uint64 instrument;
        int64 quantity;
        uint128 price;
    }

    /// @notice Packed: range (uint64) << 128 | volatility range up (uint64) << 64 | volatility range down (uint64).
    event UnderlyingParametersChanged(uint8 indexed underlying, bytes32 previous, bytes32 current);
    /// @notice Packed: initial factor (uint64) << 64 | maintenance factor (uint64).
    event FactorsChanged(bytes32 previous, bytes32 current);
    /// @notice Packed: perpetual maintenance (uint64) << 192 | perpetual initial (uint64) << 128 | option maintenance (uint64) << 64
    /// | option initial (uint64).
    event ContingenciesChanged(bytes32 previous, bytes32 current);
    /// @notice Packed: underlying (uint8) << 136 | cancels risk (bool) << 128 | maintenance haircut (uint64) << 64 | initial haircut (uint64).
    event CollateralChanged(uint8 indexed collateral, bytes32 previous, bytes32 current);
    event OracleChanged(address indexed previous, address indexed oracle);

    /// @notice The underlying has no risk parameters.
    error UnderlyingNotListed(uint8 underlying);
    /// @notice The collateral has no parameters.
    error CollateralNotListed(uint8 collateral);
    /// @notice There is no market data for that expiry.
    error NoMarketData(uint8 underlying, uint64 expiry);
    /// @notice There is no scenario of that number, or not one per underlying of the book.
    error UnknownScenario(uint8 scenario);
    /// @notice The book has more positions than an account may hold.
    error BookTooLarge(uint256 positions, uint256 limit);

    function initialize(address governor, address guardian, address oracle) external;

    // Governor
    /// @notice Lists an underlying: `range` is the price range of one spot unit (ETH 0.18e18), `volatilityRangeUp/Down` the volatility ranges.
    function setUnderlying(
        uint8 underlying,
        uint64 range,
        uint64 volatilityRangeUp,
        uint64 volatilityRangeDown
    ) external;
    /// @notice Factors on the scan loss, 18 decimals.
    function setFactors(uint64 initialFactor, uint64 maintenanceFactor) external;
    /// @notice Contingency rates, 18 decimals.
    function setContingencies(
        uint64 perpetualMaintenance,
        uint64 perpetualInitial,
        uint64 optionMaintenance,
        uint64 optionInitial
    ) external;
    /// @notice Lists a collateral token: its price is the index of `underlying`; `cancelsRisk` lets it enter the scenarios.
    function setCollateral(
        uint8 collateral,
        uint8 underlying,
        uint64 maintenanceHaircut,
        uint64 initialHaircut,
        bool cancelsRisk
    ) external;
    function setOracle(address oracle) external;

    // Views
    function oracle() external view returns (address);
    function underlying(uint8 underlying)
        external
        view
        returns (uint64 range, uint64 volatilityRangeUp, uint64 volatilityRangeDown);
    function factors() external view returns (uint64 initialFactor, uint64 maintenanceFactor);
    function contingencies()
        external
        view
        returns (
            uint64 perpetualMaintenance,
            uint64 perpetualInitial,
            uint64 optionMaintenance,
            uint64 optionInitial
        );
    function collateral(uint8 collateral)
        external
        view
        returns (
            uint8 underlying,
            uint64 maintenanceHaircut,
            uint64 initialHaircut,
            bool cancelsRisk
        );
    /// @notice Figures of each book, from one oracle snapshot.
    function assess(bytes[] calldata books) external view returns (Assessment[] memory);
    /// @notice An upper bound of the maintenance excess that looks at one scenario per underlying (ascending) of the book: if it
    /// is negative, the true excess is.
    function maintenanceExcessUnder(bytes calldata book, uint8[] calldata scenarios)
        external
        view
        returns (int256);
    /// @notice The book's figures after `trades`; the transaction that does them gives the same, to the last digit.
    function preview(bytes calldata book, Trade[] calldata trades)
        external
        view
        returns (Assessment memory);
    /// @notice Profit and loss of the part of the book on `underlying`, one entry a scenario, with each scenario's spot shock
    /// (0.8e18: the price falls by a fifth) and volatility mode (0 none, 1 up, 2 down, 3 skew linear, 4 skew absolute).
    function scenarios(bytes calldata book, uint8 underlying)
        external
        view
        returns (int256[] memory pnl, uint256[] memory shocks, uint8[] memory modes);
    function greeks(bytes calldata book) external view returns (Greeks[] memory);
}
