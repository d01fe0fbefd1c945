// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Target} from "./Target.sol";
import {Conformance, Vm} from "./Vm.sol";

/// @notice Keys, records, files, variables, text and numbers.
contract Values is Conformance {
    bytes32 private constant DIGEST = keccak256("digest");

    function test_keys() external {
        VM.assertEq(VM.addr(1), 0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf);
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(7, DIGEST);
        VM.assertEq(ecrecover(DIGEST, v, r, s), VM.addr(7));
        (bytes32 r2, bytes32 vs) = VM.signCompact(7, DIGEST);
        VM.assertEq(r2, r);
        VM.assertEq(vs, bytes32(uint256(s) | (uint256(v - 27) << 255)));
        Vm.Wallet memory wallet = VM.createWallet("alice");
        VM.assertEq(wallet.privateKey, uint256(keccak256("alice")));
        VM.assertEq(wallet.addr, VM.addr(wallet.privateKey));
        VM.assertEq(VM.getLabel(wallet.addr), "alice");
        address derived =
            address(uint160(uint256(keccak256(abi.encode(wallet.publicKeyX, wallet.publicKeyY)))));
        VM.assertEq(derived, wallet.addr);
        (v, r, s) = VM.sign(wallet, DIGEST);
        VM.assertEq(ecrecover(DIGEST, v, r, s), wallet.addr);
        (r2, vs) = VM.signCompact(wallet, DIGEST);
        VM.assertEq(r2, r);
        VM.assertEq(VM.createWallet(9).addr, VM.addr(9));
        VM.assertEq(VM.createWallet(9, "nine").addr, VM.addr(9));
        VM.assertEq(VM.getLabel(VM.addr(9)), "nine");
        VM.assertEq(uint256(VM.getNonce(wallet)), 0);
    }

    function test_records() external {
        Target target = new Target();
        VM.recordLogs();
        target.set(5);
        target.emitAnonymous(6);
        Vm.Log[] memory logs = VM.getRecordedLogs();
        VM.assertEq(logs.length, 2);
        VM.assertEq(logs[0].topics[0], Target.NumberSet.selector);
        VM.assertEq(logs[0].topics.length, 3);
        VM.assertEq(logs[0].data, abi.encode(5));
        VM.assertEq(logs[0].emitter, address(target));
        VM.assertEq(VM.getRecordedLogs().length, 0);
        VM.label(address(target), "target");
        VM.assertEq(VM.getLabel(address(target)), "target");
    }

    function test_itself() external {
        VM.assume(true);
        VM.skip(false);
        VM.skip(false, "not now");
        VM.allowCheatcodes(address(5));
        VM.breakpoint("a");
        VM.breakpoint("a", true);
        VM.sleep(1);
        VM.assertTrue(VM.unixTime() > 1_700_000_000_000);
        VM.assertTrue(VM.isContext(0));
        VM.assertTrue(VM.isContext(1));
        VM.assertFalse(VM.isContext(5));
    }

    function test_skip() external {
        VM.skip(true, "later");
        VM.assertTrue(false, "not reached");
    }

    function test_files() external view {
        string memory file = "devnode/conformance/cheats/data.txt";
        VM.assertEq(VM.readFile(file), "some text\n");
        VM.assertEq(VM.readFileBinary(file), "some text\n");
        VM.assertTrue(VM.exists(file));
        VM.assertTrue(VM.isFile(file));
        VM.assertFalse(VM.isDir(file));
        VM.assertTrue(VM.isDir("devnode/conformance/cheats"));
        VM.assertFalse(VM.exists("devnode/conformance/cheats/none.txt"));
        VM.assertTrue(bytes(VM.projectRoot()).length > 0);
    }

    function test_text() external view {
        VM.assertEq(VM.toString(address(1)), "0x0000000000000000000000000000000000000001");
        VM.assertEq(VM.toString(bytes(hex"1234")), "0x1234");
        VM.assertEq(
            VM.toString(bytes32(uint256(1))),
            "0x0000000000000000000000000000000000000000000000000000000000000001"
        );
        VM.assertEq(VM.toString(true), "true");
        VM.assertEq(VM.toString(uint256(77)), "77");
        VM.assertEq(VM.toString(int256(-77)), "-77");
        VM.assertEq(VM.parseBytes("0x1234"), bytes(hex"1234"));
        VM.assertEq(VM.parseAddress("0x0000000000000000000000000000000000000001"), address(1));
        VM.assertEq(VM.parseUint("77"), 77);
        VM.assertEq(VM.parseUint("0x10"), 16);
        VM.assertEq(VM.parseInt("-77"), -77);
        VM.assertEq(
            VM.parseBytes32("0x0000000000000000000000000000000000000000000000000000000000000001"),
            bytes32(uint256(1))
        );
        VM.assertTrue(VM.parseBool("true"));
        VM.assertEq(VM.toLowercase("AbC"), "abc");
        VM.assertEq(VM.toUppercase("AbC"), "ABC");
        VM.assertEq(VM.trim("  a b "), "a b");
        VM.assertEq(VM.replace("a-b-c", "-", "+"), "a+b+c");
        string[] memory parts = VM.split("a,b,c", ",");
        VM.assertEq(parts.length, 3);
        VM.assertEq(parts[2], "c");
        VM.assertEq(VM.indexOf("hello", "l"), 2);
        VM.assertEq(VM.indexOf("hello", "z"), type(uint256).max);
        VM.assertTrue(VM.contains("hello", "ell"));
        VM.assertEq(VM.toBase64(bytes("foob")), "Zm9vYg==");
        VM.assertEq(VM.toBase64(string("foob")), "Zm9vYg==");
        VM.assertEq(VM.toBase64URL(bytes(hex"fbff")), "-_8=");
        VM.assertEq(VM.toBase64URL(string("foob")), "Zm9vYg==");
    }

    function test_numbers() external {
        uint256[] memory numbers = new uint256[](3);
        (numbers[0], numbers[1], numbers[2]) = (3, 1, 2);
        numbers = VM.sort(numbers);
        VM.assertTrue(numbers[0] == 1 && numbers[1] == 2 && numbers[2] == 3);
        VM.setSeed(4);
        VM.assertTrue(VM.randomUint() != VM.randomUint());
        VM.assertTrue(VM.randomUint(8) < 256);
        uint256 between = VM.randomUint(5, 6);
        VM.assertTrue(between == 5 || between == 6);
        VM.assertTrue(VM.randomInt() != VM.randomInt());
        int256 small = VM.randomInt(8);
        VM.assertTrue(small >= -128 && small <= 127);
        VM.assertTrue(VM.randomAddress() != VM.randomAddress());
        VM.randomBool();
        VM.assertEq(VM.randomBytes(77).length, 77);
    }
}

