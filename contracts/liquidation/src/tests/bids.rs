//! Bids and their guards.

use alloy_primitives::{I256, U256};
use novate_abi::{IClearing, IErrors, ILiquidation};
use novate_risk::liquidation::{Size, Standing, Terms, WHOLE};

use super::bench::*;

#[test]
fn a_bid_takes_the_largest_fraction_at_the_terms_of_the_moment() {
    let bench = Bench::started(5_000, 6_000);
    bench.watch(5 * MINUTE);
    bench.wait(30);
    let offered = bench.auction();
    let taken = bench.send(KEEPER, &bidding());
    assert_eq!(taken.fraction, offered.maximumFraction);
    let Terms { concession, bonus } = Terms::at(5 * MINUTE + 30);
    let call = bench.told.borrow().closed[0].clone();
    assert_eq!((call.from, call.to), (SHORT, keeper_account()));
    assert_eq!((call.concession, call.bonus), (U256::from(concession), U256::from(bonus)));
    assert_eq!((call.cut.kind, call.cut.fraction), (0, taken.fraction));
    assert_eq!(taken.value, wad(5_000) * I256::from_raw(taken.fraction) / wad(1));
    // An excess of 15% of what is still required ends the auction.
    assert!(!bench.is_running());
    let told = bench.told.borrow();
    let excess = told.equity - I256::from_raw(told.requirement);
    let most = told.requirement * U256::from(15) / U256::from(100);
    assert!(excess.into_raw() <= most && excess.into_raw() + U256::from(20_000) > most);
}

#[test]
fn a_debt_is_reckoned_into_the_largest_fraction() {
    for (cash, debt) in [(1_000, 0), (-1_000, 10), (-20_000, 200), (-400_000, 4_000)] {
        let bench = Bench::started(5_000, 6_000);
        {
            let mut told = bench.told.borrow_mut();
            (told.cash, told.healthy) = (wad(cash), plain(6_000 - debt));
        }
        let size = Size {
            standing: Standing { equity: wad(5_000), requirement: plain(6_000) },
            close_equity: wad(5_000),
            close_requirement: plain(6_000),
            healthy_requirement: plain(6_000 - debt),
            debt_requirement: plain(debt),
            debt_rate: ONE / 100,
        };
        let most = size.largest_fraction(Terms::at(0));
        assert_eq!(bench.auction().maximumFraction, U256::from(most));
        let rounding = bench.told.borrow().requirement / U256::from(10);
        bench.told.borrow_mut().rounding = rounding;
        assert_eq!(bench.send(KEEPER, &bidding()).fraction, U256::from(most));
    }
}

#[test]
fn start_and_bid_are_one_call() {
    let bench = Bench::new();
    let call = ILiquidation::startAndBidCall { bid: slice(ONE / 10).bid };
    let taken = bench.send(KEEPER, &call);
    assert_eq!(taken.fraction, U256::from(ONE / 10));
    assert!(bench.is_running());
    // Exactly this fraction: nothing is looked at before clearing cuts.
    assert_eq!(bench.told.borrow().looks, 1);
    let call = ILiquidation::startAndBidCall { bid: bidding().bid };
    bench.send(KEEPER, &call);
    assert!(!bench.is_running());
    let (account, excess) =
        (SHORT, bench.told.borrow().equity - I256::from_raw(bench.told.borrow().requirement));
    let error = encoded(&ILiquidation::NotLiquidatable { account, excess });
    assert_eq!(bench.refusal(KEEPER, &call), error);
    let error = encoded(&IClearing::NotShort { account, excess });
    let call = ILiquidation::startAndBidCall { bid: slice(ONE).bid };
    assert_eq!(bench.refusal(KEEPER, &call), error);
    assert_eq!(bench.refusal(KEEPER, &bidding()), encoded(&ILiquidation::NoAuction { account }));
}

#[test]
fn an_auction_goes_on_until_the_shortfall_is_gone() {
    let bench = Bench::started(5_000, 6_000);
    bench.send(KEEPER, &slice(ONE / 20));
    assert!(bench.is_running());
    bench.send(KEEPER, &bidding());
    assert!(!bench.is_running());
}

#[test]
fn bids_have_a_least_and_a_greatest_size() {
    let bench = Bench::started(5_000, 6_000);
    // 1% of 6,000.
    let error = encoded(&ILiquidation::RelievesTooLittle { relief: wad(60), least: plain(100) });
    assert_eq!(bench.refusal(KEEPER, &slice(ONE / 100)), error);
    let fraction = bench.auction().maximumFraction.to::<u64>();
    bench.refusal(KEEPER, &slice(fraction + ONE / 100));
    bench.send(KEEPER, &slice(fraction));
    // The least bid may leave what it leaves.
    let bench = Bench::started(99_999, 100_000);
    let least = bench.auction().maximumFraction;
    assert!(least < U256::from(ONE / 5));
    let bench = Bench::started(1_099, 1_100);
    bench.send(KEEPER, &bidding());
    // A small account may go whole.
    let bench = Bench::started(998, 999);
    assert_eq!(bench.auction().maximumFraction, U256::from(WHOLE));
    bench.send(KEEPER, &bidding());
    assert!(!bench.is_running());
    // So may one without equity, however large, and nobody must take it whole.
    let bench = Bench::started(-1, 900_000);
    assert_eq!(bench.auction().maximumFraction, U256::from(WHOLE));
    bench.send(KEEPER, &slice(ONE / 3));
    bench.send(KEEPER, &bidding());
    assert!(!bench.is_running());
}

