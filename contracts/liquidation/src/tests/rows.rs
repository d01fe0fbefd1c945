//! Attacks on auctions.

use alloy_primitives::{I256, U256};
use novate_abi::ILiquidation;

use super::bench::*;

const DAY: u64 = 24 * HOUR;

/// What a bidder for everything has of it at marks, and what is left of the account's equity.
fn gains(bench: &Bench) -> I256 {
    let taken = bench.send(KEEPER, &slice(ONE));
    taken.value + I256::from_raw(taken.fromWaterfall) - I256::from_raw(taken.paid)
}

#[test]
fn row_7_a_cured_dip_ages_nothing() {
    // Started at a dip, cured at once, short again 31 days later.
    let bench = Bench::started(5_000, 6_000);
    bench.set(7_000, 6_000);
    bench.wait(MINUTE);
    bench.wait(31 * DAY);
    bench.set(5_000, 6_000);
    assert_eq!((bench.auction().elapsed, bench.auction().concession), (0, U256::from(ONE / 50)));
    bench.sight();
    assert_eq!(bench.auction().elapsed, 0);
    // Seen healthy, it ended; the next start is a new auction.
    bench.watch(30 * MINUTE);
    bench.set(7_000, 6_000);
    bench.sight();
    assert!(!bench.is_running());
    bench.set(5_000, 6_000);
    bench.wait(MINUTE);
    bench.send(KEEPER, &start());
    assert_eq!(bench.auction().elapsed, 0);
}

#[test]
fn row_7_the_block_of_a_gap_pays_the_first_terms() {
    // An auction as old as can be was seen healthy; then a gap: the fund doesn't pay the full bonus in its first block.
    let bench = Bench::started(5_000, 6_000);
    bench.watch(13 * HOUR);
    bench.set(7_000, 6_000);
    bench.sight();
    bench.set(-26_226, 40_000);
    let call = ILiquidation::startAndBidCall { bid: slice(ONE).bid };
    let taken = bench.send(KEEPER, &call);
    assert_eq!(taken.fromWaterfall, plain(26_226) + plain(800));
}

#[test]
fn row_7_time_in_which_no_bid_could_pass_is_not_time() {
    // Dead data at the start, and for 13 hours.
    let bench = Bench::new();
    bench.told.borrow_mut().healthy = U256::ZERO;
    bench.send(KEEPER, &start());
    assert!(!bench.auction().wasShort);
    bench.watch(13 * HOUR);
    bench.told.borrow_mut().healthy = U256::MAX;
    bench.wait(MINUTE);
    bench.sight();
    assert_eq!(bench.auction().elapsed, 0);
    bench.wait(MINUTE);
    assert_eq!(bench.auction().elapsed, MINUTE);
}

#[test]
fn row_8_deposits_and_dust_bids_void_no_bid() {
    let bench = Bench::started(5_000, 6_000);
    let mut honest = bidding();
    honest.bid.minimumFraction = U256::from(ONE / 10);
    for deposit in 1..=12_u64 {
        // A unit arrives: the nonce moves, the figures hardly.
        let mut told = bench.told.borrow_mut();
        told.nonce += 1;
        told.equity += I256::try_from(1_000_000_000_000 * deposit).unwrap();
        drop(told);
        bench.refusal(KEEPER, &slice(1));
        bench.refusal(KEEPER, &slice(ONE / 1_000_000));
        bench.wait(5 * MINUTE);
        bench.sight();
    }
    bench.send(KEEPER, &honest);
    assert!(!bench.is_running());
}

#[test]
fn row_9_a_millionth_of_something_dead_makes_nobody_immune() {
    // The dead part requires a tenth, the rest is healthy: a slice passes, and the clock runs.
    let bench = Bench::new();
    bench.told.borrow_mut().healthy = plain(5_400);
    bench.send(KEEPER, &start());
    bench.watch(5 * MINUTE);
    assert_eq!(bench.auction().elapsed, 5 * MINUTE);
    assert!(bench.auction().maximumFraction > U256::ZERO);
    bench.send(KEEPER, &slice(ONE / 10));
}

#[test]
fn row_17_ten_dollars_above_and_below_zero_pay_the_same() {
    for (elapsed, most) in [(0, 1), (15 * MINUTE, 30), (13 * HOUR, 30)] {
        let of = |equity| {
            let bench = Bench::started(equity, 40_000);
            bench.watch(elapsed);
            gains(&bench)
        };
        let (above, below) = (of(10), of(-10));
        assert!((above - below).unsigned_abs() <= plain(most + 10), "{elapsed}");
        // The fund's bonus doesn't grow with the hole.
        assert_eq!(below, of(-20_000));
    }
}

#[test]
fn row_17_the_first_bidder_does_not_take_the_fund() {
    // A deficit of 26,226 in the first block: what the fund pays is that and 2% of the requirement.
    let bench = Bench::started(-26_226, 40_000);
    let taken = bench.send(KEEPER, &slice(ONE));
    assert_eq!(taken.fromWaterfall, plain(26_226 + 800));
    assert_eq!(taken.paid, U256::ZERO);
}

#[test]
fn row_31_an_auction_ages_only_while_a_bid_could_pass() {
    let bench = Bench::started(5_000, 6_000);
    bench.watch(5 * MINUTE);
    bench.told.borrow_mut().healthy = U256::ZERO;
    bench.watch(40 * MINUTE);
    assert_eq!(bench.auction().elapsed, 5 * MINUTE);
    assert_eq!(bench.auction().maximumFraction, U256::ZERO);
    bench.told.borrow_mut().healthy = U256::MAX;
    // Not the time up to the first sighting with data, either.
    bench.wait(MINUTE);
    bench.sight();
    assert_eq!(bench.auction().elapsed, 5 * MINUTE);
    bench.watch(MINUTE);
    assert_eq!(bench.auction().elapsed, 6 * MINUTE);
}

#[test]
fn row_33_seconds_at_the_boundary_age_by_what_was_seen() {
    let bench = Bench::started(5_000, 6_000);
    // Short at single seconds, every ten minutes: at most a minute counts of each.
    for _ in 0..6 {
        bench.set(6_500, 6_000);
        bench.wait(9 * MINUTE);
        bench.set(5_999, 6_000);
        bench.wait(MINUTE);
        bench.sight();
    }
    assert_eq!(bench.auction().elapsed, 6 * MINUTE);
    // One look by the owner, or by anybody, at a healthy second ends it.
    bench.set(6_500, 6_000);
    bench.sight();
    assert!(!bench.is_running());
    bench.set(5_999, 6_000);
    bench.send(KEEPER, &start());
    assert_eq!(bench.auction().elapsed, 0);
}

#[test]
fn row_34_what_others_require_changes_no_auction() {
    // A vote or a breaker in the middle raises initial margin to two and a half times: clock and terms go on.
    let bench = Bench::started(5_000, 6_000);
    bench.watch(10 * MINUTE);
    bench.told.borrow_mut().initial = plain(20_000);
    bench.watch(10 * MINUTE);
    assert_eq!(bench.auction().elapsed, 20 * MINUTE);
    let before = bench.auction();
    bench.told.borrow_mut().initial = plain(8_000);
    assert_eq!(bench.auction().maximumFraction, before.maximumFraction);
    bench.send(KEEPER, &slice(ONE / 10));
    assert!(bench.is_running());
    assert_eq!(bench.auction().elapsed, 20 * MINUTE);
}
