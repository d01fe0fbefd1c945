// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title FixedReply
/// @notice Answers every call the same way: with given bytes, with a revert of given bytes, or by using up all its gas. It
/// stands for a feed, token or module that is broken: replies too short, too long, of the wrong type, or none.
contract FixedReply {
    /// @notice What every call meets.
    enum Behaviour {
        Return,
        Revert,
        BurnGas
    }

    Behaviour private immutable BEHAVIOUR;
    bytes private _reply;

    /// @param behaviour What every call meets.
    /// @param reply The bytes returned or reverted with.
    constructor(Behaviour behaviour, bytes memory reply) {
        BEHAVIOUR = behaviour;
        _reply = reply;
    }

    /// @dev Takes ether too, so that a refusal always has the cause under test.
    fallback() external payable {
        if (BEHAVIOUR == Behaviour.BurnGas) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        bytes memory reply = _reply;
        bool reverts = BEHAVIOUR == Behaviour.Revert;
        assembly ("memory-safe") {
            if reverts { revert(add(reply, 32), mload(reply)) }
            return(add(reply, 32), mload(reply))
        }
    }
}
