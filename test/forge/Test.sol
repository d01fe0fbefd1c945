// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Vm
/// @notice The cheat codes that our tests use, a part of forge's.
interface Vm {
    function addr(uint256 privateKey) external pure returns (address);
    function assertEq(uint256 left, uint256 right, string calldata claim) external pure;
    function assertEq(int256 left, int256 right, string calldata claim) external pure;
    function assertEq(address left, address right, string calldata claim) external pure;
    function assertEq(bytes calldata left, bytes calldata right, string calldata claim)
        external
        pure;
    function assertEq(string calldata left, string calldata right, string calldata claim)
        external
        pure;
    function assertEq(bytes32 left, bytes32 right, string calldata claim) external pure;
    function assertTrue(bool condition, string calldata claim) external pure;
    function assertFalse(bool condition, string calldata claim) external pure;
    function assume(bool condition) external pure;
    function deal(address account, uint256 balance) external;
    function expectRevert(bytes calldata revertData) external;
    function expectEmit(address emitter) external;
    function prank(address sender) external;
    function startPrank(address sender) external;
    function stopPrank() external;
    function sign(uint256 privateKey, bytes32 digest)
        external
        pure
        returns (uint8 v, bytes32 r, bytes32 s);
    function warp(uint256 timestamp) external;
}

/// @title Test
/// @notice Base of every forge test: the address of the cheat codes, and named accounts.
/// @dev Every assertion names its claim, which is what a failing run prints.
abstract contract Test {
    /// @dev Where forge answers cheat codes: the last 20 bytes of keccak256("hevm cheat code").
    Vm internal constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @notice Tells forge that this contract holds tests.
    bool public constant IS_TEST = true;

    address internal constant ALICE = address(0xA11CE);
    address internal constant BOB = address(0xB0B);
    address internal constant CAROL = address(0xCA201);
}
