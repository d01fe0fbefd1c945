//! Funding, through messages.

use super::*;

/// A message with this mark, and an index that was updated just now.
fn post(bench: &Bench, mark: u128) {
    bench.feed_answers(ANSWER);
    let update = IOracle::MarketUpdate {
        modelTime: bench.now(),
        perpetualMark: mark,
        expiries: Vec::new(),
        ..market()
    };
    let call = bench.signed_by_all(&update);
    bench.world.send(ANYONE, ORACLE, &call).unwrap();
}

#[test]
fn funding_accrues_at_the_rates_that_held() {
    let bench = Bench::new();
    let funding = || bench.view(&IOracle::fundingIndexCall { underlying: ETH });
    assert_eq!(funding(), I256::ZERO);
    // A premium of 2%: nothing is averaged yet, so the interest alone is paid.
    post(&bench, PRICE / 100 * 102);
    bench.wait(600);
    let interest = I256::try_from(PRICE / 10_000 / 86_400 * 600).unwrap();
    assert!((funding() - interest).abs() < I256::try_from(1_000).unwrap());
    // One step of ten minutes: 2% (1 - exp(-1/48)).
    post(&bench, PRICE / 100 * 102);
    let before = funding();
    bench.wait(100);
    let paid = (funding() - before).to_string().parse::<f64>().unwrap() / 1e18;
    let daily = 0.000_1 + 3.0 * 0.02 * (1.0 - (-1.0_f64 / 48.0).exp());
    let expected = 3_000.0 * daily / 86_400.0 * 100.0;
    assert!((paid / expected - 1.0).abs() < 1e-9, "{paid} {expected}");
    let read = bench.perpetual();
    assert_eq!((read.fundingIndex, read.modelTime), (funding(), NOW + 600));
    assert!(read.fundingRate > 0);
    // An hour without a message, and nothing more accrues.
    bench.wait(3_500);
    let last = funding();
    assert_eq!(bench.perpetual().fundingRate, 0);
    bench.wait(86_400);
    assert_eq!(funding(), last);
    // A step after so long is one of ten minutes as well.
    post(&bench, PRICE / 100 * 102);
    let rate = bench.perpetual().fundingRate.to_string().parse::<f64>().unwrap();
    let daily = 0.000_1 + 3.0 * 0.02 * (1.0 - (-2.0_f64 / 48.0).exp());
    assert!((rate / (3_000e18 * daily / 86_400.0) - 1.0).abs() < 1e-6);
}
