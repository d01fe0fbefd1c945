// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearing} from "../../interfaces/IClearing.sol";
import {IErrors} from "../../interfaces/IErrors.sol";
import {IExchange} from "../../interfaces/IExchange.sol";
import {IOracle} from "../../interfaces/IOracle.sol";
import {Stage} from "./Stage.sol";

/// @notice From a deposit to a trade and back, on the built WASM. Only novate-devnode's runner can run it: `make programs`.
contract IntegrationTrade is Stage {
    function test_Oracle_AnswersTheIndex() external view {
        (uint256 price, uint64 updatedAt,,) = oracle.indexPrice(1);
        VM.assertEq(price, INDEX, "price");
        VM.assertEq(updatedAt, START, "time");
    }

    function test_Oracle_RefusesASecondMessageOfTheSameTime() external {
        PROGRAM_VM.expectPartialRevert(IOracle.InvalidModelTime.selector);
        this.postAgain();
    }

    function postAgain() external {
        postMarket();
    }

    function testFuzz_Deposit_IsWithdrawnToTheUnit(uint256 amount) external {
        amount = 1e6 + amount % 1e15;
        deposit(ALICE_KEY, amount);
        // At most 1e27: far below 2^255.
        // forge-lint: disable-next-line(unsafe-typecast)
        VM.assertEq(clearing.cash(account(ALICE_KEY)), int256(amount * 1e12), "credited");
        VM.prank(VM.addr(ALICE_KEY));
        clearing.withdraw(account(ALICE_KEY), address(usdc), amount, CAROL);
        VM.assertEq(usdc.balanceOf(CAROL), amount, "returned");
        VM.assertEq(clearing.cash(account(ALICE_KEY)), int256(0), "nothing is left");
    }

    function test_Withdraw_RevertsForAStranger() external {
        deposit(ALICE_KEY, 1000e6);
        VM.prank(VM.addr(BOB_KEY));
        VM.expectRevert(abi.encodeWithSelector(IErrors.Unauthorized.selector, VM.addr(BOB_KEY)));
        clearing.withdraw(account(ALICE_KEY), address(usdc), 1, BOB);
    }

    function test_Trade_NovatesThePerpetual() external {
        deposit(ALICE_KEY, 50_000e6);
        deposit(BOB_KEY, 50_000e6);
        (IExchange.Trade memory trade, bytes memory byAlice, bytes memory byBob) =
            agreement(PERPETUAL, 3e6, 2499.5e18);
        PROGRAM_VM.expectEmit(true, true, true, true, address(exchange));
        emit IExchange.Traded(exchange.digest(trade), trade.buyer, trade.seller, 1);
        exchange.trade(trade, byAlice, byBob);
        IClearing.Position[] memory positions = clearing.positions(account(ALICE_KEY));
        VM.assertEq(positions.length, 1, "one position");
        VM.assertEq(positions[0].instrument, PERPETUAL, "instrument");
        VM.assertEq(positions[0].quantity, 3e6, "bought");
        VM.assertEq(clearing.positions(account(BOB_KEY))[0].quantity, -3e6, "sold");
        VM.assertEq(positions[0].referencePrice, INDEX, "the mark is the reference");
        VM.assertEq(clearing.openInterest(1, 0), 3e6, "open interest");
    }

    function test_Trade_OfAFutureIsMargined() external {
        deposit(ALICE_KEY, 50_000e6);
        deposit(BOB_KEY, 50_000e6);
        uint256 before = PROGRAM_VM.snapshotState();
        execute(FUTURE, 2e6, 2510e18);
        VM.assertEq(clearing.openInterest(1, EXPIRY), 2e6, "open interest");
        VM.assertTrue(PROGRAM_VM.revertToState(before), "a snapshot");
        VM.assertEq(clearing.openInterest(1, EXPIRY), 0, "programs' storage is brought back too");
    }

    function test_Trade_RevertsWithoutMargin() external {
        deposit(ALICE_KEY, 10e6);
        deposit(BOB_KEY, 50_000e6);
        (IExchange.Trade memory trade, bytes memory byAlice, bytes memory byBob) =
            agreement(PERPETUAL, 10e6, INDEX);
        PROGRAM_VM.expectPartialRevert(IClearing.MarginShortfall.selector);
        exchange.trade(trade, byAlice, byBob);
    }

    function test_Trade_RevertsTheSecondTime() external {
        deposit(ALICE_KEY, 50_000e6);
        deposit(BOB_KEY, 50_000e6);
        (IExchange.Trade memory trade, bytes memory byAlice, bytes memory byBob) =
            agreement(PERPETUAL, 1e6, INDEX);
        exchange.trade(trade, byAlice, byBob);
        VM.expectRevert(
            abi.encodeWithSelector(IExchange.TradeUsed.selector, exchange.digest(trade))
        );
        exchange.trade(trade, byAlice, byBob);
    }

    function test_Trade_RevertsForAForgedSignature() external {
        deposit(ALICE_KEY, 50_000e6);
        deposit(BOB_KEY, 50_000e6);
        (IExchange.Trade memory trade, bytes memory byAlice,) = agreement(PERPETUAL, 1e6, INDEX);
        PROGRAM_VM.expectPartialRevert(IErrors.InvalidSignature.selector);
        exchange.trade(trade, byAlice, byAlice);
    }
}
