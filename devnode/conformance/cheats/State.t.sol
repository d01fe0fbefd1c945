// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Built, Target} from "./Target.sol";
import {Conformance, Vm} from "./Vm.sol";

/// @notice Balances, code, storage, and the way back.
contract State is Conformance {
    Target private target;

    function setUp() external {
        target = new Target();
        target.set(3);
    }

    function test_deal_SetsTheBalance() external {
        VM.deal(address(0xA11CE), 7 ether);
        VM.assertEq(address(0xA11CE).balance, 7 ether);
        VM.deal(address(0xA11CE), 0);
        VM.assertEq(address(0xA11CE).balance, 0);
    }

    function test_etch_PutsCode() external {
        VM.etch(address(0xC0DE), address(target).code);
        Target(address(0xC0DE)).set(11);
        VM.assertEq(Target(address(0xC0DE)).number(), 11);
        VM.etch(address(0xC0DE), "");
        VM.assertEq(address(0xC0DE).code.length, 0);
    }

    function test_store_and_load() external {
        VM.assertEq(VM.load(address(target), 0), bytes32(uint256(3)));
        VM.store(address(target), 0, bytes32(uint256(12)));
        VM.assertEq(target.number(), 12);
    }

    function test_nonces() external {
        VM.setNonce(address(0xA11CE), 7);
        VM.assertEq(uint256(VM.getNonce(address(0xA11CE))), 7);
        VM.setNonceUnsafe(address(0xA11CE), 5);
        VM.assertEq(uint256(VM.getNonce(address(0xA11CE))), 5);
        VM.resetNonce(address(0xA11CE));
        VM.assertEq(uint256(VM.getNonce(address(0xA11CE))), 0);
        VM.resetNonce(address(target));
        VM.assertEq(uint256(VM.getNonce(address(target))), 1);
        VM._expectCheatcodeRevert();
        VM.setNonce(address(target), 0);
    }

    function test_computed_addresses() external {
        uint64 nonce = VM.getNonce(address(this));
        VM.assertEq(VM.computeCreateAddress(address(this), nonce), address(new Target()));
        bytes memory code = type(Target).creationCode;
        address expected = VM.computeCreate2Address(bytes32("s"), keccak256(code), address(this));
        VM.assertEq(expected, address(new Target{salt: "s"}()));
        VM.assertTrue(expected != VM.computeCreate2Address(bytes32("s"), keccak256(code)));
    }

    function test_snapshotState_BringsBack() external {
        VM.deal(address(0xA11CE), 1 ether);
        uint256 id = VM.snapshotState();
        target.set(99);
        VM.deal(address(0xA11CE), 5 ether);
        VM.warp(1_000_000);
        Target late = new Target();
        VM.assertTrue(VM.revertToState(id));
        VM.assertEq(target.number(), 3);
        VM.assertEq(address(0xA11CE).balance, 1 ether);
        VM.assertEq(VM.getBlockTimestamp(), 1);
        VM.assertEq(address(late).code.length, 0);
        target.set(98);
        VM.assertTrue(VM.revertToStateAndDelete(id));
        VM.assertEq(target.number(), 3);
        VM.assertFalse(VM.revertToState(id));
    }

    function test_snapshot_OldNames() external {
        uint256 id = VM.snapshot();
        target.set(99);
        VM.assertTrue(VM.revertTo(id));
        VM.assertEq(target.number(), 3);
        VM.assertTrue(VM.revertToAndDelete(id));
        id = VM.snapshot();
        VM.assertTrue(VM.deleteSnapshot(id));
        VM.assertFalse(VM.deleteStateSnapshot(id));
        id = VM.snapshot();
        VM.deleteSnapshots();
        VM.assertFalse(VM.revertTo(id));
        id = VM.snapshotState();
        VM.deleteStateSnapshots();
        VM.assertFalse(VM.revertTo(id));
    }

    function test_snapshotState_BelowAFrameThatReverts() external {
        uint256 id = VM.snapshotState();
        target.set(50);
        (bool success,) = address(this).call(abi.encodeCall(this.backAndRevert, (id)));
        VM.assertFalse(success);
        target.set(60);
        VM.assertEq(target.number(), 60);
    }

    function backAndRevert(uint256 id) external {
        payable(address(0xB0B)).transfer(1);
        target.set(51);
        VM.revertToState(id);
        payable(address(0xB0B)).transfer(1);
        target.set(52);
        revert("undone");
    }

    function test_lastCallGas() external {
        target.set{gas: 100_000}(4);
        Vm.Gas memory used = VM.lastCallGas();
        VM.assertEq(uint256(used.gasLimit), 100_000);
        VM.assertTrue(used.gasTotalUsed > 0);
    }

    function test_deployCode_AndItsForms() external {
        string memory name = "Target.sol:Built";
        bytes memory argument = abi.encode(7);
        Built built = Built(VM.deployCode(name, argument));
        VM.assertEq(built.ARGUMENT(), 7);
        VM.assertEq(built.CREATOR(), address(this));
        built = Built(VM.deployCode(name, argument, 5));
        VM.assertEq(address(built).balance, 5);
        built = Built(VM.deployCode(name, argument, bytes32("salt")));
        VM.assertEq(built.ARGUMENT(), 7);
        built = Built(VM.deployCode(name, argument, 6, bytes32("pepper")));
        VM.assertEq(address(built).balance, 6);
        Target made = Target(VM.deployCode("Target.sol:Target"));
        VM.assertEq(made.number(), 0);
        VM.assertTrue(address(VM.deployCode("Target.sol:Target", 8)).balance == 8);
        VM.assertTrue(VM.deployCode("Target.sol:Target", bytes32("a")).code.length > 0);
        VM.assertTrue(VM.deployCode("Target.sol:Target", 9, bytes32("b")).balance == 9);
    }

    function test_getCode_IsTheCompilers() external view {
        VM.assertEq(VM.getCode("Target.sol:Target"), type(Target).creationCode);
        VM.assertEq(VM.getDeployedCode("Target.sol:Target"), address(target).code);
    }
}

