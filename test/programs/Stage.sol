// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearing} from "../../interfaces/IClearing.sol";
import {IExchange} from "../../interfaces/IExchange.sol";
import {ILiquidation} from "../../interfaces/ILiquidation.sol";
import {IMargin} from "../../interfaces/IMargin.sol";
import {IOracle} from "../../interfaces/IOracle.sol";
import {IRiskParameters} from "../../interfaces/IRiskParameters.sol";
import {Test, Vm} from "../forge/Test.sol";
import {MockAggregator} from "../mocks/MockAggregator.sol";
import {MockSequencerFeed} from "../mocks/MockSequencerFeed.sol";
import {MockUsdc} from "../mocks/MockUsdc.sol";

/// @title ProgramVm
/// @notice The cheat codes that only these tests need. With a name that ends in `.code` or `.wasm`, `deployCode` creates and
/// activates that program: novate-devnode's runner does, forge cannot.
interface ProgramVm is Vm {
    function deployCode(string calldata name) external returns (address);
    function expectPartialRevert(bytes4 selector) external;
    function expectEmit(bool topic1, bool topic2, bool topic3, bool data, address emitter) external;
    function snapshotState() external returns (uint256 id);
    function revertToState(uint256 id) external returns (bool found);
}

/// @title Stage
/// @notice The programs of a trade as `make pack` built them, set up with ether at 2,500 dollars, a future of a week, and keys.
abstract contract Stage is Test {
    ProgramVm internal constant PROGRAM_VM = ProgramVm(address(VM));
    uint256 internal constant ALICE_KEY = 0xA11CE;
    uint256 internal constant BOB_KEY = 0xB0B;
    uint256 internal constant PUBLISHER_KEY = 0x9B1;
    uint64 internal constant START = 1_767_571_200;
    uint64 internal constant EXPIRY = START + 7 days;
    uint128 internal constant INDEX = 2500e18;
    /// @dev Underlying 1: its perpetual, and the future of EXPIRY.
    uint64 internal constant PERPETUAL = uint64(1) << 56;
    uint64 internal constant FUTURE = PERPETUAL | uint64(0x40) << 48 | (EXPIRY / 3600) << 32;

    uint16 private constant CERTAIN = 10_000;
    bytes32 private constant EXPIRY_UPDATE = keccak256(
        "ExpiryUpdate(uint64 expiry,uint128 forward,uint32 rate,int40 a,uint32 b,int32 rho,int40 m,uint40 sigma,uint16 forwardConfidence,uint16 rateConfidence,uint16 volatilityConfidence)"
    );
    bytes32 private constant MARKET_UPDATE = keccak256(
        "MarketUpdate(uint8 underlying,uint64 modelTime,uint128 indexReference,uint128 perpetualMark,uint16 perpetualConfidence,ExpiryUpdate[] expiries)ExpiryUpdate(uint64 expiry,uint128 forward,uint32 rate,int40 a,uint32 b,int32 rho,int40 m,uint40 sigma,uint16 forwardConfidence,uint16 rateConfidence,uint16 volatilityConfidence)"
    );

    IOracle internal oracle;
    IMargin internal margin;
    IRiskParameters internal parameters;
    IClearing internal clearing;
    ILiquidation internal liquidation;
    IExchange internal exchange;
    MockUsdc internal usdc;
    MockAggregator internal feed;
    uint256 private salt;

    function setUp() public virtual {
        VM.warp(START);
        usdc = new MockUsdc();
        feed = new MockAggregator(8, "Index / USD");
        oracle = IOracle(program("oracle"));
        margin = IMargin(program("margin"));
        parameters = IRiskParameters(program("parameters"));
        clearing = IClearing(program("clearing"));
        liquidation = ILiquidation(program("liquidation"));
        exchange = IExchange(program("exchange"));
        feed.push(int256(uint256(INDEX) / 1e10));
        initialize();
        configure();
        postMarket();
    }

    function program(string memory name) private returns (address) {
        return PROGRAM_VM.deployCode(string.concat("target/novate/", name, ".code"));
    }

    function initialize() private {
        oracle.initialize(address(this), address(this));
        margin.initialize(address(parameters), address(oracle));
        parameters.initialize(address(this), address(this), address(margin));
        clearing.initialize(address(this), address(this), address(usdc));
        liquidation.initialize(
            address(this), address(this), address(clearing), address(margin), address(oracle)
        );
        exchange.initialize(address(this), address(this), address(clearing));
    }

    function configure() private {
        MockSequencerFeed sequencer = new MockSequencerFeed();
        sequencer.reportSince(true, START - 1 days);
        oracle.setKeeper(address(parameters));
        oracle.setFeed(1, IOracle.Feed(address(feed), 3600, 1e15, 1e27), INDEX);
        oracle.setSequencerFeed(address(sequencer), 1800);
        address[] memory publishers = new address[](1);
        publishers[0] = VM.addr(PUBLISHER_KEY);
        oracle.setPublishers(publishers, 1);
        parameters.setUnderlying(1, 0.18e18, 0.5e18, 0.3e18);
        parameters.syncAllowances(1);
        clearing.setCaps(1, 1e28, 1e28);
        clearing.setModules(address(margin), address(oracle), address(liquidation));
        clearing.setVenue(address(exchange), true);
        clearing.setFees(300, 125_000, 0.01e18, 100, 500);
    }

    /// @dev One message: a flat surface of 60% volatility for EXPIRY, and the perpetual's mark, both at the index.
    function postMarket() internal {
        uint64 time = uint64(block.timestamp);
        // At most 7 days of 365, 9 decimals: below 1e7.
        // forge-lint: disable-next-line(unsafe-typecast)
        int40 variance = int40(int256(0.36e9 * uint256(EXPIRY - time) / 365 days));
        IOracle.ExpiryUpdate[] memory expiries = new IOracle.ExpiryUpdate[](1);
        expiries[0] = IOracle.ExpiryUpdate(
            EXPIRY, INDEX, 0, variance, 0, 0, 0, 0.1e9, CERTAIN, CERTAIN, CERTAIN
        );
        IOracle.MarketUpdate memory update =
            IOracle.MarketUpdate(1, time, INDEX, INDEX, CERTAIN, expiries);
        bytes32 structures =
            keccak256(abi.encodePacked(keccak256(abi.encode(EXPIRY_UPDATE, expiries[0]))));
        bytes32 structure =
            keccak256(abi.encode(MARKET_UPDATE, uint8(1), time, INDEX, INDEX, CERTAIN, structures));
        bytes[] memory signatures = new bytes[](1);
        bytes32 separator = oracle.domainSeparator();
        signatures[0] =
            sign(PUBLISHER_KEY, keccak256(abi.encodePacked(hex"1901", separator, structure)));
        oracle.update(update, signatures);
    }

    function sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// @dev Account 0 of a key's address.
    function account(uint256 key) internal pure returns (bytes32) {
        return bytes32(bytes20(VM.addr(key)));
    }

    function deposit(uint256 key, uint256 amount) internal {
        address owner = VM.addr(key);
        usdc.mint(owner, amount);
        VM.startPrank(owner);
        usdc.approve(address(clearing), amount);
        clearing.deposit(account(key), address(usdc), amount);
        VM.stopPrank();
    }

    /// @dev Alice buys `quantity` millionths from Bob; both sign.
    function agreement(uint64 instrument, int64 quantity, uint128 price)
        internal
        returns (IExchange.Trade memory trade, bytes memory byAlice, bytes memory byBob)
    {
        IExchange.Leg[] memory legs = new IExchange.Leg[](1);
        legs[0] = IExchange.Leg(instrument, quantity, price);
        uint64 deadline = uint64(block.timestamp) + 3600;
        trade = IExchange.Trade(account(ALICE_KEY), account(BOB_KEY), true, legs, deadline, ++salt);
        bytes32 digest = exchange.digest(trade);
        (byAlice, byBob) = (sign(ALICE_KEY, digest), sign(BOB_KEY, digest));
    }

    function execute(uint64 instrument, int64 quantity, uint128 price) internal {
        (IExchange.Trade memory trade, bytes memory byAlice, bytes memory byBob) =
            agreement(instrument, quantity, price);
        exchange.trade(trade, byAlice, byBob);
    }
}
