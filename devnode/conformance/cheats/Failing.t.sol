// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Relay, Target} from "./Target.sol";
import {Conformance} from "./Vm.sol";

/// @notice Every test here must fail, for the reason in its name.
contract Failing is Conformance {
    Target private target;

    event NumberSet(address indexed by, uint256 indexed before, uint256 number);

    function setUp() external {
        target = new Target();
    }

    function test_Revert() external view {
        target.limited(101);
    }

    function test_Assertion() external pure {
        VM.assertEq(uint256(1), uint256(2), "claim");
    }

    function test_Panic() external view {
        target.divide(0);
    }

    function test_expectRevert_Missing() external {
        VM.expectRevert();
        target.limited(1);
    }

    function test_expectRevert_OtherData() external {
        VM.expectRevert("lucky");
        target.limited(13);
    }

    function test_expectRevert_SelectorOfDataWithArguments() external {
        VM.expectRevert(Target.TooLarge.selector);
        target.limited(101);
    }

    function test_expectRevert_OtherReverter() external {
        VM.expectRevert(address(this));
        target.limited(13);
    }

    function test_expectRevert_TooFew() external {
        VM.expectRevert(uint64(3));
        target.limited(101);
        target.limited(101);
    }

    function test_expectRevert_NoCallFollows() external {
        VM.expectRevert();
    }

    function test_expectRevert_OfTheTestItself() external {
        VM.expectRevert(bytes("mine"));
        revert("mine");
    }

    function test_expectRevert_Twice() external {
        VM.expectRevert();
        VM.expectRevert();
        target.limited(101);
    }

    function test_expectEmit_Missing() external {
        VM.expectEmit();
        emit NumberSet(address(this), 0, 5);
        target.callers();
        target.limited(1);
    }

    function test_expectEmit_OtherData() external {
        VM.expectEmit();
        emit NumberSet(address(this), 0, 6);
        target.set(5);
    }

    function test_expectEmit_OtherEmitter() external {
        VM.expectEmit(address(1));
        emit NumberSet(address(this), 0, 5);
        target.set(5);
    }

    function test_expectEmit_WrongOrder() external {
        VM.expectEmit();
        emit NumberSet(address(this), 4, 4);
        VM.expectEmit();
        emit Target.Touched();
        target.emitTwice(4);
    }

    function test_expectEmit_TooFew() external {
        VM.expectEmit(uint64(3));
        emit NumberSet(address(this), 4, 4);
        target.emitTwice(4);
    }

    function test_expectCall_Missing() external {
        VM.expectCall(address(target), abi.encodeCall(Target.set, (5)));
        target.set(6);
    }

    function test_expectCall_TooMany() external {
        VM.expectCall(address(target), abi.encodeCall(Target.set, (5)), 1);
        target.set(5);
        target.set(5);
    }

    function test_prank_Unused() external {
        VM.prank(address(1));
        VM.prank(address(2));
    }

    function test_addr_OfZero() external pure {
        VM.addr(0);
    }

    function test_difficulty_IsGone() external {
        VM.difficulty(5);
    }

    function test_expectCheatcodeRevert_SelectorOfDataWithText() external {
        VM._expectCheatcodeRevert(bytes4(keccak256("CheatcodeError(string)")));
        VM.addr(0);
    }

    function test_env_Missing() external view {
        VM.envUint("NOVATE_TEST_NONE");
    }

    function test_readFile_OutsideTheProject() external view {
        VM.readFile("../../../../etc/passwd");
    }

    function test_parse_Nonsense() external pure {
        VM.parseUint("twelve");
    }

    function test_OutOfGas() external view {
        target.limited{gas: 10}(1);
    }

    function test_failedSlot() external {
        VM.store(address(VM), "failed", bytes32(uint256(1)));
    }

    function testFuzz_FindsTheEdge(uint256 number) external pure {
        VM.assertTrue(number < 1_000_000, "too large");
    }

    function testFuzz_RejectsAll(uint256) external pure {
        VM.assume(false);
    }
}

/// @notice Its set-up fails, and so do its tests.
contract FailingSetUp is Conformance {
    function setUp() external pure {
        revert("set-up");
    }

    function test_NotReached() external pure {}
}
