// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Target
/// @notice What the tests call: it tells who calls, emits, reverts and keeps a number.
contract Target {
    uint256 private stored;

    error TooLarge(uint256 given, uint256 limit);
    error Plain();

    event NumberSet(address indexed by, uint256 indexed before, uint256 number);
    event Touched();

    constructor() payable {}

    function set(uint256 given) external payable returns (uint256 before) {
        before = stored;
        stored = given;
        emit NumberSet(msg.sender, before, given);
    }

    function number() external view returns (uint256) {
        return stored;
    }

    function callers() external view returns (address sender, address origin) {
        // solhint-disable-next-line avoid-tx-origin
        return (msg.sender, tx.origin);
    }

    function nested() external view returns (address sender, address origin) {
        return Target(address(this)).callers();
    }

    function limited(uint256 given) external pure returns (uint256) {
        if (given > 100) revert TooLarge(given, 100);
        if (given == 13) revert("unlucky");
        if (given == 14) revert Plain();
        return given;
    }

    function silent() external pure {
        // solhint-disable-next-line reason-string
        revert();
    }

    function divide(uint256 by) external pure returns (uint256) {
        return 100 / by;
    }

    function emitTwice(uint256 given) external {
        emit Touched();
        emit NumberSet(msg.sender, given, given);
        emit NumberSet(msg.sender, given, given);
    }

    function emitAnonymous(uint256 given) external {
        assembly ("memory-safe") {
            mstore(0, given)
            log1(0, 32, 77)
        }
    }
}

/// @title Relay
/// @notice Hands calls on, so that a target reverts below another contract.
contract Relay {
    function limited(Target target, uint256 given) external pure returns (uint256) {
        return target.limited(given);
    }

    function delegate(address target) external returns (address sender) {
        (bool success, bytes memory data) =
            target.delegatecall(abi.encodeCall(Target.callers, ()));
        require(success);
        (sender,) = abi.decode(data, (address, address));
    }
}

/// @title Built
/// @notice Its constructor takes an argument and value.
contract Built {
    uint256 public immutable ARGUMENT;
    address public immutable CREATOR;

    constructor(uint256 argument) payable {
        require(argument != 13, "unlucky");
        (ARGUMENT, CREATOR) = (argument, msg.sender);
    }
}
