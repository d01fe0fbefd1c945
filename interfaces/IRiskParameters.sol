// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title What governance may decide about margin, inside hard bounds
/// @notice The keeper of one margin contract, which stores the words: each function checks what it is given against the bounds of the
/// risk crate (ParameterOutOfBounds names the parameter, its value and its limits), writes, and tells old and new values.
/// Rates, factors and volatilities have 18 decimals; times are seconds. The method is docs/margin.md.
interface IRiskParameters {
    /// @notice One stress of an underlying. Moves and weights are whole thousandths, with 18 decimals.
    /// @param spotMove The price is multiplied by 1 + spotMove * range, or by 1 + spotMove if `absolute`; ignored by skew modes.
    /// @param volatility 0: unchanged, 1: up, 2: down, 3: skew turned with the log-moneyness, 4: with its size.
    /// @param weight Share of the outcome that counts; if `tail`, that of one range's worth of the move.
    struct Scenario {
        int64 spotMove;
        bool absolute;
        uint8 volatility;
        uint64 weight;
        bool tail;
    }

    /// @notice A parameter changed. @param name ASCII, left-aligned, cut after 32 bytes, as in ParameterOutOfBounds.
    /// @param subject The underlying, collateral or group that it belongs to; 0: all.
    event ParameterChanged(
        bytes32 indexed name, uint8 indexed subject, int256 previous, int256 current
    );
    event OracleChanged(address indexed previous, address indexed oracle);
    /// @notice Entry `number` of the scenario table changed; where a table has no such entry, all its fields are 0.
    event ScenarioChanged(uint8 indexed number, Scenario previous, Scenario current);

    /// @notice No parameter has that name.
    error UnknownParameter(bytes32 name);
    /// @notice There is no group of that number: they are 1 to 4.
    error UnknownGroup(uint8 group);
    /// @notice Move or weight of the entry at `index` isn't a whole number of thousandths.
    error ScenarioTooFine(uint256 index);

    function initialize(address governor, address guardian, address margin) external;

    // Governor
    function setOracle(address oracle) external;
    /// @notice Lists an underlying, or changes it at once: `range` is the price range of one spot unit (ETH 0.18e18),
    /// `volatilityRangeUp/Down` the volatility ranges. A range that moves stops moving.
    function setUnderlying(
        uint8 underlying,
        uint64 range,
        uint64 volatilityRangeUp,
        uint64 volatilityRangeDown
    ) external;
    /// @notice Moves an underlying's range to `range` over `duration` (an hour to 90 days): for initial margin a rise counts at once, for
    /// maintenance it comes linearly.
    function rampRange(uint8 underlying, uint64 range, uint64 duration) external;
    /// @notice Puts an underlying into a group (0: none) whose gains offset losses in it by the group's offset.
    function setGroup(uint8 underlying, uint8 group) external;
    /// @notice Lists a collateral token: its price is the index of `underlying`; `cancelsRisk` lets it enter the scenarios.
    function setCollateral(
        uint8 collateral,
        uint8 underlying,
        uint64 maintenanceHaircut,
        uint64 initialHaircut,
        bool cancelsRisk
    ) external;
    /// @notice Factors on the scan loss.
    function setFactors(uint64 initialFactor, uint64 maintenanceFactor) external;
    /// @notice Below a price of the stable coin of `threshold` the initial factor rises by `factor` for each unit that lacks.
    function setPeg(uint64 threshold, uint64 factor) external;
    function setContingencies(
        uint64 perpetualMaintenance,
        uint64 perpetualInitial,
        uint64 optionMaintenance,
        uint64 optionInitial
    ) external;
    /// @notice Exposures of confidence below `threshold` are charged `margin` of their notional for each unit that lacks.
    function setConfidence(uint64 threshold, uint64 margin) external;
    function setVolatilityShock(uint64 shortPower, uint64 longPower, uint64 floor, uint64 minimumUp)
        external;
    /// @notice Caps of the two turns of the skew, and their slopes in the root of time; caps of 0 switch the skew scenarios off.
    function setSkew(uint64 linearCap, int64 linearSlope, uint64 absoluteCap, int64 absoluteSlope)
        external;
    function setSkewWidth(
        uint64 kstarMinimum,
        uint64 width,
        uint64 volatilityStatic,
        int64 volatilitySlope
    ) external;
    function setBasis(uint64 up, uint64 down, uint64 add, uint64 multiplier) external;
    /// @notice `base` at most 1.
    function setLongDiscount(uint64 base, uint64 multiplier, uint64 addition) external;
    /// @notice `base` at least 1.
    function setShortDiscount(uint64 base, uint64 multiplier, uint64 addition) external;
    /// @notice Least scan loss for each unit of net and of hedged delta's notional; 0 and 0: no floor.
    function setFloor(uint64 net, uint64 hedged) external;
    /// @notice Share of the gamma loss of one range that is charged, above a loss of `threshold` whole units of quote currency.
    function setGammaCharge(uint64 rate, uint64 threshold) external;
    /// @notice The rate on net delta's notional rises by `rate` for each unit of quote currency above `threshold` (whole units), to
    /// `maximum` at most.
    function setLiquidityCharge(uint64 rate, uint64 maximum, uint64 threshold) external;
    /// @notice The share of a gain that offsets losses elsewhere in the group, at most 0.6.
    function setOffset(uint8 group, uint64 offset) external;
    /// @notice Charge on delta-one positions of different tenors that offset each other: floor + slope sqrt(tenor) of each leg's notional; `initial` is the
    /// further share of it initially. Also half of what each mark and forward may move in ten minutes (see IOracle.Allowances).
    function setCalendar(uint64 floor, uint64 slope, uint64 initial) external;
    /// @notice Share of the value of long options that counts for nothing at expiry, rising over the days before: 8 to 4.
    function setVanishing(uint64 share) external;
    /// @notice Replaces the scenario table, of all underlyings: 1 to 64 entries, moves of at most 4 ranges or -0.99 to 9 of the price,
    /// weights of at most 3. A table other than the default costs every evaluation a storage word for eight entries.
    function setScenarios(Scenario[] calldata table) external;

    // Anyone
    /// @notice Writes the oracle's allowances of an underlying as half of the charges in force: the lesser of those before and after a change in flight.
    function syncAllowances(uint8 underlying) external;

    // Views
    function margin() external view returns (address);
    /// @notice A parameter's value by its name, subject 0 for those that all share; 0 for what isn't listed. UnknownParameter for unknown names.
    function value(bytes32 name, uint8 subject) external view returns (int256);
    /// @notice The scenario table.
    function scenarios() external view returns (Scenario[] memory);
}
