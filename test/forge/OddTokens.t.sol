// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BlacklistToken} from "../mocks/BlacklistToken.sol";
import {FalseReturningToken} from "../mocks/FalseReturningToken.sol";
import {FeeOnTransferToken} from "../mocks/FeeOnTransferToken.sol";
import {NoReturnToken} from "../mocks/NoReturnToken.sol";
import {ReentrantToken} from "../mocks/ReentrantToken.sol";
import {ShrinkingToken} from "../mocks/ShrinkingToken.sol";
import {TokenLedger} from "../mocks/TokenLedger.sol";
import {Test} from "./Test.sol";

/// @notice Every odd token is odd in exactly the way that it claims.
contract UnitOddTokens is Test {
    NoReturnToken private noReturn;
    FalseReturningToken private falsy;
    FeeOnTransferToken private fee;
    BlacklistToken private blocking;
    ReentrantToken private reentrant;

    function setUp() external {
        noReturn = new NoReturnToken();
        falsy = new FalseReturningToken();
        fee = new FeeOnTransferToken(250);
        blocking = new BlacklistToken();
        reentrant = new ReentrantToken();
        noReturn.mint(ALICE, 1000);
        falsy.mint(ALICE, 1000);
        fee.mint(ALICE, 1000);
        blocking.mint(ALICE, 1000);
        reentrant.mint(ALICE, 1000);
    }

    function test_Shrinking_TakesFromAnyHolder() external {
        ShrinkingToken shrinking = new ShrinkingToken();
        shrinking.mint(ALICE, 1000);
        shrinking.shrink(ALICE, 1);
        VM.assertEq(shrinking.balanceOf(ALICE), 999, "balance");
        VM.assertEq(shrinking.totalSupply(), 999, "supply");
    }

    function test_NoReturn_TransfersAndReturnsNothing() external {
        VM.prank(ALICE);
        (bool done, bytes memory reply) =
            address(noReturn).call(abi.encodeCall(NoReturnToken.transfer, (BOB, 10)));
        VM.assertTrue(done, "the transfer is made");
        VM.assertEq(reply.length, 0, "and nothing is returned");
        VM.assertEq(noReturn.balanceOf(BOB), 10, "balance");
    }

    function test_NoReturn_RevertsOnShortBalance() external {
        VM.prank(BOB);
        VM.expectRevert(
            abi.encodeWithSelector(
                TokenLedger.ERC20InsufficientBalance.selector, BOB, uint256(0), uint256(1)
            )
        );
        noReturn.transfer(CAROL, 1);
    }

    function test_NoReturn_AllowanceMustPassThroughZero() external {
        VM.startPrank(ALICE);
        noReturn.approve(BOB, 5);
        VM.expectRevert(
            abi.encodeWithSelector(NoReturnToken.AllowanceNotZero.selector, BOB, uint256(5))
        );
        noReturn.approve(BOB, 6);
        noReturn.approve(BOB, 0);
        noReturn.approve(BOB, 6);
        VM.stopPrank();
        VM.prank(BOB);
        noReturn.transferFrom(ALICE, CAROL, 6);
        VM.assertEq(noReturn.balanceOf(CAROL), 6, "balance");
    }

    function test_False_AnswersFalseInsteadOfReverting() external {
        VM.assertFalse(falsy.transfer(BOB, 1), "no balance");
        VM.assertFalse(falsy.transferFrom(ALICE, BOB, 1), "no allowance");
        VM.startPrank(ALICE);
        VM.assertFalse(falsy.transfer(address(0), 1), "zero address");
        VM.assertTrue(falsy.transfer(BOB, 1), "a good transfer");
        falsy.approve(CAROL, 999);
        VM.stopPrank();
        VM.prank(CAROL);
        VM.assertTrue(falsy.transferFrom(ALICE, CAROL, 999), "a good transferFrom");
        VM.assertEq(falsy.balanceOf(CAROL), 999, "balance");
    }

    function test_False_FrozenMovesNothing() external {
        falsy.setFrozen(true);
        VM.prank(ALICE);
        VM.assertFalse(falsy.transfer(BOB, 1), "answer");
        VM.assertEq(falsy.balanceOf(BOB), 0, "balance");
    }

    function testFuzz_Fee_LessArrivesThanWasSent(uint128 amount, uint256 seed) external {
        uint256 feeBps = seed % 10_001;
        fee.setFee(feeBps);
        fee.mint(CAROL, amount);
        VM.prank(CAROL);
        fee.transfer(BOB, amount);
        uint256 burnt = uint256(amount) * feeBps / 10_000;
        VM.assertEq(fee.balanceOf(BOB), amount - burnt, "what arrives");
        VM.assertEq(fee.balanceOf(CAROL), 0, "what is left");
        VM.assertEq(fee.totalSupply(), uint256(1000) + amount - burnt, "supply");
    }

    function test_Fee_RevertsAboveOneHundredPercent() external {
        VM.expectRevert(
            abi.encodeWithSelector(
                FeeOnTransferToken.FeeTooHigh.selector, uint256(10_001), uint256(10_000)
            )
        );
        fee.setFee(10_001);
    }

    function test_Blacklist_BlocksBothWays() external {
        blocking.setBlacklisted(ALICE, true);
        VM.expectRevert(abi.encodeWithSelector(BlacklistToken.Blacklisted.selector, ALICE));
        VM.prank(ALICE);
        blocking.transfer(BOB, 1);

        blocking.setBlacklisted(ALICE, false);
        blocking.setBlacklisted(BOB, true);
        VM.expectRevert(abi.encodeWithSelector(BlacklistToken.Blacklisted.selector, BOB));
        VM.prank(ALICE);
        blocking.transfer(BOB, 1);

        blocking.setBlacklisted(BOB, false);
        VM.prank(ALICE);
        VM.assertTrue(blocking.transfer(BOB, 1), "freed");
    }

    function test_Blacklist_PauseStopsTransferFrom() external {
        VM.prank(ALICE);
        blocking.approve(BOB, 10);
        blocking.setPaused(true);
        VM.prank(BOB);
        VM.expectRevert(abi.encodeWithSelector(BlacklistToken.Paused.selector));
        blocking.transferFrom(ALICE, BOB, 10);
    }

    function test_Reentrant_CallsOnceInTheMiddleOfATransfer() external {
        bytes memory payload = abi.encodeCall(TokenLedger.mint, (CAROL, 7));
        reentrant.arm(ReentrantToken.Moment.BeforeMove, address(reentrant), payload, true);
        VM.startPrank(ALICE);
        reentrant.transfer(BOB, 1);
        reentrant.transfer(BOB, 1);
        VM.stopPrank();
        VM.assertEq(reentrant.attempts(), 1, "one call per arming");
        VM.assertTrue(reentrant.lastSucceeded(), "which succeeded");
        VM.assertEq(reentrant.balanceOf(CAROL), 7, "and had its effect");
    }

    function test_Reentrant_BubblesTheRefusal() external {
        bytes memory refusal = abi.encodeWithSelector(
            TokenLedger.ERC20InsufficientBalance.selector,
            address(reentrant),
            uint256(0),
            uint256(1)
        );
        bytes memory payload = abi.encodeCall(ReentrantToken.transfer, (BOB, 1));

        reentrant.arm(ReentrantToken.Moment.AfterMove, address(reentrant), payload, true);
        VM.prank(ALICE);
        VM.expectRevert(refusal);
        reentrant.transfer(BOB, 5);
        VM.assertEq(reentrant.balanceOf(BOB), 0, "the whole transfer is undone");

        reentrant.arm(ReentrantToken.Moment.AfterMove, address(reentrant), payload, false);
        VM.prank(ALICE);
        reentrant.transfer(BOB, 5);
        VM.assertEq(reentrant.balanceOf(BOB), 5, "the transfer stands");
        VM.assertFalse(reentrant.lastSucceeded(), "the attack does not");
        VM.assertEq(reentrant.lastReply(), refusal, "the refusal can be read");
    }
}
