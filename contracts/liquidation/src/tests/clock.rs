//! Starts, sightings and the clock.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolInterface};
use novate_abi::{IErrors, IGoverned, ILiquidation};

use super::bench::*;

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
fn an_auction_starts_only_on_a_true_claim() {
    let bench = Bench::new();
    assert!(!bench.is_running());
    let error = encoded(&ILiquidation::NoAuction { account: SHORT });
    assert_eq!(bench.refusal(KEEPER, &ILiquidation::sightCall { account: SHORT }), error);
    bench.set(6_000, 6_000);
    let error = encoded(&ILiquidation::NotLiquidatable { account: SHORT, excess: wad(0) });
    assert_eq!(bench.refusal(KEEPER, &start()), error);
    let mut named = start();
    named.scenarios = Vec::from([3, 4]);
    assert_eq!(bench.refusal(KEEPER, &named), error);
    bench.set(5_000, 6_000);
    bench.send(KEEPER, &start());
    let auction = bench.auction();
    assert_eq!((auction.startedAt, auction.lastSeen), (bench.world.timestamp(), auction.startedAt));
    assert!(auction.wasShort);
    assert_eq!((auction.excess, auction.equity), (wad(-1_000), wad(5_000)));
    assert_eq!(auction.requirement, plain(6_000));
}

#[test]
fn a_start_on_named_scenarios_looks_no_further_and_its_clock_waits() {
    let bench = Bench::new();
    let mut named = start();
    named.scenarios = Vec::from([3, 4]);
    bench.send(KEEPER, &named);
    assert_eq!(bench.told.borrow().looks, 0);
    bench.wait(MINUTE);
    bench.sight();
    assert_eq!(bench.auction().elapsed, 0);
    bench.wait(MINUTE);
    assert_eq!(bench.auction().elapsed, MINUTE);
}

#[test]
fn a_fully_paid_book_is_never_short() {
    let bench = Bench::new();
    bench.told.borrow_mut().is_fully_paid = true;
    bench.told.borrow_mut().has_perpetual = false;
    let error = encoded(&ILiquidation::NotLiquidatable { account: SHORT, excess: wad(-1_000) });
    assert_eq!(bench.refusal(KEEPER, &start()), error);
    // Not under named scenarios either: its book is then looked at as a whole.
    let mut named = start();
    named.scenarios = Vec::from([3, 4]);
    assert_eq!(bench.refusal(KEEPER, &named), error);
    // One that becomes so ends its auction.
    let bench = Bench::started(5_000, 6_000);
    bench.told.borrow_mut().is_fully_paid = true;
    assert_eq!(bench.auction().maximumFraction, U256::ZERO);
    bench.sight();
    assert!(!bench.is_running());
}

#[test]
fn starting_a_running_auction_is_a_sighting() {
    let bench = Bench::started(5_000, 6_000);
    let started_at = bench.auction().startedAt;
    bench.wait(30);
    bench.send(KEEPER, &start());
    let auction = bench.auction();
    assert_eq!((auction.startedAt, auction.elapsed), (started_at, 30));
    assert_eq!(auction.lastSeen, bench.world.timestamp());
}

#[test]
fn terms_follow_the_clock() {
    let bench = Bench::started(5_000, 6_000);
    let percent = |number: u64| U256::from(number) * U256::from(ONE / 100);
    bench.watch(15 * MINUTE);
    let auction = bench.auction();
    assert_eq!(auction.elapsed, 15 * MINUTE);
    assert_eq!((auction.concession, auction.bonus), (percent(20), percent(20)));
    bench.watch(HOUR);
    assert_eq!(bench.auction().concession, percent(50));
    let terms = bench.send(KEEPER, &ILiquidation::termsCall { elapsed: 24 * HOUR });
    assert_eq!((terms.concession, terms.bonus), (percent(100), percent(60)));
}

#[test]
fn the_clock_stands_still_while_the_sequencer_is_down() {
    let bench = Bench::started(5_000, 6_000);
    bench.watch(10 * MINUTE);
    bench.told.borrow_mut().is_up = false;
    bench.wait(40 * MINUTE);
    assert_eq!(bench.auction().elapsed, 10 * MINUTE);
    let error = encoded(&ILiquidation::SequencerDown {});
    assert_eq!(bench.refusal(KEEPER, &ILiquidation::sightCall { account: SHORT }), error);
    assert_eq!(bench.refusal(KEEPER, &start()), error);
    assert_eq!(bench.refusal(KEEPER, &bidding()), error);
    {
        let mut told = bench.told.borrow_mut();
        told.is_up = true;
        told.up_since = bench.world.timestamp() - 7;
    }
    assert_eq!(bench.auction().elapsed, 10 * MINUTE + 7);
}

#[test]
fn what_equity_lacks_is_flagged_and_removed_with_the_auction() {
    let bench = Bench::started(5_000, 6_000);
    assert!(bench.told.borrow().flagged.is_empty());
    let flagged = || bench.send(KEEPER, &ILiquidation::flaggedShortfallCall {});
    bench.set(-300, 6_000);
    // As it was sighted last.
    assert_eq!(flagged(), U256::ZERO);
    bench.sight();
    bench.sight();
    assert_eq!((flagged(), bench.auction().flagged), (plain(300), plain(300)));
    bench.set(-100, 6_000);
    bench.sight();
    assert_eq!(flagged(), plain(100));
    bench.send(KEEPER, &slice(ONE / 4));
    assert_eq!(flagged(), plain(75));
    bench.set(6_000, 6_000);
    bench.sight();
    assert_eq!((flagged(), bench.is_running()), (U256::ZERO, false));
    let told: Vec<U256> = bench.told.borrow().flagged.clone();
    assert_eq!(told, [plain(300), plain(100), plain(75), U256::ZERO]);
}

#[test]
fn nobody_can_stop_liquidation() {
    let bench = Bench::new();
    for bit in [1_u64, 2, 4] {
        let pause = IGoverned::pauseCall { mask: U256::from(bit) };
        assert!(bench.world.send(GOVERNOR, SELF, &pause).is_err());
    }
    bench.send(KEEPER, &start());
    bench.send(KEEPER, &bidding());
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
}

#[test]
fn figures_that_no_book_has_are_refused() {
    let bench = Bench::started(5_000, 6_000);
    bench.told.borrow_mut().requirement = U256::MAX >> 1;
    let error = encoded(&IErrors::ArithmeticOverflow {});
    let sight = ILiquidation::sightCall { account: SHORT };
    assert_eq!(bench.refusal(KEEPER, &sight), error);
    bench.world.mock(CLEARING, |_, _| Ok(std::vec![0; 64]));
    let error = encoded(&IErrors::CallFailed { target: CLEARING });
    assert_eq!(bench.refusal(KEEPER, &sight), error);
    bench.world.remove(CLEARING);
    assert_eq!(bench.refusal(KEEPER, &sight), error);
    let call = ILiquidation::auctionCall { account: SHORT }.abi_encode();
    assert!(!bench.world.call(Address::ZERO, SELF, U256::ZERO, &call).unwrap_err().is_empty());
}