/// @notice Environment variables.
contract Variables is Conformance {
    function setUp() external {
        VM.setEnv("NOVATE_TEST_BOOL", "true");
        VM.setEnv("NOVATE_TEST_UINT", "7");
        VM.setEnv("NOVATE_TEST_INT", "-7");
        VM.setEnv("NOVATE_TEST_ADDRESS", "0x0000000000000000000000000000000000000007");
        VM.setEnv(
            "NOVATE_TEST_BYTES32",
            "0x0000000000000000000000000000000000000000000000000000000000000007"
        );
        VM.setEnv("NOVATE_TEST_STRING", "seven,eight");
        VM.setEnv("NOVATE_TEST_BYTES", "0x0708");
    }

    function test_env_One() external view {
        VM.assertTrue(VM.envExists("NOVATE_TEST_BOOL"));
        VM.assertFalse(VM.envExists("NOVATE_TEST_NONE"));
        VM.assertTrue(VM.envBool("NOVATE_TEST_BOOL"));
        VM.assertEq(VM.envUint("NOVATE_TEST_UINT"), 7);
        VM.assertEq(VM.envInt("NOVATE_TEST_INT"), -7);
        VM.assertEq(VM.envAddress("NOVATE_TEST_ADDRESS"), address(7));
        VM.assertEq(VM.envBytes32("NOVATE_TEST_BYTES32"), bytes32(uint256(7)));
        VM.assertEq(VM.envString("NOVATE_TEST_STRING"), "seven,eight");
        VM.assertEq(VM.envBytes("NOVATE_TEST_BYTES"), hex"0708");
    }

    function test_env_Many() external view {
        VM.assertEq(VM.envBool("NOVATE_TEST_BOOL", ",").length, 1);
        VM.assertEq(VM.envUint("NOVATE_TEST_UINT", ",")[0], 7);
        VM.assertEq(VM.envInt("NOVATE_TEST_INT", ",")[0], -7);
        VM.assertEq(VM.envAddress("NOVATE_TEST_ADDRESS", ",")[0], address(7));
        VM.assertEq(VM.envBytes32("NOVATE_TEST_BYTES32", ",")[0], bytes32(uint256(7)));
        VM.assertEq(VM.envString("NOVATE_TEST_STRING", ",")[1], "eight");
        VM.assertEq(VM.envBytes("NOVATE_TEST_BYTES", ",")[0], hex"0708");
    }

    function test_envOr_One() external view {
        VM.assertTrue(VM.envOr("NOVATE_TEST_BOOL", false));
        VM.assertTrue(VM.envOr("NOVATE_TEST_NONE", true));
        VM.assertEq(VM.envOr("NOVATE_TEST_NONE", uint256(8)), 8);
        VM.assertEq(VM.envOr("NOVATE_TEST_NONE", int256(-8)), -8);
        VM.assertEq(VM.envOr("NOVATE_TEST_NONE", address(8)), address(8));
        VM.assertEq(VM.envOr("NOVATE_TEST_NONE", bytes32(uint256(8))), bytes32(uint256(8)));
        VM.assertEq(VM.envOr("NOVATE_TEST_NONE", string("eight")), "eight");
        VM.assertEq(VM.envOr("NOVATE_TEST_NONE", bytes(hex"08")), hex"08");
    }

    function test_envOr_Many() external view {
        VM.assertEq(VM.envOr("NOVATE_TEST_NONE", ",", new bool[](2)).length, 2);
        VM.assertEq(VM.envOr("NOVATE_TEST_NONE", ",", new uint256[](2)).length, 2);
        VM.assertEq(VM.envOr("NOVATE_TEST_NONE", ",", new int256[](2)).length, 2);
        VM.assertEq(VM.envOr("NOVATE_TEST_NONE", ",", new address[](2)).length, 2);
        VM.assertEq(VM.envOr("NOVATE_TEST_NONE", ",", new bytes32[](2)).length, 2);
        VM.assertEq(VM.envOr("NOVATE_TEST_STRING", ",", new string[](9)).length, 2);
        VM.assertEq(VM.envOr("NOVATE_TEST_NONE", ",", new bytes[](2)).length, 2);
    }
}

