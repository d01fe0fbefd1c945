// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Built, Relay, Target} from "./Target.sol";
import {Conformance, Vm} from "./Vm.sol";

/// @notice Reverts that have to come.
contract ExpectRevert is Conformance {
    Target private target;
    Relay private relay;

    function setUp() external {
        (target, relay) = (new Target(), new Relay());
    }

    function tooLarge(uint256 given) private pure returns (bytes memory) {
        return abi.encodeWithSelector(Target.TooLarge.selector, given, 100);
    }

    function test_expectRevert_Any() external {
        VM.expectRevert();
        target.limited(101);
        VM.expectRevert();
        target.silent();
    }

    function test_expectRevert_Selector() external {
        VM.expectRevert(Target.Plain.selector);
        target.limited(14);
        VM.expectPartialRevert(Target.TooLarge.selector);
        target.limited(101);
        VM.expectPartialRevert(Target.TooLarge.selector, address(target));
        target.limited(101);
    }

    function test_expectRevert_Data() external {
        VM.expectRevert(tooLarge(101));
        target.limited(101);
        VM.expectRevert("unlucky");
        target.limited(13);
        VM.expectRevert(bytes("unlucky"));
        target.limited(13);
        VM.expectRevert(abi.encodeWithSignature("Panic(uint256)", 0x12));
        target.divide(0);
        VM.expectRevert(bytes(""));
        target.silent();
    }

    function test_expectRevert_ByWhom() external {
        VM.expectRevert(address(target));
        relay.limited(target, 101);
        VM.expectRevert(Target.Plain.selector, address(target));
        relay.limited(target, 14);
        VM.expectRevert(tooLarge(101), address(target));
        relay.limited(target, 101);
    }

    function test_expectRevert_Counted() external {
        VM.expectRevert(uint64(2));
        target.limited(101);
        target.limited(102);
        VM.expectRevert(Target.Plain.selector, uint64(2));
        target.limited(14);
        target.limited(14);
        VM.expectRevert(tooLarge(101), uint64(1));
        target.limited(101);
        VM.expectRevert(address(target), uint64(2));
        target.limited(101);
        target.limited(14);
        VM.expectRevert(Target.Plain.selector, address(target), uint64(2));
        target.limited(14);
        target.limited(14);
        VM.expectRevert(tooLarge(101), address(target), uint64(2));
        target.limited(101);
        target.limited(101);
    }

    function test_expectRevert_OfCreations() external {
        VM.expectRevert("unlucky");
        new Built(13);
    }

    function test_expectRevert_WithAPrankBetween() external {
        VM.expectRevert(tooLarge(500));
        VM.prank(address(1));
        target.limited(500);
    }

    function test_expectRevert_ReturnsZeros() external {
        VM.expectRevert();
        uint256 returned = target.limited(101);
        VM.assertEq(returned, 0);
    }

    function test_expectCheatcodeRevert_OfCheatCodes() external {
        VM._expectCheatcodeRevert();
        VM.assertTrue(false);
        VM._expectCheatcodeRevert(bytes("my claim"));
        VM.assertTrue(false, "my claim");
        VM._expectCheatcodeRevert();
        VM.addr(0);
    }
}

/// @notice Events that have to come.
contract ExpectEmit is Conformance {
    Target private target;

    event NumberSet(address indexed by, uint256 indexed before, uint256 number);
    event Touched();
    event Bare(uint256 given) anonymous;

    function setUp() external {
        target = new Target();
    }

    function test_expectEmit_Whole() external {
        VM.expectEmit();
        emit NumberSet(address(this), 0, 5);
        target.set(5);
        VM.expectEmit(address(target));
        emit NumberSet(address(this), 5, 6);
        target.set(6);
    }

    function test_expectEmit_Parts() external {
        VM.expectEmit(true, false, false, true);
        emit NumberSet(address(this), 999, 5);
        target.set(5);
        VM.expectEmit(true, true, false, false, address(target));
        emit NumberSet(address(this), 5, 999);
        target.set(6);
    }

    function test_expectEmit_Several() external {
        VM.expectEmit();
        emit Touched();
        VM.expectEmit(true, true, true, true);
        emit NumberSet(address(this), 4, 4);
        target.emitTwice(4);
        // Others may come before and after.
        VM.expectEmit();
        emit NumberSet(address(this), 4, 4);
        target.emitTwice(4);
    }

    function test_expectEmit_Counted() external {
        VM.expectEmit(uint64(2));
        emit NumberSet(address(this), 4, 4);
        target.emitTwice(4);
        VM.expectEmit(address(target), uint64(2));
        emit NumberSet(address(this), 4, 4);
        target.emitTwice(4);
        VM.expectEmit(true, false, false, false, uint64(2));
        emit NumberSet(address(this), 0, 0);
        target.emitTwice(4);
        VM.expectEmit(true, false, false, false, address(target), uint64(2));
        emit NumberSet(address(this), 0, 0);
        target.emitTwice(4);
    }

    function test_expectEmit_None() external {
        VM.expectEmit(uint64(0));
        emit Touched();
        target.set(1);
    }

    function test_expectEmitAnonymous() external {
        VM.expectEmitAnonymous();
        bare(9);
        target.emitAnonymous(9);
        VM.expectEmitAnonymous(address(target));
        bare(9);
        target.emitAnonymous(9);
        VM.expectEmitAnonymous(true, false, false, false, false);
        bare(8);
        target.emitAnonymous(9);
        VM.expectEmitAnonymous(true, false, false, false, true, address(target));
        bare(9);
        target.emitAnonymous(9);
    }

    function bare(uint256 given) private {
        assembly ("memory-safe") {
            mstore(0, given)
            log1(0, 32, 77)
        }
    }
}

