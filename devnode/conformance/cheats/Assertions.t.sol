// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Conformance} from "./Vm.sol";

/// @notice Every assertion holds where it should; Failing.t.sol has those that fail.
contract Assertions is Conformance {
    function test_assertTrue() external pure {
        VM.assertTrue(true);
        VM.assertTrue(true, "claim");
    }

    function test_assertFalse() external pure {
        VM.assertFalse(false);
        VM.assertFalse(false, "claim");
    }

    function test_assertEq_bool() external pure {
        VM.assertEq(true, true);
        VM.assertEq(true, true, "claim");
    }

    function test_assertNotEq_bool() external pure {
        VM.assertNotEq(true, false);
        VM.assertNotEq(true, false, "claim");
    }

    function test_assertEq_boolArray() external pure {
        bool[] memory left = new bool[](2);
        bool[] memory right = new bool[](2);
        (left[0], right[0]) = (true, true);
        (left[1], right[1]) = (false, false);
        VM.assertEq(left, right);
        VM.assertEq(left, right, "claim");
    }

    function test_assertNotEq_boolArray() external pure {
        bool[] memory left = new bool[](2);
        bool[] memory right = new bool[](2);
        (left[0], right[0]) = (true, true);
        (left[1], right[1]) = (false, true);
        VM.assertNotEq(left, right);
        VM.assertNotEq(left, right, "claim");
    }

    function test_assertEq_uint256() external pure {
        VM.assertEq(uint256(7), uint256(7));
        VM.assertEq(uint256(7), uint256(7), "claim");
    }

    function test_assertNotEq_uint256() external pure {
        VM.assertNotEq(uint256(7), uint256(8));
        VM.assertNotEq(uint256(7), uint256(8), "claim");
    }

    function test_assertEq_uint256Array() external pure {
        uint256[] memory left = new uint256[](2);
        uint256[] memory right = new uint256[](2);
        (left[0], right[0]) = (uint256(7), uint256(7));
        (left[1], right[1]) = (uint256(8), uint256(8));
        VM.assertEq(left, right);
        VM.assertEq(left, right, "claim");
    }

    function test_assertNotEq_uint256Array() external pure {
        uint256[] memory left = new uint256[](2);
        uint256[] memory right = new uint256[](2);
        (left[0], right[0]) = (uint256(7), uint256(7));
        (left[1], right[1]) = (uint256(8), uint256(7));
        VM.assertNotEq(left, right);
        VM.assertNotEq(left, right, "claim");
    }

    function test_assertEq_int256() external pure {
        VM.assertEq(int256(-7), int256(-7));
        VM.assertEq(int256(-7), int256(-7), "claim");
    }

    function test_assertNotEq_int256() external pure {
        VM.assertNotEq(int256(-7), int256(8));
        VM.assertNotEq(int256(-7), int256(8), "claim");
    }

    function test_assertEq_int256Array() external pure {
        int256[] memory left = new int256[](2);
        int256[] memory right = new int256[](2);
        (left[0], right[0]) = (int256(-7), int256(-7));
        (left[1], right[1]) = (int256(8), int256(8));
        VM.assertEq(left, right);
        VM.assertEq(left, right, "claim");
    }

    function test_assertNotEq_int256Array() external pure {
        int256[] memory left = new int256[](2);
        int256[] memory right = new int256[](2);
        (left[0], right[0]) = (int256(-7), int256(-7));
        (left[1], right[1]) = (int256(8), int256(-7));
        VM.assertNotEq(left, right);
        VM.assertNotEq(left, right, "claim");
    }

    function test_assertEq_address() external pure {
        VM.assertEq(address(7), address(7));
        VM.assertEq(address(7), address(7), "claim");
    }

    function test_assertNotEq_address() external pure {
        VM.assertNotEq(address(7), address(8));
        VM.assertNotEq(address(7), address(8), "claim");
    }

    function test_assertEq_addressArray() external pure {
        address[] memory left = new address[](2);
        address[] memory right = new address[](2);
        (left[0], right[0]) = (address(7), address(7));
        (left[1], right[1]) = (address(8), address(8));
        VM.assertEq(left, right);
        VM.assertEq(left, right, "claim");
    }

    function test_assertNotEq_addressArray() external pure {
        address[] memory left = new address[](2);
        address[] memory right = new address[](2);
        (left[0], right[0]) = (address(7), address(7));
        (left[1], right[1]) = (address(8), address(7));
        VM.assertNotEq(left, right);
        VM.assertNotEq(left, right, "claim");
    }

    function test_assertEq_bytes32() external pure {
        VM.assertEq(bytes32(uint256(7)), bytes32(uint256(7)));
        VM.assertEq(bytes32(uint256(7)), bytes32(uint256(7)), "claim");
    }

    function test_assertNotEq_bytes32() external pure {
        VM.assertNotEq(bytes32(uint256(7)), bytes32(uint256(8)));
        VM.assertNotEq(bytes32(uint256(7)), bytes32(uint256(8)), "claim");
    }

    function test_assertEq_bytes32Array() external pure {
        bytes32[] memory left = new bytes32[](2);
        bytes32[] memory right = new bytes32[](2);
        (left[0], right[0]) = (bytes32(uint256(7)), bytes32(uint256(7)));
        (left[1], right[1]) = (bytes32(uint256(8)), bytes32(uint256(8)));
        VM.assertEq(left, right);
        VM.assertEq(left, right, "claim");
    }

    function test_assertNotEq_bytes32Array() external pure {
        bytes32[] memory left = new bytes32[](2);
        bytes32[] memory right = new bytes32[](2);
        (left[0], right[0]) = (bytes32(uint256(7)), bytes32(uint256(7)));
        (left[1], right[1]) = (bytes32(uint256(8)), bytes32(uint256(7)));
        VM.assertNotEq(left, right);
        VM.assertNotEq(left, right, "claim");
    }

    function test_assertEq_string() external pure {
        VM.assertEq(string("seven"), string("seven"));
        VM.assertEq(string("seven"), string("seven"), "claim");
    }

    function test_assertNotEq_string() external pure {
        VM.assertNotEq(string("seven"), string("eight"));
        VM.assertNotEq(string("seven"), string("eight"), "claim");
    }

    function test_assertEq_stringArray() external pure {
        string[] memory left = new string[](2);
        string[] memory right = new string[](2);
        (left[0], right[0]) = (string("seven"), string("seven"));
        (left[1], right[1]) = (string("eight"), string("eight"));
        VM.assertEq(left, right);
        VM.assertEq(left, right, "claim");
    }

    function test_assertNotEq_stringArray() external pure {
        string[] memory left = new string[](2);
        string[] memory right = new string[](2);
        (left[0], right[0]) = (string("seven"), string("seven"));
        (left[1], right[1]) = (string("eight"), string("seven"));
        VM.assertNotEq(left, right);
        VM.assertNotEq(left, right, "claim");
    }

    function test_assertEq_bytes() external pure {
        VM.assertEq(bytes(hex"07"), bytes(hex"07"));
        VM.assertEq(bytes(hex"07"), bytes(hex"07"), "claim");
    }

    function test_assertNotEq_bytes() external pure {
        VM.assertNotEq(bytes(hex"07"), bytes(hex"0708"));
        VM.assertNotEq(bytes(hex"07"), bytes(hex"0708"), "claim");
    }

    function test_assertEq_bytesArray() external pure {
        bytes[] memory left = new bytes[](2);
        bytes[] memory right = new bytes[](2);
        (left[0], right[0]) = (bytes(hex"07"), bytes(hex"07"));
        (left[1], right[1]) = (bytes(hex"0708"), bytes(hex"0708"));
        VM.assertEq(left, right);
        VM.assertEq(left, right, "claim");
    }

    function test_assertNotEq_bytesArray() external pure {
        bytes[] memory left = new bytes[](2);
        bytes[] memory right = new bytes[](2);
        (left[0], right[0]) = (bytes(hex"07"), bytes(hex"07"));
        (left[1], right[1]) = (bytes(hex"0708"), bytes(hex"07"));
        VM.assertNotEq(left, right);
        VM.assertNotEq(left, right, "claim");
    }

    function test_assertLt_uint256() external pure {
        VM.assertLt(uint256(1), uint256(2));
        VM.assertLt(uint256(1), uint256(2), "claim");
    }

    function test_assertLe_uint256() external pure {
        VM.assertLe(uint256(2), uint256(2));
        VM.assertLe(uint256(2), uint256(2), "claim");
    }

    function test_assertGt_uint256() external pure {
        VM.assertGt(uint256(3), uint256(2));
        VM.assertGt(uint256(3), uint256(2), "claim");
    }

    function test_assertGe_uint256() external pure {
        VM.assertGe(uint256(2), uint256(2));
        VM.assertGe(uint256(2), uint256(2), "claim");
    }

    function test_assertLtDecimal_uint256() external pure {
        VM.assertLtDecimal(uint256(1), uint256(2), 18);
        VM.assertLtDecimal(uint256(1), uint256(2), 18, "claim");
    }

    function test_assertLeDecimal_uint256() external pure {
        VM.assertLeDecimal(uint256(2), uint256(2), 18);
        VM.assertLeDecimal(uint256(2), uint256(2), 18, "claim");
    }

    function test_assertGtDecimal_uint256() external pure {
        VM.assertGtDecimal(uint256(3), uint256(2), 18);
        VM.assertGtDecimal(uint256(3), uint256(2), 18, "claim");
    }

    function test_assertGeDecimal_uint256() external pure {
        VM.assertGeDecimal(uint256(2), uint256(2), 18);
        VM.assertGeDecimal(uint256(2), uint256(2), 18, "claim");
    }

    function test_assertEqDecimal_uint256() external pure {
        VM.assertEqDecimal(uint256(5), uint256(5), 18);
        VM.assertEqDecimal(uint256(5), uint256(5), 18, "claim");
    }

    function test_assertNotEqDecimal_uint256() external pure {
        VM.assertNotEqDecimal(uint256(5), uint256(6), 18);
        VM.assertNotEqDecimal(uint256(5), uint256(6), 18, "claim");
    }

    function test_assertApproxEqAbs_uint256() external pure {
        VM.assertApproxEqAbs(uint256(95), uint256(105), 10);
        VM.assertApproxEqAbs(uint256(95), uint256(105), 10, "claim");
    }

    function test_assertApproxEqAbsDecimal_uint256() external pure {
        VM.assertApproxEqAbsDecimal(uint256(95), uint256(105), 10, 18);
        VM.assertApproxEqAbsDecimal(uint256(95), uint256(105), 10, 18, "claim");
    }

    function test_assertApproxEqRel_uint256() external pure {
        VM.assertApproxEqRel(uint256(101), uint256(100), 0.01e18);
        VM.assertApproxEqRel(uint256(101), uint256(100), 0.01e18, "claim");
    }

    function test_assertApproxEqRelDecimal_uint256() external pure {
        VM.assertApproxEqRelDecimal(uint256(101), uint256(100), 0.01e18, 18);
        VM.assertApproxEqRelDecimal(uint256(101), uint256(100), 0.01e18, 18, "claim");
    }

    function test_assertLt_int256() external pure {
        VM.assertLt(int256(-3), int256(-2));
        VM.assertLt(int256(-3), int256(-2), "claim");
    }

    function test_assertLe_int256() external pure {
        VM.assertLe(int256(-2), int256(-2));
        VM.assertLe(int256(-2), int256(-2), "claim");
    }

    function test_assertGt_int256() external pure {
        VM.assertGt(int256(-1), int256(-2));
        VM.assertGt(int256(-1), int256(-2), "claim");
    }

    function test_assertGe_int256() external pure {
        VM.assertGe(int256(-2), int256(-2));
        VM.assertGe(int256(-2), int256(-2), "claim");
    }

    function test_assertLtDecimal_int256() external pure {
        VM.assertLtDecimal(int256(1), int256(2), 18);
        VM.assertLtDecimal(int256(1), int256(2), 18, "claim");
    }

    function test_assertLeDecimal_int256() external pure {
        VM.assertLeDecimal(int256(2), int256(2), 18);
        VM.assertLeDecimal(int256(2), int256(2), 18, "claim");
    }

    function test_assertGtDecimal_int256() external pure {
        VM.assertGtDecimal(int256(3), int256(2), 18);
        VM.assertGtDecimal(int256(3), int256(2), 18, "claim");
    }

    function test_assertGeDecimal_int256() external pure {
        VM.assertGeDecimal(int256(2), int256(2), 18);
        VM.assertGeDecimal(int256(2), int256(2), 18, "claim");
    }

    function test_assertEqDecimal_int256() external pure {
        VM.assertEqDecimal(int256(5), int256(5), 18);
        VM.assertEqDecimal(int256(5), int256(5), 18, "claim");
    }

    function test_assertNotEqDecimal_int256() external pure {
        VM.assertNotEqDecimal(int256(5), int256(6), 18);
        VM.assertNotEqDecimal(int256(5), int256(6), 18, "claim");
    }

    function test_assertApproxEqAbs_int256() external pure {
        VM.assertApproxEqAbs(int256(-5), int256(5), 10);
        VM.assertApproxEqAbs(int256(-5), int256(5), 10, "claim");
    }

    function test_assertApproxEqAbsDecimal_int256() external pure {
        VM.assertApproxEqAbsDecimal(int256(-5), int256(5), 10, 18);
        VM.assertApproxEqAbsDecimal(int256(-5), int256(5), 10, 18, "claim");
    }

    function test_assertApproxEqRel_int256() external pure {
        VM.assertApproxEqRel(int256(101), int256(100), 0.01e18);
        VM.assertApproxEqRel(int256(101), int256(100), 0.01e18, "claim");
    }

    function test_assertApproxEqRelDecimal_int256() external pure {
        VM.assertApproxEqRelDecimal(int256(101), int256(100), 0.01e18, 18);
        VM.assertApproxEqRelDecimal(int256(101), int256(100), 0.01e18, 18, "claim");
    }
}
