// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Asserts} from "./Asserts.sol";

/// @title Vm
/// @notice forge's cheat codes as far as novate-devnode answers them.
interface Vm is Asserts {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    struct Wallet {
        address addr;
        uint256 publicKeyX;
        uint256 publicKeyY;
        uint256 privateKey;
    }

    struct Gas {
        uint64 gasLimit;
        uint64 gasTotalUsed;
        uint64 gasMemoryUsed;
        int64 gasRefunded;
        uint64 gasRemaining;
    }

    // Senders.
    function prank(address) external;
    function prank(address, address) external;
    function prank(address, bool) external;
    function prank(address, address, bool) external;
    function startPrank(address) external;
    function startPrank(address, address) external;
    function startPrank(address, bool) external;
    function startPrank(address, address, bool) external;
    function stopPrank() external;
    function readCallers() external view returns (uint256 mode, address sender, address origin);

    // Block and chain.
    function warp(uint256) external;
    function roll(uint256) external;
    function fee(uint256) external;
    function chainId(uint256) external;
    function coinbase(address) external;
    function prevrandao(uint256) external;
    function prevrandao(bytes32) external;
    function difficulty(uint256) external;
    function txGasPrice(uint256) external;
    function getBlockTimestamp() external view returns (uint256);
    function getBlockNumber() external view returns (uint256);
    function getChainId() external view returns (uint256);

    // Accounts.
    function deal(address, uint256) external;
    function etch(address, bytes calldata) external;
    function store(address, bytes32, bytes32) external;
    function load(address, bytes32) external view returns (bytes32);
    function getNonce(address) external view returns (uint64);
    function getNonce(Wallet calldata) external view returns (uint64);
    function setNonce(address, uint64) external;
    function setNonceUnsafe(address, uint64) external;
    function resetNonce(address) external;
    function computeCreateAddress(address, uint256) external pure returns (address);
    function computeCreate2Address(bytes32, bytes32, address) external pure returns (address);
    function computeCreate2Address(bytes32, bytes32) external pure returns (address);

    // Snapshots.
    function snapshot() external returns (uint256);
    function snapshotState() external returns (uint256);
    function revertTo(uint256) external returns (bool);
    function revertToState(uint256) external returns (bool);
    function revertToAndDelete(uint256) external returns (bool);
    function revertToStateAndDelete(uint256) external returns (bool);
    function deleteSnapshot(uint256) external returns (bool);
    function deleteStateSnapshot(uint256) external returns (bool);
    function deleteSnapshots() external;
    function deleteStateSnapshots() external;

    // Expectations.
    function expectRevert() external;
    function expectRevert(bytes4) external;
    function expectRevert(bytes calldata) external;
    function expectRevert(address) external;
    function expectRevert(bytes4, address) external;
    function expectRevert(bytes calldata, address) external;
    function expectRevert(uint64) external;
    function expectRevert(bytes4, uint64) external;
    function expectRevert(bytes calldata, uint64) external;
    function expectRevert(address, uint64) external;
    function expectRevert(bytes4, address, uint64) external;
    function expectRevert(bytes calldata, address, uint64) external;
    function expectPartialRevert(bytes4) external;
    function expectPartialRevert(bytes4, address) external;
    function _expectCheatcodeRevert() external;
    function _expectCheatcodeRevert(bytes4) external;
    function _expectCheatcodeRevert(bytes calldata) external;
    function expectEmit() external;
    function expectEmit(address) external;
    function expectEmit(uint64) external;
    function expectEmit(address, uint64) external;
    function expectEmit(bool, bool, bool, bool) external;
    function expectEmit(bool, bool, bool, bool, address) external;
    function expectEmit(bool, bool, bool, bool, uint64) external;
    function expectEmit(bool, bool, bool, bool, address, uint64) external;
    function expectEmitAnonymous() external;
    function expectEmitAnonymous(address) external;
    function expectEmitAnonymous(bool, bool, bool, bool, bool) external;
    function expectEmitAnonymous(bool, bool, bool, bool, bool, address) external;
    function expectCall(address, bytes calldata) external;
    function expectCall(address, bytes calldata, uint64) external;
    function expectCall(address, uint256, bytes calldata) external;
    function expectCall(address, uint256, bytes calldata, uint64) external;
    function expectCall(address, uint256, uint64, bytes calldata) external;
    function expectCall(address, uint256, uint64, bytes calldata, uint64) external;
    function expectCallMinGas(address, uint256, uint64, bytes calldata) external;
    function expectCallMinGas(address, uint256, uint64, bytes calldata, uint64) external;

