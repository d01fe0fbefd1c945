// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title MockAggregator
/// @notice A price feed with the reading functions of Chainlink's `AggregatorV3Interface` and of the proxy before it,
/// written by anyone, so that a test can have every state a feed was ever seen in.
/// @dev A round id is that of the proxy: `phase << 64 | round`, 16 and 64 bits. A new phase restarts the round at 1.
/// Two rounds may share a timestamp, time may stand still for hours, an answer may be pegged at a limit, zero or negative,
/// and an unknown round is answered by a revert or by zeros, depending on the aggregator behind the proxy.
/// Answers are in units of `10 ** -decimals`; times are unix seconds.
/// @dev Warning: anyone may write.
contract MockAggregator {
    /// @notice One round as `getRoundData` answers it.
    struct Round {
        int256 answer;
        uint256 startedAt;
        uint256 updatedAt;
        uint80 answeredInRound;
        bool exists;
    }

    /// @notice The answer of a feed is now `current`.
    event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt);

    /// @notice The feed answers nothing: it was told to fail.
    error FeedUnavailable();
    /// @notice The limits do not leave room for an answer.
    error InvalidLimits(int192 minimum, int192 maximum);

    /// @notice Decimals of an answer.
    uint8 public immutable decimals;
    /// @notice What is priced, for example `ETH / USD`.
    string public description;
    /// @notice Lowest answer that the feed can give; a lower price is reported as this one.
    int192 public minAnswer = 1;
    /// @notice Highest answer that the feed can give; a higher price is reported as this one.
    int192 public maxAnswer = type(int192).max;
    /// @notice Current phase of the proxy.
    uint16 public phaseId = 1;
    /// @notice Whether every reading function reverts.
    bool public isUnavailable;
    /// @notice Whether an unknown round is answered with zeros instead of a revert.
    bool public answersZeroForUnknownRound;
    /// @notice The round that `latestRoundData` answers; zero while there is none.
    uint80 public latestRoundId;

    mapping(uint80 roundId => Round round) private _rounds;

    /// @param decimals_ Decimals of an answer: 8 for prices in dollars.
    /// @param description_ What is priced.
    constructor(uint8 decimals_, string memory description_) {
        decimals = decimals_;
        description = description_;
    }

    /// @notice Reports `answer`, observed now, as the next round.
    function push(int256 answer) external returns (uint80 roundId) {
        return _push(answer, block.timestamp, block.timestamp);
    }

    /// @notice Reports `answer`, observed at `updatedAt`, as the next round: a replay of history, a price from the future.
    function pushAt(int256 answer, uint256 updatedAt) external returns (uint80 roundId) {
        return _push(answer, updatedAt, updatedAt);
    }

    /// @notice Writes a round as it is, limits apart, and makes it the latest: for replays with original round ids, for
    /// answers that were carried over, for rounds that never finished.
    function setRound(
        uint80 roundId,
        int256 answer,
        uint256 startedAt,
        uint256 updatedAt,
        uint80 answeredInRound
    ) external {
        // A round id has 80 bits: what is left of 64 fits 16.
        // forge-lint: disable-next-line(unsafe-typecast)
        phaseId = uint16(roundId >> 64);
        _write(roundId, Round(answer, startedAt, updatedAt, answeredInRound, true));
    }

    /// @notice Begins the next phase, as when the proxy is pointed at a new aggregator: the next round is its first.
    function startPhase() external returns (uint16 phase) {
        phaseId += 1;
        return phaseId;
    }

    /// @notice Sets the lowest and highest answer.
    function setLimits(int192 minimum, int192 maximum) external {
        if (minimum > maximum) revert InvalidLimits(minimum, maximum);
        minAnswer = minimum;
        maxAnswer = maximum;
    }

    /// @notice Makes every reading function revert, or answer again.
    function setUnavailable(bool unavailable) external {
        isUnavailable = unavailable;
    }

    /// @notice Chooses how an unknown round is answered: with zeros, or with a revert.
    function setAnswersZeroForUnknownRound(bool zero) external {
        answersZeroForUnknownRound = zero;
    }

    /// @notice The latest round.
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return _read(latestRoundId);
    }

    /// @notice The round `roundId`.
    function getRoundData(uint80 roundId)
        external
        view
        returns (uint80, int256, uint256, uint256, uint80)
    {
        return _read(roundId);
    }

    /// @notice The latest answer.
    function latestAnswer() external view returns (int256) {
        (, int256 answer,,,) = _read(latestRoundId);
        return answer;
    }

    /// @notice The aggregator behind the proxy, which holds the limits: here the same contract.
    function aggregator() external view returns (address) {
        return address(this);
    }

    /// @notice The aggregator of a phase; zero for a phase that has not begun.
    function phaseAggregators(uint16 phase) external view returns (address) {
        return phase != 0 && phase <= phaseId ? address(this) : address(0);
    }

    /// @notice Version of the feed's interface.
    function version() external pure returns (uint256) {
        return 4;
    }

    function _push(int256 answer, uint256 startedAt, uint256 updatedAt)
        internal
        returns (uint80 roundId)
    {
        bool samePhase = latestRoundId >> 64 == phaseId;
        roundId = samePhase ? latestRoundId + 1 : (uint80(phaseId) << 64) | 1;
        if (answer < minAnswer) answer = minAnswer;
        if (answer > maxAnswer) answer = maxAnswer;
        _write(roundId, Round(answer, startedAt, updatedAt, roundId, true));
    }

    function _write(uint80 roundId, Round memory round) private {
        _rounds[roundId] = round;
        latestRoundId = roundId;
        emit AnswerUpdated(round.answer, roundId, round.updatedAt);
    }

    function _read(uint80 roundId) private view returns (uint80, int256, uint256, uint256, uint80) {
        if (isUnavailable) revert FeedUnavailable();
        Round storage round = _rounds[roundId];
        // The text is Chainlink's: clients match it.
        if (!round.exists && !answersZeroForUnknownRound) revert("No data present");
        uint80 id = round.exists ? roundId : 0;
        return (id, round.answer, round.startedAt, round.updatedAt, round.answeredInRound);
    }
}
