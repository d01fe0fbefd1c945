// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockAggregator} from "../mocks/MockAggregator.sol";
import {MockSequencerFeed} from "../mocks/MockSequencerFeed.sol";
import {Test} from "./Test.sol";

/// @notice The feeds answer as Chainlink's proxies do, in good states and in bad ones.
contract UnitFeeds is Test {
    uint80 private constant FIRST_ROUND = (uint80(1) << 64) | 1;

    MockAggregator private feed;

    function setUp() external {
        VM.warp(1_700_000_000);
        feed = new MockAggregator(8, "ETH / USD");
    }

    function test_Feed_RevertsBeforeItsFirstRound() external {
        VM.expectRevert(abi.encodeWithSignature("Error(string)", "No data present"));
        feed.latestRoundData();
        VM.expectRevert(abi.encodeWithSignature("Error(string)", "No data present"));
        feed.getRoundData(FIRST_ROUND);
    }

    function test_Feed_AnswersZerosForAnUnknownRoundIfAskedTo() external {
        feed.setAnswersZeroForUnknownRound(true);
        _assertRound(99, 0, 0, 0, 0, 0);
    }

    function test_Push_CountsRoundsInAPhase() external {
        VM.assertEq(uint256(feed.push(2000e8)), FIRST_ROUND, "first round id");
        VM.warp(1_700_000_060);
        feed.push(2001e8);
        _assertRound(FIRST_ROUND, FIRST_ROUND, 2000e8, 1_700_000_000, 1_700_000_000, FIRST_ROUND);
        uint80 second = FIRST_ROUND + 1;
        _assertRound(second, second, 2001e8, 1_700_000_060, 1_700_000_060, second);
        VM.assertEq(uint256(feed.latestRoundId()), second, "latest round id");
        VM.assertEq(feed.latestAnswer(), int256(2001e8), "latest answer");
    }

    function test_Push_TwoRoundsMayShareATimestamp() external {
        feed.pushAt(2000e8, 1_699_999_000);
        feed.pushAt(1990e8, 1_699_999_000);
        uint80 second = FIRST_ROUND + 1;
        _assertRound(second, second, 1990e8, 1_699_999_000, 1_699_999_000, second);
    }

    function test_StartPhase_RestartsTheRounds() external {
        feed.push(2000e8);
        feed.startPhase();
        uint80 expected = (uint80(2) << 64) | 1;
        VM.assertEq(uint256(feed.push(2005e8)), expected, "first round of phase 2");
        VM.assertEq(feed.phaseAggregators(2), address(feed), "aggregator of phase 2");
        VM.assertEq(feed.phaseAggregators(3), address(0), "no phase 3 yet");
        _assertRound(FIRST_ROUND, FIRST_ROUND, 2000e8, 1_700_000_000, 1_700_000_000, FIRST_ROUND);
    }

    function test_Limits_PegTheAnswer() external {
        feed.setLimits(10e8, 100e8);
        feed.push(1e8);
        VM.assertEq(feed.latestAnswer(), int256(10e8), "pegged below");
        feed.push(1000e8);
        VM.assertEq(feed.latestAnswer(), int256(100e8), "pegged above");
        VM.assertEq(feed.aggregator(), address(feed), "where the limits are read");
        VM.expectRevert(
            abi.encodeWithSelector(MockAggregator.InvalidLimits.selector, int192(2), int192(1))
        );
        feed.setLimits(2, 1);
    }

    function testFuzz_SetRound_KeepsWhatItIsGiven(
        uint80 id,
        int256 answer,
        uint256 startedAt,
        uint256 updatedAt,
        uint80 answeredInRound
    ) external {
        feed.setRound(id, answer, startedAt, updatedAt, answeredInRound);
        _assertRound(id, id, answer, startedAt, updatedAt, answeredInRound);
        VM.assertEq(uint256(feed.phaseId()), uint256(id >> 64), "phase of the round");
    }

    function test_Unavailable_RevertsEveryReading() external {
        feed.push(2000e8);
        feed.setUnavailable(true);
        VM.expectRevert(abi.encodeWithSelector(MockAggregator.FeedUnavailable.selector));
        feed.latestRoundData();
        feed.setUnavailable(false);
        VM.assertEq(feed.latestAnswer(), int256(2000e8), "answers again");
    }

    function test_Sequencer_ReportsSinceWhen() external {
        MockSequencerFeed sequencer = new MockSequencerFeed();
        (, int256 answer, uint256 startedAt,,) = sequencer.latestRoundData();
        VM.assertEq(answer, int256(0), "up at first");
        VM.assertEq(startedAt, 1_700_000_000, "since deployment");
        VM.warp(1_700_000_500);
        sequencer.report(false);
        (, answer, startedAt,,) = sequencer.latestRoundData();
        VM.assertEq(answer, int256(1), "down");
        VM.assertEq(startedAt, 1_700_000_500, "since the report");
        sequencer.reportSince(true, 0);
        (, answer, startedAt,,) = sequencer.latestRoundData();
        VM.assertEq(answer, int256(0), "up");
        VM.assertEq(startedAt, 0, "never reported");
    }

    function _assertRound(
        uint80 asked,
        uint80 id,
        int256 answer,
        uint256 startedAt,
        uint256 updatedAt,
        uint80 answeredInRound
    ) private view {
        (uint80 i, int256 a, uint256 s, uint256 u, uint80 r) = feed.getRoundData(asked);
        VM.assertEq(uint256(i), id, "round id");
        VM.assertEq(a, answer, "answer");
        VM.assertEq(s, startedAt, "startedAt");
        VM.assertEq(u, updatedAt, "updatedAt");
        VM.assertEq(uint256(r), answeredInRound, "answeredInRound");
    }
}