    // Mocks.
    function mockCall(address, bytes calldata, bytes calldata) external;
    function mockCall(address, uint256, bytes calldata, bytes calldata) external;
    function mockCall(address, bytes4, bytes calldata) external;
    function mockCall(address, uint256, bytes4, bytes calldata) external;
    function mockCalls(address, bytes calldata, bytes[] calldata) external;
    function mockCalls(address, uint256, bytes calldata, bytes[] calldata) external;
    function mockCallRevert(address, bytes calldata, bytes calldata) external;
    function mockCallRevert(address, uint256, bytes calldata, bytes calldata) external;
    function mockCallRevert(address, bytes4, bytes calldata) external;
    function mockCallRevert(address, uint256, bytes4, bytes calldata) external;
    function mockFunction(address, address, bytes calldata) external;
    function clearMockedCalls() external;

    // Keys.
    function addr(uint256) external pure returns (address);
    function sign(uint256, bytes32) external pure returns (uint8, bytes32, bytes32);
    function sign(Wallet calldata, bytes32) external returns (uint8, bytes32, bytes32);
    function signCompact(uint256, bytes32) external pure returns (bytes32, bytes32);
    function signCompact(Wallet calldata, bytes32) external returns (bytes32, bytes32);
    function createWallet(string calldata) external returns (Wallet memory);
    function createWallet(uint256) external returns (Wallet memory);
    function createWallet(uint256, string calldata) external returns (Wallet memory);

    // Records.
    function recordLogs() external;
    function getRecordedLogs() external returns (Log[] memory);
    function lastCallGas() external view returns (Gas memory);
    function label(address, string calldata) external;
    function getLabel(address) external view returns (string memory);

    // The test itself.
    function assume(bool) external pure;
    function skip(bool) external;
    function skip(bool, string calldata) external;
    function allowCheatcodes(address) external;
    function breakpoint(string calldata) external pure;
    function breakpoint(string calldata, bool) external pure;
    function sleep(uint256) external;
    function unixTime() external view returns (uint256);
    function isContext(uint8) external view returns (bool);

    // Code and files.
    function getCode(string calldata) external view returns (bytes memory);
    function getDeployedCode(string calldata) external view returns (bytes memory);
    function deployCode(string calldata) external returns (address);
    function deployCode(string calldata, bytes calldata) external returns (address);
    function deployCode(string calldata, uint256) external returns (address);
    function deployCode(string calldata, bytes calldata, uint256) external returns (address);
    function deployCode(string calldata, bytes32) external returns (address);
    function deployCode(string calldata, bytes calldata, bytes32) external returns (address);
    function deployCode(string calldata, uint256, bytes32) external returns (address);
    function deployCode(string calldata, bytes calldata, uint256, bytes32)
        external
        returns (address);
    function projectRoot() external view returns (string memory);
    function readFile(string calldata) external view returns (string memory);
    function readFileBinary(string calldata) external view returns (bytes memory);
    function exists(string calldata) external view returns (bool);
    function isFile(string calldata) external view returns (bool);
    function isDir(string calldata) external view returns (bool);

