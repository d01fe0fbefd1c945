// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Caller} from "../mocks/Caller.sol";
import {FixedReply} from "../mocks/FixedReply.sol";
import {MockUsdc} from "../mocks/MockUsdc.sol";
import {MockWeth} from "../mocks/MockWeth.sol";
import {TokenLedger} from "../mocks/TokenLedger.sol";
import {Test} from "./Test.sol";

/// @notice The caller reports exactly what its targets did, and the fixed reply does exactly what it was made for.
contract UnitCaller is Test {
    Caller private caller;
    MockUsdc private usdc;
    MockWeth private weth;

    function setUp() external {
        caller = new Caller();
        usdc = new MockUsdc();
        weth = new MockWeth();
        VM.deal(address(this), 10 ether);
    }

    function test_TryCall_HandsOnValueAndSender() external {
        Caller.Result memory result =
            caller.tryCall{value: 1 ether}(address(weth), abi.encodeCall(MockWeth.deposit, ()));
        VM.assertTrue(result.succeeded, "succeeded");
        VM.assertEq(weth.balanceOf(address(caller)), 1 ether, "the caller is the depositor");
    }

    function test_TryCall_ReportsMalformedData() external {
        Caller.Result memory result = caller.tryCall(address(usdc), hex"a9059cbb00");
        VM.assertFalse(result.succeeded, "half a transfer fails");
        VM.assertEq(result.data.length, 0, "Solidity's decoder says nothing");
    }

    function test_TryCall_ReportsValueToANonPayableFunction() external {
        bytes memory data = abi.encodeCall(TokenLedger.mint, (ALICE, 1));
        VM.assertFalse(caller.tryCall{value: 1}(address(usdc), data).succeeded, "refused");
        VM.assertTrue(caller.tryCall(address(usdc), data).succeeded, "without value");
        VM.assertEq(usdc.balanceOf(ALICE), 1, "one mint only");
    }

    function test_TryStaticCall_RefusesAChangeOfState() external view {
        bytes memory data = abi.encodeCall(TokenLedger.mint, (ALICE, 1));
        VM.assertFalse(caller.tryStaticCall(address(usdc), data).succeeded, "refused");
    }

    function test_TryCallWithGas_LetsTheTargetRunOut() external {
        bytes memory data = abi.encodeCall(TokenLedger.mint, (ALICE, 1));
        VM.assertFalse(caller.tryCallWithGas(address(usdc), data, 5000).succeeded, "not enough gas");
        VM.assertTrue(caller.tryCallWithGas(address(usdc), data, 200_000).succeeded, "enough");
    }

    function test_TryDelegateCall_UsesItsOwnStorage() external {
        bytes memory data = abi.encodeCall(TokenLedger.mint, (ALICE, 1));
        VM.assertTrue(caller.tryDelegateCall(address(usdc), data).succeeded, "succeeded");
        VM.assertEq(usdc.balanceOf(ALICE), 0, "the target's storage is as before");
    }

    function test_Execute_IsAllOrNothing() external {
        Caller.Call[] memory calls = new Caller.Call[](2);
        calls[0] = Caller.Call(address(usdc), 0, abi.encodeCall(TokenLedger.mint, (ALICE, 5)));
        calls[1] = Caller.Call(address(usdc), 0, abi.encodeCall(TokenLedger.mint, (BOB, 6)));
        caller.execute(calls);
        VM.assertEq(usdc.totalSupply(), 11, "both");

        calls[1].data = abi.encodeCall(TokenLedger.mint, (address(0), 6));
        bytes memory cause =
            abi.encodeWithSelector(TokenLedger.ERC20InvalidReceiver.selector, address(0));
        VM.expectRevert(abi.encodeWithSelector(Caller.CallFailed.selector, uint256(1), cause));
        caller.execute(calls);
        VM.assertEq(usdc.totalSupply(), 11, "neither");
    }

    function testFuzz_FixedReply_ReturnsOrRevertsWithItsBytes(
        bytes calldata reply,
        bytes calldata q
    ) external {
        FixedReply returning = new FixedReply(FixedReply.Behaviour.Return, reply);
        FixedReply reverting = new FixedReply(FixedReply.Behaviour.Revert, reply);
        Caller.Result memory good = caller.tryCall(address(returning), q);
        Caller.Result memory bad = caller.tryCall(address(reverting), q);
        VM.assertTrue(good.succeeded, "returns");
        VM.assertFalse(bad.succeeded, "reverts");
        VM.assertEq(good.data, reply, "returned bytes");
        VM.assertEq(bad.data, reply, "revert bytes");
    }

    function test_FixedReply_BurnsAllGasGiven() external {
        FixedReply burning = new FixedReply(FixedReply.Behaviour.BurnGas, "");
        uint256 before = gasleft();
        Caller.Result memory result = caller.tryCallWithGas(address(burning), "", 1_000_000);
        VM.assertFalse(result.succeeded, "fails");
        VM.assertEq(result.data.length, 0, "without data");
        VM.assertTrue(before - gasleft() > 1_000_000, "and without gas");
    }
}