#[test]
fn a_small_account_that_can_be_taken_only_in_part_is_taken() {
    // What is left is broken: it keeps the excess below zero, though a whole slice relieves little.
    let bench = Bench::started(-5_000, 50);
    bench.told.borrow_mut().rounding = U256::ZERO;
    let mut call = bidding();
    call.bid.cut.kind = 1;
    call.bid.cut.fraction = U256::from(ONE / 2);
    let error = encoded(&ILiquidation::RelievesTooLittle { relief: wad(25), least: plain(100) });
    assert_eq!(bench.refusal(KEEPER, &call), error);
    bench.send(KEEPER, &slice(ONE));
}

#[test]
fn a_bid_is_guarded() {
    let bench = Bench::started(5_000, 6_000);
    let account = SHORT;
    let error = encoded(&IErrors::Unauthorized { caller: GOVERNOR });
    assert_eq!(bench.refusal(GOVERNOR, &bidding()), error);
    let timestamp = bench.world.timestamp();
    let mut call = bidding();
    call.bid.deadline = timestamp - 1;
    let error = encoded(&IErrors::DeadlinePassed { deadline: timestamp - 1, timestamp });
    assert_eq!(bench.refusal(KEEPER, &call), error);
    let mut call = bidding();
    call.bid.expectedNonce = 8;
    let error = encoded(&ILiquidation::StateChanged { account, expected: 8, actual: 9 });
    assert_eq!(bench.refusal(KEEPER, &call), error);
    let available = bench.auction().maximumFraction;
    let mut call = bidding();
    call.bid.minimumFraction = available + U256::from(1);
    let minimum = call.bid.minimumFraction;
    let error = encoded(&ILiquidation::FractionTooSmall { minimum, available });
    assert_eq!(bench.refusal(KEEPER, &call), error);
    // A tenth: worth 500, relieves 600, 2% of that less a hundredth is the bidder's.
    let price = plain(500) - plain(12) * U256::from(99) / U256::from(100);
    let mut call = slice(ONE / 10);
    let limit = price - U256::from(1);
    call.bid.maximumPrice = limit;
    let error = encoded(&ILiquidation::PriceAboveLimit { price, limit });
    assert_eq!(bench.refusal(KEEPER, &call), error);
    let mut call = slice(ONE / 10);
    let limit = wad(500) + I256::ONE;
    call.bid.minimumWorth = limit;
    let error = encoded(&ILiquidation::WorthBelowLimit { worth: wad(500), limit });
    assert_eq!(bench.refusal(KEEPER, &call), error);
    (call.bid.minimumWorth, call.bid.maximumPrice) = (wad(500), price);
    call.bid.expectedNonce = 9;
    let taken = bench.send(KEEPER, &call);
    assert_eq!((taken.paid, taken.value, taken.relief), (price, wad(500), wad(600)));
    let mut call = slice(ONE);
    call.bid.minimumFraction = U256::from(ONE) + U256::from(1);
    bench.refusal(KEEPER, &call);
}

#[test]
fn worth_counts_what_the_bidder_is_paid() {
    // A burden worth -800: the account pays it, and the concession.
    let bench = Bench::started(5_000, 6_000);
    let mut call = legs(&bench, -800, 500);
    let received = wad(800) + wad(10) * wad(99) / wad(100);
    call.bid.minimumWorth = received - wad(800) + I256::ONE;
    let (worth, limit) = (received - wad(800), call.bid.minimumWorth);
    let error = encoded(&ILiquidation::WorthBelowLimit { worth, limit });
    assert_eq!(bench.refusal(KEEPER, &call), error);
    call.bid.minimumWorth = worth;
    call.bid.maximumPrice = U256::ZERO;
    let taken = bench.send(KEEPER, &call);
    assert_eq!((taken.fraction, taken.value, taken.paid), (U256::ZERO, wad(-800), U256::ZERO));
    let sent = bench.told.borrow().closed[0].clone();
    assert_eq!(sent.cut.legs.len(), 1);
    assert_eq!((sent.cut.legs[0].instrument, sent.cut.legs[0].quantity), (1 << 56, -7));
}

#[test]
fn a_bid_that_does_not_decode_is_malformed() {
    use alloy_sol_types::SolCall;
    let bench = Bench::started(5_000, 6_000);
    let data = legs(&bench, 0, 500).abi_encode();
    for length in 4..data.len() {
        let error = bench.world.call(KEEPER, SELF, U256::ZERO, &data[..length]).unwrap_err();
        assert_eq!(error[..4], <IErrors::MalformedBytes as alloy_sol_types::SolError>::SELECTOR);
    }
}