    // Environment variables.
    function setEnv(string calldata, string calldata) external;
    function envExists(string calldata) external view returns (bool);
    function envBool(string calldata) external view returns (bool);
    function envUint(string calldata) external view returns (uint256);
    function envInt(string calldata) external view returns (int256);
    function envAddress(string calldata) external view returns (address);
    function envBytes32(string calldata) external view returns (bytes32);
    function envString(string calldata) external view returns (string memory);
    function envBytes(string calldata) external view returns (bytes memory);
    function envBool(string calldata, string calldata) external view returns (bool[] memory);
    function envUint(string calldata, string calldata) external view returns (uint256[] memory);
    function envInt(string calldata, string calldata) external view returns (int256[] memory);
    function envAddress(string calldata, string calldata) external view returns (address[] memory);
    function envBytes32(string calldata, string calldata) external view returns (bytes32[] memory);
    function envString(string calldata, string calldata) external view returns (string[] memory);
    function envBytes(string calldata, string calldata) external view returns (bytes[] memory);
    function envOr(string calldata, bool) external view returns (bool);
    function envOr(string calldata, uint256) external view returns (uint256);
    function envOr(string calldata, int256) external view returns (int256);
    function envOr(string calldata, address) external view returns (address);
    function envOr(string calldata, bytes32) external view returns (bytes32);
    function envOr(string calldata, string calldata) external view returns (string memory);
    function envOr(string calldata, bytes calldata) external view returns (bytes memory);
    function envOr(string calldata, string calldata, bool[] calldata)
        external
        view
        returns (bool[] memory);
    function envOr(string calldata, string calldata, uint256[] calldata)
        external
        view
        returns (uint256[] memory);
    function envOr(string calldata, string calldata, int256[] calldata)
        external
        view
        returns (int256[] memory);
    function envOr(string calldata, string calldata, address[] calldata)
        external
        view
        returns (address[] memory);
    function envOr(string calldata, string calldata, bytes32[] calldata)
        external
        view
        returns (bytes32[] memory);
    function envOr(string calldata, string calldata, string[] calldata)
        external
        view
        returns (string[] memory);
    function envOr(string calldata, string calldata, bytes[] calldata)
        external
        view
        returns (bytes[] memory);

    // Text.
    function toString(address) external pure returns (string memory);
    function toString(bytes calldata) external pure returns (string memory);
    function toString(bytes32) external pure returns (string memory);
    function toString(bool) external pure returns (string memory);
    function toString(uint256) external pure returns (string memory);
    function toString(int256) external pure returns (string memory);
    function parseBytes(string calldata) external pure returns (bytes memory);
    function parseAddress(string calldata) external pure returns (address);
    function parseUint(string calldata) external pure returns (uint256);
    function parseInt(string calldata) external pure returns (int256);
    function parseBytes32(string calldata) external pure returns (bytes32);
    function parseBool(string calldata) external pure returns (bool);
    function toLowercase(string calldata) external pure returns (string memory);
    function toUppercase(string calldata) external pure returns (string memory);
    function trim(string calldata) external pure returns (string memory);
    function replace(string calldata, string calldata, string calldata)
        external
        pure
        returns (string memory);
    function split(string calldata, string calldata) external pure returns (string[] memory);
    function indexOf(string calldata, string calldata) external pure returns (uint256);
    function contains(string calldata, string calldata) external pure returns (bool);
    function toBase64(bytes calldata) external pure returns (string memory);
    function toBase64(string calldata) external pure returns (string memory);
    function toBase64URL(bytes calldata) external pure returns (string memory);
    function toBase64URL(string calldata) external pure returns (string memory);

    // Numbers and chance.
    function sort(uint256[] calldata) external pure returns (uint256[] memory);
    function randomUint() external view returns (uint256);
    function randomUint(uint256) external view returns (uint256);
    function randomUint(uint256, uint256) external view returns (uint256);
    function randomInt() external view returns (int256);
    function randomInt(uint256) external view returns (int256);
    function randomAddress() external view returns (address);
    function randomBool() external view returns (bool);
    function randomBytes(uint256) external view returns (bytes memory);
    function setSeed(uint256) external;
}

/// @title Conformance
/// @notice Base of the tests: they have to end alike under forge and under novate-devnode.
abstract contract Conformance {
    Vm internal constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    bool public constant IS_TEST = true;
}
