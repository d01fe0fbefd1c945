// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Built, Relay, Target} from "./Target.sol";
import {Conformance} from "./Vm.sol";

/// @notice Whose name calls are made in.
contract Prank is Conformance {
    address private constant ALICE = address(0xA11CE);
    address private constant BOB = address(0xB0B);
    Target private target;
    address private origin;

    function setUp() external {
        target = new Target();
        (, origin) = target.callers();
    }

    function check(address sender, address txOrigin) private view {
        (address seenSender, address seenOrigin) = target.callers();
        VM.assertEq(seenSender, sender, "sender");
        VM.assertEq(seenOrigin, txOrigin, "origin");
    }

    function test_prank_HoldsForOneCall() external {
        VM.prank(ALICE);
        check(ALICE, origin);
        check(address(this), origin);
    }

    function test_prank_WithOrigin() external {
        VM.prank(ALICE, BOB);
        check(ALICE, BOB);
        check(address(this), origin);
        VM.prank(ALICE, BOB);
        (address sender, address seen) = target.nested();
        VM.assertEq(sender, address(target), "nested calls are not changed");
        VM.assertEq(seen, BOB, "the origin is the transaction's");
    }

    function test_startPrank_HoldsUntilStopped() external {
        VM.startPrank(ALICE);
        check(ALICE, origin);
        check(ALICE, origin);
        VM.startPrank(BOB, BOB);
        check(BOB, BOB);
        VM.stopPrank();
        check(address(this), origin);
    }

    function test_prank_OfCreationsAndValue() external {
        VM.deal(ALICE, 5 ether);
        VM.startPrank(ALICE);
        Built built = new Built{value: 2 ether}(7);
        VM.stopPrank();
        VM.assertEq(built.CREATOR(), ALICE, "creator");
        VM.assertEq(address(built), VM.computeCreateAddress(ALICE, 0), "address");
        VM.prank(ALICE);
        target.set{value: 1 ether}(1);
        VM.assertEq(ALICE.balance, 2 ether, "value is the sender's");
    }

    function test_prank_OfDelegatedCalls() external {
        Relay relay = new Relay();
        VM.prank(address(relay), true);
        (bool success, bytes memory data) =
            address(target).delegatecall(abi.encodeCall(Target.callers, ()));
        VM.assertTrue(success);
        (address sender,) = abi.decode(data, (address, address));
        VM.assertEq(sender, address(relay), "sender");
        VM.prank(address(relay), BOB, true);
        (success, data) = address(target).delegatecall(abi.encodeCall(Target.callers, ()));
        (, address seen) = abi.decode(data, (address, address));
        VM.assertEq(seen, BOB, "origin");
        VM.startPrank(address(relay), true);
        (success, data) = address(target).delegatecall(abi.encodeCall(Target.callers, ()));
        VM.stopPrank();
        VM.startPrank(address(relay), BOB, true);
        (success, data) = address(target).delegatecall(abi.encodeCall(Target.callers, ()));
        VM.stopPrank();
        (sender, seen) = abi.decode(data, (address, address));
        VM.assertEq(sender, address(relay), "sender until stopped");
    }

    function test_readCallers_TellsTheMode() external {
        (uint256 mode, address sender,) = VM.readCallers();
        VM.assertEq(mode, 0);
        VM.prank(ALICE);
        (mode, sender,) = VM.readCallers();
        VM.assertEq(mode, 3);
        VM.assertEq(sender, ALICE);
        target.callers();
        VM.startPrank(BOB);
        (mode, sender,) = VM.readCallers();
        VM.assertEq(mode, 4);
        VM.assertEq(sender, BOB);
    }
}

/// @notice A prank of the set-up goes on in the tests.
contract PrankFromSetUp is Conformance {
    Target private target;

    function setUp() external {
        target = new Target();
        VM.startPrank(address(0xA11CE));
    }

    function test_startPrank_OutlivesTheSetUp() external view {
        (address sender,) = target.callers();
        VM.assertEq(sender, address(0xA11CE));
    }
}
