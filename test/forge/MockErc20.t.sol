// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockErc20} from "../mocks/MockErc20.sol";
import {MockUsdc} from "../mocks/MockUsdc.sol";
import {MockWeth} from "../mocks/MockWeth.sol";
import {TokenLedger} from "../mocks/TokenLedger.sol";
import {Test} from "./Test.sol";

/// @notice The well-behaved tokens keep the promises of ERC-20, ERC-2612 and wrapped ether.
contract UnitMockErc20 is Test {
    uint256 private constant OWNER_KEY = 0xBEEF;

    MockUsdc private usdc;
    MockWeth private weth;
    address private owner;

    function setUp() external {
        usdc = new MockUsdc();
        weth = new MockWeth();
        owner = VM.addr(OWNER_KEY);
        VM.warp(1_700_000_000);
    }

    function test_Decimals_AreThoseOfTheRealTokens() external view {
        VM.assertEq(uint256(usdc.decimals()), 6, "USDC has 6 decimals");
        VM.assertEq(uint256(weth.decimals()), 18, "WETH has 18 decimals");
        VM.assertEq(usdc.symbol(), "USDC", "symbol");
    }

    function testFuzz_Transfer_MovesExactly(uint128 minted, uint128 amount) external {
        VM.assume(amount <= minted);
        usdc.mint(ALICE, minted);
        VM.prank(ALICE);
        VM.expectEmit(address(usdc));
        emit TokenLedger.Transfer(ALICE, BOB, amount);
        VM.assertTrue(usdc.transfer(BOB, amount), "transfer answers true");
        VM.assertEq(usdc.balanceOf(ALICE), minted - amount, "sender's balance");
        VM.assertEq(usdc.balanceOf(BOB), amount, "receiver's balance");
        VM.assertEq(usdc.totalSupply(), minted, "supply");
    }

    function test_Transfer_ToSelfChangesNothing() external {
        usdc.mint(ALICE, 100);
        VM.prank(ALICE);
        usdc.transfer(ALICE, 60);
        VM.assertEq(usdc.balanceOf(ALICE), 100, "balance");
    }

    function test_Transfer_RevertsOnShortBalance() external {
        usdc.mint(ALICE, 1);
        VM.prank(ALICE);
        VM.expectRevert(
            abi.encodeWithSelector(
                TokenLedger.ERC20InsufficientBalance.selector, ALICE, uint256(1), uint256(2)
            )
        );
        usdc.transfer(BOB, 2);
    }

    function test_Transfer_RevertsToZeroAddress() external {
        usdc.mint(ALICE, 1);
        VM.prank(ALICE);
        VM.expectRevert(
            abi.encodeWithSelector(TokenLedger.ERC20InvalidReceiver.selector, address(0))
        );
        usdc.transfer(address(0), 1);
    }

    function test_TransferFrom_SpendsTheAllowance() external {
        usdc.mint(ALICE, 100);
        VM.prank(ALICE);
        usdc.approve(BOB, 70);
        VM.prank(BOB);
        usdc.transferFrom(ALICE, CAROL, 30);
        VM.assertEq(usdc.allowance(ALICE, BOB), 40, "allowance left");
        VM.prank(BOB);
        VM.expectRevert(
            abi.encodeWithSelector(
                TokenLedger.ERC20InsufficientAllowance.selector, BOB, uint256(40), uint256(41)
            )
        );
        usdc.transferFrom(ALICE, CAROL, 41);
        VM.assertEq(usdc.balanceOf(CAROL), 30, "only the first transfer counts");
    }

    function test_TransferFrom_LeavesAnUnlimitedAllowance() external {
        usdc.mint(ALICE, 100);
        VM.prank(ALICE);
        usdc.approve(BOB, type(uint256).max);
        VM.prank(BOB);
        usdc.transferFrom(ALICE, CAROL, 30);
        VM.assertEq(usdc.allowance(ALICE, BOB), type(uint256).max, "allowance");
    }

    function testFuzz_Permit_SetsTheAllowanceOnce(uint256 value) external {
        uint256 deadline = block.timestamp;
        (uint8 v, bytes32 r, bytes32 s) = _sign(OWNER_KEY, value, 0, deadline);
        usdc.permit(owner, BOB, value, deadline, v, r, s);
        VM.assertEq(usdc.allowance(owner, BOB), value, "allowance");
        VM.assertEq(usdc.nonces(owner), 1, "nonce");

        // The same signature again is over the wrong nonce: it recovers to somebody else.
        (bool done, bytes memory reply) = address(usdc)
            .call(abi.encodeCall(MockErc20.permit, (owner, BOB, value, deadline, v, r, s)));
        VM.assertFalse(done, "a permit serves once");
        // A custom error starts with its four-byte selector.
        // forge-lint: disable-next-line(unsafe-typecast)
        bytes4 selector = bytes4(reply);
        VM.assertTrue(selector == MockErc20.ERC2612InvalidSigner.selector, "error of a replay");
    }

    function test_Permit_RevertsAfterItsDeadline() external {
        uint256 deadline = block.timestamp - 1;
        (uint8 v, bytes32 r, bytes32 s) = _sign(OWNER_KEY, 5, 0, deadline);
        VM.expectRevert(
            abi.encodeWithSelector(MockErc20.ERC2612ExpiredSignature.selector, deadline)
        );
        usdc.permit(owner, BOB, 5, deadline, v, r, s);
    }

    function test_Permit_RevertsForAnotherSigner() external {
        uint256 deadline = block.timestamp;
        (uint8 v, bytes32 r, bytes32 s) = _sign(0xBAD, 5, 0, deadline);
        VM.expectRevert(
            abi.encodeWithSelector(MockErc20.ERC2612InvalidSigner.selector, VM.addr(0xBAD), owner)
        );
        usdc.permit(owner, BOB, 5, deadline, v, r, s);
    }

    function test_Weth_WrapsAndUnwrapsOneForOne() external {
        VM.deal(ALICE, 3 ether);
        VM.startPrank(ALICE);
        weth.deposit{value: 2 ether}();
        (bool done,) = address(weth).call{value: 1 ether}("");
        VM.assertTrue(done, "plain ether is wrapped too");
        VM.assertEq(weth.balanceOf(ALICE), 3 ether, "wrapped");
        weth.withdraw(3 ether);
        VM.stopPrank();
        VM.assertEq(ALICE.balance, 3 ether, "unwrapped");
        VM.assertEq(weth.totalSupply(), 0, "supply");
    }

    function test_Weth_RevertsWhenTheHolderTakesNoEther() external {
        VM.deal(address(this), 1 ether);
        weth.deposit{value: 1 ether}();
        VM.expectRevert(
            abi.encodeWithSelector(MockWeth.EtherTransferFailed.selector, address(this))
        );
        weth.withdraw(1 ether);
        VM.assertEq(weth.balanceOf(address(this)), 1 ether, "nothing was burnt");
    }

    function _sign(uint256 key, uint256 value, uint256 nonce, uint256 deadline)
        private
        view
        returns (uint8 v, bytes32 r, bytes32 s)
    {
        bytes32 structHash =
            keccak256(abi.encode(usdc.PERMIT_TYPEHASH(), owner, BOB, value, nonce, deadline));
        return
            VM.sign(
                key, keccak256(abi.encodePacked("\x19\x01", usdc.DOMAIN_SEPARATOR(), structHash))
            );
    }
}
