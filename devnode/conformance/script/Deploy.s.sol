// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Counter} from "../contracts/Counter.sol";

interface Vm {
    function startBroadcast() external;
    function stopBroadcast() external;
}

/// Deploys a counter and sets it, in two transactions.
contract Deploy {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    bool public IS_SCRIPT = true;

    function run() external returns (Counter counter) {
        VM.startBroadcast();
        counter = new Counter(5);
        counter.setNumber(6);
        VM.stopBroadcast();
    }
}
