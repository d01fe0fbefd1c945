// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// A number that anyone may set, with everything that clients have to decode.
contract Counter {
    uint256 public number;

    error TooLarge(uint256 given, uint256 limit);

    event NumberSet(address indexed by, uint256 number);

    constructor(uint256 first) {
        number = first;
    }

    function setNumber(uint256 given) external payable returns (uint256 before) {
        if (given > 1000) revert TooLarge(given, 1000);
        require(given != 13, "unlucky");
        before = number;
        number = given;
        emit NumberSet(msg.sender, given);
    }

    function today() external view returns (uint256) {
        return block.timestamp;
    }
}