/// @notice Made-up inputs of every type.
contract Fuzz is Conformance {
    struct Point {
        int64 x;
        string name;
    }

    enum Side {
        Buy,
        Sell
    }

    function testFuzz_Integers(uint8 a, int16 b, uint256 c, int256 d) external pure {
        VM.assertTrue(uint256(a) < 256 && b >= type(int16).min && c <= type(uint256).max);
        VM.assertTrue(d >= type(int256).min);
    }

    function testFuzz_Dynamic(bytes calldata a, string calldata b, uint256[] calldata c)
        external
        pure
    {
        VM.assertEq(bytes(string(bytes(b))), bytes(b));
        VM.assertTrue(a.length + c.length < type(uint256).max);
    }

    function testFuzz_Nested(Point[] calldata points, uint16[3] calldata fixedOnes, bytes4 word)
        external
        pure
    {
        for (uint256 i; i < points.length; ++i) VM.assertTrue(points[i].x <= type(int64).max);
        VM.assertTrue(fixedOnes[2] <= type(uint16).max && word <= bytes4(type(uint32).max));
    }

    function testFuzz_assume_Rejects(uint256 a) external pure {
        VM.assume(a % 2 == 0);
        VM.assertEq(a % 2, 0);
    }
}

/// @notice Set-up that reads what it deployed, through a library that has to be linked.
contract Linked is Conformance {
    function test_Library_IsLinked() external pure {
        VM.assertEq(Triple.times(5), 15);
    }
}

library Triple {
    function times(uint256 number) external pure returns (uint256) {
        return number * 3;
    }
}