/// @notice The block that contracts see.
contract Block is Conformance {
    function test_block_Fields() external {
        VM.warp(1_700_000_000);
        VM.assertEq(block.timestamp, 1_700_000_000);
        VM.assertEq(VM.getBlockTimestamp(), 1_700_000_000);
        VM.roll(77);
        VM.assertEq(block.number, 77);
        VM.assertEq(VM.getBlockNumber(), 77);
        VM.fee(25 gwei);
        VM.assertEq(block.basefee, 25 gwei);
        VM.chainId(42_161);
        VM.assertEq(block.chainid, 42_161);
        VM.assertEq(VM.getChainId(), 42_161);
        VM.coinbase(address(0xC0));
        VM.assertEq(block.coinbase, address(0xC0));
        VM.prevrandao(bytes32(uint256(5)));
        VM.assertEq(block.prevrandao, 5);
        VM.prevrandao(uint256(6));
        VM.assertEq(block.prevrandao, 6);
        VM.txGasPrice(9 gwei);
        VM.assertEq(tx.gasprice, 9 gwei);
    }

    function test_block_StartsAsForgesDoes() external view {
        VM.assertEq(block.timestamp, 1);
        VM.assertEq(block.number, 1);
        VM.assertEq(block.chainid, 31_337);
        VM.assertEq(block.basefee, 0);
        VM.assertEq(tx.gasprice, 0);
        VM.assertEq(address(this).balance, type(uint96).max);
        VM.assertEq(address(this), 0x7FA9385bE102ac3EAc297483Dd6233D62b3e1496);
        VM.assertEq(msg.sender, 0x1804c8AB1F12E6bbf3894d4083f33e07309d1f38);
    }
}

/// @notice The environment of the set-up is that of the tests.
contract BlockFromSetUp is Conformance {
    function setUp() external {
        VM.warp(500);
        VM.roll(600);
    }

    function test_warp_OutlivesTheSetUp() external view {
        VM.assertEq(block.timestamp, 500);
        VM.assertEq(block.number, 600);
    }
}
