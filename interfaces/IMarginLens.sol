// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title What people and bots ask about a portfolio
/// @notice Answers with the parameters of the margin contract that is named and with its oracle, each read in one call; keeps nothing
/// and can do nothing. Books are packed as IMargin describes; anyone may ask about a book that doesn't exist. Errors are those
/// of IMargin and of the oracle.
interface IMarginLens {
    /// @notice A hypothetical trade of `quantity` (signed millionths) at `price`.
    struct Trade {
        uint64 instrument;
        int64 quantity;
        uint128 price;
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

    /// @notice What one underlying requires, or a group of them under its first one's number.
    /// @param value Of its positions and collateral. @param worst Outcome of its worst scenario, at most 0.
    /// @param worstScenario That scenario's number (255: the basis charge or the floor decides).
    struct Requirement {
        uint8 underlying;
        int256 value;
        int256 worst;
        uint8 worstScenario;
        uint256 initialRequirement;
        uint256 maintenanceRequirement;
        uint8 validity;
    }

    /// @notice A position's share (or, with instrument 0, a collateral token's) in the outcome of a scenario.
    struct Share {
        uint64 instrument;
        uint8 collateral;
        int256 pnl;
    }

    /// @notice The search needs more gas than the call has, or more memory than a program should take: `left` are left, an evaluation
    /// takes about `step`. A smaller size to search up to, or a smaller book, has an answer.
    error GasLimitTooLow(uint256 left, uint256 step);

    /// @notice The book's figures after `trades`, before fees; the transaction that does them gives the same, to the last digit.
    function preview(address margin, bytes calldata book, Trade[] calldata trades)
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
    /// @notice Profit and loss of the part of the book on `underlying`, one entry a scenario, with each scenario's price
    /// (0.8e18: the price falls by a fifth) and volatility mode (0 none, 1 up, 2 down, 3 skew linear, 4 skew absolute), and
    /// the basis charge, at most 0.
    function scenarios(address margin, bytes calldata book, uint8 underlying)
        external
        view
        returns (int256[] memory pnl, uint256[] memory shocks, uint8[] memory modes, int256 basis);
    /// @notice What each underlying, or group of them, requires, ascending, with its worst scenario.
    function requirements(address margin, bytes calldata book)
        external
        view
        returns (Requirement[] memory);
    /// @notice Each position's share in the outcome of a scenario of `underlying`, the shares of risk-cancelling collateral included.
    function attribution(address margin, bytes calldata book, uint8 underlying, uint8 scenario)
        external
        view
        returns (Share[] memory);
    function greeks(address margin, bytes calldata book) external view returns (Greeks[] memory);
    /// @notice The most of a trade that fits: how many millionths (not signed) of `most.instrument` may be traded at `most.price`, up to
    /// the size of `most.quantity` and on its side, so that initial excess stays at least `reserve` (fees, say).
    function maxQuantity(address margin, bytes calldata book, Trade calldata most, int256 reserve)
        external
        view
        returns (uint64);
    /// @notice The nearest index prices of `underlying` at which maintenance excess turns negative, 0 where there is none within a
    /// hundredth and a hundred times: forwards, mark and collateral move in proportion, volatilities stay on their
    /// log-moneyness. For a book that is liquidatable already both are the present price.
    function liquidationPrices(address margin, bytes calldata book, uint8 underlying)
        external
        view
        returns (uint256 below, uint256 above);
}