/// @notice Calls that have to come.
contract ExpectCall is Conformance {
    Target private target;

    function setUp() external {
        target = new Target();
    }

    function test_expectCall_ByData() external {
        VM.expectCall(address(target), abi.encodeCall(Target.set, (5)));
        VM.expectCall(address(target), abi.encodePacked(Target.limited.selector));
        target.set(5);
        target.limited(7);
        target.limited(8);
    }

    function test_expectCall_ByValue() external {
        VM.expectCall(address(target), 1 ether, abi.encodeCall(Target.set, (5)));
        target.set{value: 1 ether}(5);
        VM.expectCall(address(target), 1 ether, abi.encodeCall(Target.set, (6)), 1);
        target.set{value: 1 ether}(6);
    }

    function test_expectCall_Counted() external {
        VM.expectCall(address(target), abi.encodeCall(Target.set, (5)), 2);
        VM.expectCall(address(target), abi.encodeCall(Target.set, (6)), 0);
        target.set(5);
        target.set(5);
    }

    function test_expectCall_ByGas() external {
        VM.expectCall(address(target), 0, 50_000, abi.encodeCall(Target.set, (5)));
        target.set{gas: 50_000}(5);
        VM.expectCall(address(target), 0, 60_000, abi.encodeCall(Target.set, (6)), 1);
        target.set{gas: 60_000}(6);
        VM.expectCallMinGas(address(target), 0, 40_000, abi.encodeCall(Target.set, (7)));
        target.set{gas: 70_000}(7);
        VM.expectCallMinGas(address(target), 0, 40_000, abi.encodeCall(Target.set, (8)), 1);
        target.set{gas: 70_000}(8);
    }

    function test_expectCall_BelowOtherCalls() external {
        VM.expectCall(address(target), abi.encodeCall(Target.callers, ()));
        target.nested();
    }
}

/// @notice Calls that are answered without code.
contract Mock is Conformance {
    Target private target;

    function setUp() external {
        target = new Target();
    }

    function test_mockCall_Answers() external {
        bytes memory get = abi.encodeCall(Target.number, ());
        VM.mockCall(address(target), get, abi.encode(42));
        VM.assertEq(target.number(), 42);
        VM.clearMockedCalls();
        VM.assertEq(target.number(), 0);
        VM.mockCall(address(target), Target.limited.selector, abi.encode(1));
        VM.mockCall(address(target), abi.encodeCall(Target.limited, (5)), abi.encode(2));
        VM.assertEq(target.limited(4), 1, "by selector");
        VM.assertEq(target.limited(5), 2, "the longer one");
    }

    function test_mockCall_ByValue() external {
        VM.mockCall(address(target), 7, abi.encodeCall(Target.set, (5)), abi.encode(70));
        VM.mockCall(address(target), 8, Target.set.selector, abi.encode(80));
        VM.assertEq(target.set{value: 7}(5), 70);
        VM.assertEq(target.set{value: 8}(5), 80);
        VM.assertEq(target.set(5), 0);
    }

    function test_mockCall_WithoutCode() external {
        address nobody = address(0xdead1);
        VM.mockCall(nobody, abi.encodeCall(Target.number, ()), abi.encode(9));
        VM.assertEq(Target(nobody).number(), 9);
    }

    function test_mockCalls_InTurn() external {
        bytes[] memory answers = new bytes[](2);
        (answers[0], answers[1]) = (abi.encode(1), abi.encode(2));
        VM.mockCalls(address(target), abi.encodeCall(Target.number, ()), answers);
        VM.assertEq(target.number(), 1);
        VM.assertEq(target.number(), 2);
        VM.assertEq(target.number(), 2);
        VM.mockCalls(address(target), 5, abi.encodeCall(Target.set, (1)), answers);
        VM.assertEq(target.set{value: 5}(1), 1);
        VM.assertEq(target.set{value: 5}(1), 2);
    }

    function test_mockCallRevert_Reverts() external {
        bytes memory reason = abi.encodeWithSignature("Error(string)", "mocked");
        VM.mockCallRevert(address(target), abi.encodeCall(Target.number, ()), reason);
        VM.expectRevert("mocked");
        target.number();
        VM.mockCallRevert(address(target), 3, abi.encodeCall(Target.set, (1)), reason);
        VM.expectRevert("mocked");
        target.set{value: 3}(1);
        VM.mockCallRevert(address(target), Target.limited.selector, reason);
        VM.expectRevert("mocked");
        target.limited(1);
        VM.mockCallRevert(address(target), 4, Target.set.selector, reason);
        VM.expectRevert("mocked");
        target.set{value: 4}(9);
    }

    function test_mockFunction_RunsOtherCode() external {
        Other other = new Other();
        VM.mockFunction(
            address(target), address(other), abi.encodePacked(Target.limited.selector)
        );
        VM.assertEq(target.limited(5), 1_005);
        VM.assertEq(target.number(), 0);
    }
}

contract Other {
    function limited(uint256 given) external pure returns (uint256) {
        return given + 1_000;
    }
}
