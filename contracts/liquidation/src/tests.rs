//! Liquidation, through its ABI, against mocks of clearing, margin and oracle.

#![allow(clippy::items_after_statements, reason = "test code imports where it needs")]
#![allow(clippy::arithmetic_side_effects, reason = "test code: an overflow is a failed test")]

use std::{cell::RefCell, rc::Rc, vec::Vec};

use alloy_primitives::{Address, B256, I256, U256};
use alloy_sol_types::{SolCall, SolError, SolInterface};
use novate_abi::{IClearing, IErrors, IGoverned, ILiquidation, IMargin, IOracle, book::Book};
use novate_common::testing::World;
use novate_risk::{Assessment, Validity, liquidation::AuctionTerms};

use crate::Liquidation;

const SELF: Address = Address::repeat_byte(0x11);
const CLEARING: Address = Address::repeat_byte(0xc1);
const MARGIN: Address = Address::repeat_byte(0x3a);
const ORACLE: Address = Address::repeat_byte(0x0c);
const GOVERNOR: Address = Address::repeat_byte(0x60);
const KEEPER: Address = Address::repeat_byte(0x4e);
const SHORT: B256 = B256::repeat_byte(0x05);
const ONE: u64 = 1_000_000_000_000_000_000;
const MINUTE: u64 = 60;

fn wad(units: i64) -> I256 {
    I256::try_from(units).unwrap() * I256::try_from(ONE).unwrap()
}

fn encoded<E: SolError>(error: &E) -> Vec<u8> {
    error.abi_encode()
}

fn keeper_account() -> B256 {
    let mut id = B256::ZERO;
    id[..20].copy_from_slice(KEEPER.as_slice());
    id
}

/// What the others say, and what clearing was told.
#[derive(Debug)]
struct Told {
    equity: I256,
    maintenance: U256,
    /// What a slice leaves: equity and maintenance requirement.
    after: (I256, U256),
    insurance: U256,
    is_up: bool,
    up_since: u64,
    slices: Vec<IClearing::transferSliceCall>,
}

#[derive(Debug)]
struct Bench {
    world: World,
    told: Rc<RefCell<Told>>,
}

impl Bench {
    /// Equity 5,000 against a maintenance requirement of 6,000.
    fn new() -> Self {
        let told = Rc::new(RefCell::new(Told {
            equity: wad(5_000),
            maintenance: wad(6_000).into_raw(),
            after: (wad(2_000), wad(1_500).into_raw()),
            insurance: U256::ZERO,
            is_up: true,
            up_since: 0,
            slices: Vec::new(),
        }));
        let bench = Self { world: World::default(), told };
        bench.world.install::<Liquidation>(SELF);
        bench.install_clearing();
        bench.install_margin();
        let told = Rc::clone(&bench.told);
        bench.world.mock(ORACLE, move |_, message| {
            IOracle::sequencerStatusCall::abi_decode(&message.data).unwrap();
            let told = told.borrow();
            Ok(IOracle::sequencerStatusCall::abi_encode_returns(&IOracle::sequencerStatusReturn {
                isUp: told.is_up,
                since: told.up_since,
            }))
        });
        let (governor, guardian) = (GOVERNOR, GOVERNOR);
        let (clearing, margin, oracle) = (CLEARING, MARGIN, ORACLE);
        bench.send(
            GOVERNOR,
            &ILiquidation::initializeCall { governor, guardian, clearing, margin, oracle },
        );
        bench
    }

    fn install_clearing(&self) {
        let told = Rc::clone(&self.told);
        self.world.mock(CLEARING, move |_, message| {
            use IClearing::IClearingCalls as Calls;
            let mut told = told.borrow_mut();
            match Calls::abi_decode(&message.data).unwrap() {
                Calls::book(call) => {
                    assert_eq!(call.account, SHORT);
                    let book = Book::default().pack();
                    Ok(IClearing::bookCall::abi_encode_returns(&book.into()))
                }
                Calls::nonce(_) => Ok(U256::from(9).to_be_bytes::<32>().to_vec()),
                Calls::ledger(_) => {
                    Ok(IClearing::ledgerCall::abi_encode_returns(&IClearing::ledgerReturn {
                        totalCash: I256::ZERO,
                        variation: I256::ZERO,
                        fees: U256::ZERO,
                        insurance: told.insurance,
                    }))
                }
                Calls::transferSlice(call) => {
                    assert_eq!(message.sender, SELF);
                    (told.equity, told.maintenance) = told.after;
                    told.slices.push(call);
                    Ok(Vec::new())
                }
                _ => panic!("not mocked"),
            }
        });
    }

