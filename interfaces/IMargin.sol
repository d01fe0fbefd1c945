// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title What a portfolio must hold
/// @notice Pure functions of a packed book, the risk parameters and the oracle's snapshot: anyone may ask about a book that
/// doesn't exist. Money has 18 decimals. The method is docs/margin.md.
///
/// A packed book is a sequence of 32-byte words (the abi crate's module `book` packs and unpacks it):
///   word 0            cash, int256
///   word 1            pool shares at value (uint128) << 128 | positions count (uint16) << 16 | bid (uint8) << 8 | collateral count (uint8)
///   ceil(n/2) words   positions, two a word, the first in the high half; a position is instrument id (uint64) << 64 | quantity (int64, millionths)
///   one word each     for every perpetual or future, in the order of positions: reference price (uint128) << 128 | funding index at reference (int128)
///   one word each     collateral: collateral number (uint8) << 248 | amount (uint128, 18 decimals)
/// Bid is 0, or 1 in `assess`: the figures of somebody who takes over what is liquidated. He is charged for no confidence, and data that are good enough to
/// liquidate count in full; only what is broken counts at its worst bound.
interface IMargin {
    /// @notice A book's figures. A part whose index can't be used is *broken*: it never breaks the others.
    /// @param equity For adding risk and withdrawing: cash, pool shares, unsettled gains, options at mark, collateral at market; a broken part
    /// at its worst bound.
    /// @param initialRequirement What must be held to add risk.
    /// @param maintenanceRequirement What must be held to stay out of liquidation; a broken part requires nothing beside its worst bound.
    /// @param worstUnderlying The underlying that requires most (0: none).
    /// @param worstScenario Its worst scenario's number (255: the basis charge or the floor decides).
    /// @param validity Lowest validity level of the parts' indices (see IOracle).
    /// @param closeEquity, closeRequirement Whether the account is short, and by how much: a broken part at its last usable data for 24 hours,
    /// then moving to its worst bound over 72 hours.
    /// @param lastEquity, lastRequirement Every part at its last usable data: what prices of liquidation are reckoned with.
    /// @param healthyRequirement Maintenance requirement of the parts that aren't broken.
    struct Assessment {
        int256 equity;
        uint256 initialRequirement;
        uint256 maintenanceRequirement;
        uint8 worstUnderlying;
        uint8 worstScenario;
        uint8 validity;
        int256 closeEquity;
        uint256 closeRequirement;
        int256 lastEquity;
        uint256 lastRequirement;
        uint256 healthyRequirement;
    }

    /// @notice What an instrument is worth now, from the same snapshot as the figures.
    /// @param mark Fair price of one contract; of a collateral token one token, in quote currency.
    /// @param index Index price of its underlying. @param fundingIndex Of a perpetual. @param validity Level of the index.
    /// @param isMarked Whether a model was ever posted for it; false: `mark` is 0.
    struct Mark {
        uint128 mark;
        uint128 index;
        int128 fundingIndex;
        uint8 validity;
        bool isMarked;
    }

    /// @notice A storage word changed; names, old and new values are told by the events of IRiskParameters.
    event ParameterWritten(uint16 indexed place, bytes32 previous, bytes32 current);

    /// @notice The underlying has no risk parameters.
    error UnderlyingNotListed(uint8 underlying);
    /// @notice The collateral has no parameters.
    error CollateralNotListed(uint8 collateral);
    /// @notice There is no market data for that expiry.
    error NoMarketData(uint8 underlying, uint64 expiry);
    /// @notice There is no scenario of that number, or not one per underlying of the book.
    error UnknownScenario(uint8 scenario);
    /// @notice Parameters changed less than a ramp ago; the next change is possible from `from` on, or in the same block.
    error ParametersInFlight(uint64 from);
    /// @notice The book has more positions than an account may hold.
    error BookTooLarge(uint256 positions, uint256 limit);

    /// @notice `keeper` (IRiskParameters) alone writes parameters from now on; the oracle is one of them. Once.
    function initialize(address keeper, address oracle) external;

    /// @notice Keeper: writes the word of a place. Bounds are the keeper's.
    function write(uint16 place, bytes32 word) external;

    // Views
    /// @notice When the last change of parameters set out, and how long its way is: maintenance moves linearly from the requirement before it to
    /// the one after it; initial margin takes the higher of the two at once.
    function flight() external view returns (uint64 start, uint64 length);
    function keeper() external view returns (address);
    function oracle() external view returns (address);
    /// @notice The word of a place; zero: nothing is stored there.
    function word(uint16 place) external view returns (bytes32);
    /// @notice The words of what these (both ascending) need, as stored: which and in which order stands in the abi crate's module
    /// `parameters`, where they are read into the types of the risk crate.
    function parameters(uint8[] calldata underlyings, uint8[] calldata collaterals)
        external
        view
        returns (bytes32[] memory);
    /// @notice Figures of each book and marks of each instrument (a number below 256 names a collateral token), from one oracle snapshot. Underlyings
    /// and collateral that have no parameters count 0.
    function assess(bytes[] calldata books, uint64[] calldata instruments)
        external
        view
        returns (Assessment[] memory assessments, Mark[] memory marks);
    /// @notice An upper bound of the close excess (closeEquity less closeRequirement) that looks at one scenario per underlying (ascending) of the book: if it
    /// is negative, the true excess is.
    function maintenanceExcessUnder(bytes calldata book, uint8[] calldata scenarios)
        external
        view
        returns (int256);
}
