// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "../Test.sol";

/// @title Canary
/// @notice The test that must fail. If a run of it is ever reported as passed, no other green run means anything.
contract Canary is Test {
    function test_Canary_MustFail() external pure {
        VM.assertEq(uint256(1), uint256(2), "the canary fails by design");
    }
}