    fn install_margin(&self) {
        let told = Rc::clone(&self.told);
        self.world.mock(MARGIN, move |_, message| {
            use IMargin::IMarginCalls as Calls;
            let told = told.borrow();
            match Calls::abi_decode(&message.data).unwrap() {
                Calls::assess(call) => {
                    assert_eq!(call.books, [Book::default().pack()]);
                    Ok(IMargin::assessCall::abi_encode_returns(&Vec::from([IMargin::Assessment {
                        equity: told.equity,
                        initialRequirement: told.maintenance,
                        maintenanceRequirement: told.maintenance,
                        worstUnderlying: 1,
                        worstScenario: 3,
                        validity: 4,
                    }])))
                }
                Calls::maintenanceExcessUnder(call) => {
                    assert_eq!(call.book, Book::default().pack());
                    assert_eq!(call.scenarios, [3, 4]);
                    let excess = told.equity - I256::from_raw(told.maintenance);
                    Ok(excess.to_be_bytes::<32>().to_vec())
                }
                _ => panic!("not mocked"),
            }
        });
    }

    fn send<C: SolCall>(&self, sender: Address, call: &C) -> C::Return {
        self.world
            .send(sender, SELF, call)
            .unwrap_or_else(|data| panic!("{} reverted with {data:02x?}", C::SIGNATURE))
    }

    fn refusal<C: SolCall>(&self, sender: Address, call: &C) -> Vec<u8> {
        let before = self.world.all_storage();
        let data = self.world.refusal(sender, SELF, call);
        assert_eq!(before, self.world.all_storage());
        data
    }

    fn wait(&self, seconds: u64) {
        self.world.set_timestamp(self.world.timestamp() + seconds);
    }

    fn auction(&self) -> ILiquidation::Auction {
        self.send(KEEPER, &ILiquidation::auctionCall { account: SHORT })
    }

    fn assessment(&self) -> Assessment {
        let told = self.told.borrow();
        Assessment {
            equity: told.equity,
            initial_requirement: told.maintenance,
            maintenance_requirement: told.maintenance,
            worst_underlying: 1,
            worst_scenario: 3,
            validity: Validity::Valid,
        }
    }
}

fn start() -> ILiquidation::startCall {
    ILiquidation::startCall { account: SHORT, scenarios: Vec::from([3, 4]) }
}

fn bid(mode: u8) -> ILiquidation::Bid {
    ILiquidation::Bid {
        account: SHORT,
        bidder: keeper_account(),
        mode,
        fraction: U256::MAX,
        minimumFraction: U256::ZERO,
        maximumPrice: I256::MAX,
        expectedNonce: 9,
        deadline: u64::MAX,
    }
}

fn bidding(mode: u8) -> ILiquidation::bidCall {
    ILiquidation::bidCall { bid: bid(mode) }
}

#[test]
fn every_selector_is_routed() {
    let bench = Bench::new();
    let selectors =
        ILiquidation::ILiquidationCalls::selectors().chain(IGoverned::IGovernedCalls::selectors());
    for selector in selectors {
        let answer = bench.world.call(KEEPER, SELF, U256::ZERO, &selector);
        let unknown = encoded(&IErrors::UnknownSelector { selector: selector.into() });
        assert_ne!(answer.clone().err(), Some(unknown), "{selector:02x?}");
        assert!(answer.is_ok() || answer.unwrap_err().len() >= 4);
    }
}

#[test]
fn an_auction_starts_only_on_a_true_claim_and_once() {
    let bench = Bench::new();
    assert_eq!(bench.auction().startedAt, 0);
    bench.send(KEEPER, &start());
    assert_eq!(bench.auction().startedAt, bench.world.timestamp());
    let error = encoded(&ILiquidation::AuctionRunning { account: SHORT });
    assert_eq!(bench.refusal(KEEPER, &start()), error);
    let bench = Bench::new();
    bench.told.borrow_mut().equity = wad(6_000);
    let excess = I256::ZERO;
    let error = encoded(&ILiquidation::NotLiquidatable { account: SHORT, excess });
    assert_eq!(bench.refusal(KEEPER, &start()), error);
}

#[test]
fn a_bid_takes_the_largest_fraction_at_the_price_of_the_moment() {
    let bench = Bench::new();
    bench.send(KEEPER, &start());
    for (wait, discount) in [(0, 980), (15 * MINUTE, 800), (6 * 3_600, 400), (6 * 3_600, 0)] {
        bench.wait(wait);
        let discount = discount * (ONE / 1_000);
        let auction = bench.auction();
        assert_eq!(auction.discount, U256::from(discount));
        let terms = AuctionTerms::default();
        let fraction = terms.largest_fraction(&bench.assessment(), discount);
        assert_eq!(auction.maximumFraction, U256::from(fraction));
        let price = terms.price(wad(5_000), fraction, discount);
        assert_eq!((auction.price, auction.nonce, auction.mode), (price, 9, 0));
        assert_eq!(auction.equity, wad(5_000));
    }
    let offered = bench.auction();
    let taken = bench.send(KEEPER, &bidding(0));
    assert_eq!((taken.fraction, taken.price), (offered.maximumFraction, offered.price));
    let slices = &bench.told.borrow().slices;
    assert_eq!((slices[0].from, slices[0].to), (SHORT, keeper_account()));
    assert_eq!((slices[0].fraction, slices[0].price), (taken.fraction, taken.price));
    assert_eq!(slices[0].expectedNonce, 9);
}

#[test]
fn an_auction_ends_with_the_shortfall() {
    let bench = Bench::new();
    bench.send(KEEPER, &start());
    bench.told.borrow_mut().after = (wad(3_000), wad(3_500).into_raw());
    bench.send(KEEPER, &bidding(0));
    assert_ne!(bench.auction().startedAt, 0);
    bench.told.borrow_mut().after = (wad(2_000), wad(1_500).into_raw());
    bench.send(KEEPER, &bidding(0));
    assert_eq!(bench.auction().startedAt, 0);
    let error = encoded(&ILiquidation::NoAuction { account: SHORT });
    assert_eq!(bench.refusal(KEEPER, &bidding(0)), error);
    let release = ILiquidation::releaseCall { account: SHORT };
    assert_eq!(bench.refusal(KEEPER, &release), error);
}

#[test]
fn start_and_bid_are_one_call() {
    let bench = Bench::new();
    let call = ILiquidation::startAndBidCall { scenarios: Vec::from([3, 4]), bid: bid(0) };
    let taken = bench.send(KEEPER, &call);
    assert!(taken.fraction > U256::ZERO && taken.fraction < U256::from(ONE));
    assert_eq!(bench.told.borrow().slices.len(), 1);
}

#[test]
fn a_small_account_goes_whole() {
    let bench = Bench::new();
    bench.told.borrow_mut().equity = wad(999);
    bench.send(KEEPER, &start());
    assert_eq!(bench.auction().maximumFraction, U256::from(ONE));
}

#[test]
fn an_insolvent_book_pays_its_bidder_more_and_more_but_no_more_than_the_fund() {
    let bench = Bench::new();
    {
        let mut told = bench.told.borrow_mut();
        told.equity = wad(-1_000);
        told.insurance = wad(5_000).into_raw();
    }
    bench.send(KEEPER, &start());
    assert_eq!((bench.auction().mode, bench.auction().price), (1, I256::ZERO));
    bench.wait(30 * MINUTE);
    // Half the shortfall of 7,000.
    assert_eq!(bench.auction().price, wad(-3_500));
    bench.wait(30 * MINUTE);
    assert_eq!(bench.auction().price, wad(-5_000));
    let error = encoded(&ILiquidation::WrongMode { expected: 0, actual: 1 });
    assert_eq!(bench.refusal(KEEPER, &bidding(0)), error);
    let mut call = bidding(1);
    call.bid.maximumPrice = wad(-6_000);
    let (price, limit) = (wad(-5_000), wad(-6_000));
    let error = encoded(&ILiquidation::PriceAboveLimit { price, limit });
    assert_eq!(bench.refusal(KEEPER, &call), error);
    let taken = bench.send(KEEPER, &bidding(1));
    assert_eq!((taken.fraction, taken.price), (U256::from(ONE), wad(-5_000)));
}

#[test]
fn a_bid_is_refused_for_what_it_is() {
    let bench = Bench::new();
    bench.send(KEEPER, &start());
    let error = encoded(&IErrors::Unauthorized { caller: GOVERNOR });
    assert_eq!(bench.refusal(GOVERNOR, &bidding(0)), error);
    let error = encoded(&ILiquidation::WrongMode { expected: 1, actual: 0 });
    assert_eq!(bench.refusal(KEEPER, &bidding(1)), error);
    let available = bench.auction().maximumFraction;
    let mut call = bidding(0);
    call.bid.minimumFraction = available + U256::from(1);
    let minimum = call.bid.minimumFraction;
    let error = encoded(&ILiquidation::FractionTooSmall { minimum, available });
    assert_eq!(bench.refusal(KEEPER, &call), error);
    let mut call = bidding(0);
    let price = bench.auction().price;
    let limit = price - I256::ONE;
    call.bid.maximumPrice = limit;
    let error = encoded(&ILiquidation::PriceAboveLimit { price, limit });
    assert_eq!(bench.refusal(KEEPER, &call), error);
    let mut call = bidding(0);
    let timestamp = bench.world.timestamp();
    call.bid.deadline = timestamp - 1;
    let error = encoded(&IErrors::DeadlinePassed { deadline: timestamp - 1, timestamp });
    assert_eq!(bench.refusal(KEEPER, &call), error);
    bench.told.borrow_mut().equity = wad(7_000);
    let excess = wad(1_000);
    let error = encoded(&ILiquidation::NotLiquidatable { account: SHORT, excess });
    assert_eq!(bench.refusal(KEEPER, &bidding(0)), error);
}

#[test]
fn a_recovered_account_is_released_by_anyone() {
    let bench = Bench::new();
    let release = ILiquidation::releaseCall { account: SHORT };
    bench.send(KEEPER, &start());
    let excess = wad(-1_000);
    let error = encoded(&ILiquidation::StillLiquidatable { account: SHORT, excess });
    assert_eq!(bench.refusal(KEEPER, &release), error);
    bench.told.borrow_mut().equity = wad(6_000);
    bench.send(Address::repeat_byte(1), &release);
    assert_eq!(bench.auction().startedAt, 0);
}

#[test]
fn the_clock_stands_still_while_the_sequencer_is_down() {
    let bench = Bench::new();
    bench.send(KEEPER, &start());
    bench.wait(10 * MINUTE);
    bench.told.borrow_mut().after = (wad(5_000), wad(6_000).into_raw());
    bench.send(KEEPER, &bidding(0));
    let counted = bench.auction().discount;
    bench.told.borrow_mut().is_up = false;
    bench.wait(60 * MINUTE);
    assert_eq!(bench.auction().discount, counted);
    let error = encoded(&ILiquidation::SequencerDown {});
    assert_eq!(bench.refusal(KEEPER, &bidding(0)), error);
    {
        let mut told = bench.told.borrow_mut();
        told.is_up = true;
        told.up_since = bench.world.timestamp();
    }
    assert_eq!(bench.auction().discount, counted);
    bench.wait(5 * MINUTE);
    assert_eq!(bench.auction().discount, U256::from(800 * (ONE / 1_000)));
    let bench = Bench::new();
    bench.told.borrow_mut().is_up = false;
    assert_eq!(bench.refusal(KEEPER, &start()), error);
}

#[test]
fn starts_and_bids_can_be_paused() {
    let bench = Bench::new();
    let pause = |mask| bench.send(GOVERNOR, &IGoverned::pauseCall { mask: U256::from(mask) });
    pause(1);
    let error = encoded(&IErrors::OperationPaused { operation: U256::from(1) });
    assert_eq!(bench.refusal(KEEPER, &start()), error);
    bench.send(GOVERNOR, &IGoverned::unpauseCall { mask: U256::from(1) });
    bench.send(KEEPER, &start());
    pause(2);
    let error = encoded(&IErrors::OperationPaused { operation: U256::from(2) });
    assert_eq!(bench.refusal(KEEPER, &bidding(0)), error);
}

#[test]
fn modules_are_set_by_the_governor_and_told() {
    let bench = Bench::new();
    let (clearing, margin, oracle) = (KEEPER, MARGIN, ORACLE);
    let call = ILiquidation::setModulesCall { clearing, margin, oracle };
    let error = encoded(&IErrors::Unauthorized { caller: KEEPER });
    assert_eq!(bench.refusal(KEEPER, &call), error);
    bench.send(GOVERNOR, &call);
    let modules = bench.send(KEEPER, &ILiquidation::modulesCall {});
    assert_eq!((modules.clearing, modules.margin, modules.oracle), (KEEPER, MARGIN, ORACLE));
    let discount = bench.send(KEEPER, &ILiquidation::discountCall { elapsed: 450 });
    assert_eq!(discount, U256::from(890 * (ONE / 1_000)));
}

#[test]
fn figures_that_no_book_has_are_refused() {
    let bench = Bench::new();
    bench.send(KEEPER, &start());
    bench.told.borrow_mut().maintenance = U256::MAX;
    let error = encoded(&IErrors::ArithmeticOverflow {});
    assert_eq!(bench.refusal(KEEPER, &bidding(0)), error);
    bench.world.mock(MARGIN, |_, _| Ok(std::vec![0; 64]));
    let error = encoded(&IErrors::CallFailed { target: MARGIN });
    assert_eq!(bench.refusal(KEEPER, &bidding(0)), error);
}
