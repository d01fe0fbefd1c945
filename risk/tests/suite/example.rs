//! The worked example of docs/margin.md: every number printed there is computed here.

use alloy_primitives::{I256, U256};
use novate_risk::{
    Book, Instrument, Market, Netting, Parameters, StandardTerms, Trade, Validity, after, assess,
    assess_standard, attribution, breakdown, greeks,
    liquidation::{Piece, Size, Terms},
    loss_vector,
    market::{ExpiryMarket, PerpetualMarket, Settlement, Surface, UnderlyingMarket},
    parameters::UnderlyingParameters,
};

const ONE: u64 = 1_000_000_000_000_000_000;
const DOC: &str = include_str!("../../../docs/margin.md");
/// 2026-02-27 08:00 UTC: 28 days before the expiry of 27 March.
const NOW: u64 = 1_772_179_200;

fn wad(units: u128) -> u128 {
    units * u128::from(ONE)
}

fn market() -> Market {
    Market {
        underlyings: vec![UnderlyingMarket {
            underlying: 1,
            index: wad(3_000),
            confidence: ONE,
            validity: Validity::Valid,
            updated_at: NOW,
            slow_price: Some(wad(3_000)),
            perpetual: Some(PerpetualMarket {
                mark: wad(3_000),
                funding_index: 0,
                confidence: ONE,
            }),
        }],
        expiries: vec![ExpiryMarket {
            underlying: 1,
            expiry_hours: u32::try_from((NOW + 28 * 86_400) / 3_600).unwrap(),
            forward: wad(3_010),
            forward_variable: None,
            observed_share: 0,
            rate: 40_000_000_000_000_000,
            surface: Surface::Svi {
                a: 12_000_000_000_000_000,
                b: 60_000_000_000_000_000,
                rho: -300_000_000_000_000_000,
                m: 0,
                sigma: 250_000_000_000_000_000,
            },
            model_time: NOW,
            forward_confidence: ONE,
            rate_confidence: ONE,
            volatility_confidence: ONE,
            settlement: Settlement::default(),
        }],
        ..Market::default()
    }
}

fn book() -> Book {
    let symbols = [(1, "ETH")];
    let trades =
        [("ETH-27MAR26-3200-C", -10, 130), ("ETH-27MAR26-2800-P", -5, 110), ("ETH-PERP", 4, 3_000)]
            .map(|(name, contracts, price)| Trade {
                instrument: Instrument::parse(name, &symbols).unwrap().id(),
                quantity: contracts * 1_000_000,
                price: wad(price),
            });
    let start = Book::with_cash(I256::try_from(wad(10_000)).unwrap()).unwrap();
    after(&start, &market(), &trades).unwrap()
}

fn parameters() -> Parameters {
    Parameters {
        underlyings: vec![UnderlyingParameters::new(1, 180_000_000_000_000_000)],
        ..Parameters::default()
    }
}

/// Two decimals, thousands apart, rounded to nearest.
fn show(x: I256) -> String {
    let cents = (x.unsigned_abs() + U256::from(ONE / 200)) / U256::from(ONE / 100);
    let text = format!("{:0>3}", cents.to_string());
    let (whole, rest) = text.split_at(text.len() - 2);
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{}{grouped}.{rest}", if x.is_negative() && !cents.is_zero() { "-" } else { "" })
}

#[test]
fn the_documented_example_is_what_the_code_says() {
    let (book, market, parameters) = (book(), market(), parameters());
    let figures = assess(&book, &market, &parameters, NOW).unwrap();
    let part = breakdown(&book, &market, &parameters, NOW).unwrap().remove(0);
    let (outcomes, basis) = loss_vector(&book, &market, &parameters, NOW, 1).unwrap();
    let shares = attribution(&book, &market, &parameters, NOW, 1, figures.worst_scenario).unwrap();
    let rows = greeks(&book, &market, &parameters, NOW).unwrap();
    let standard = |netting| {
        assess_standard(&book, &market, &parameters, &StandardTerms::default(), netting, NOW)
            .unwrap()
    };
    let (cross, isolated) = (standard(Netting::Cross), standard(Netting::Isolated));
    let number = |x: U256| show(I256::from_raw(x));
    let mut lines = vec![
        format!("| cash | {} |", show(book.cash())),
        format!("| options at mark | {} |", show(part.value)),
        format!("| equity | {} |", show(figures.equity)),
        format!("| worst scenario | number {} |", figures.worst_scenario),
        format!("| its outcome | {} |", show(part.worst)),
        format!("| basis charge | {} |", show(basis)),
        format!("| initial requirement | {} |", number(figures.initial_requirement)),
        format!("| maintenance requirement | {} |", number(figures.maintenance_requirement)),
        format!("| initial excess | {} |", show(figures.initial_excess())),
        format!("| maintenance excess | {} |", show(figures.maintenance_excess())),
        format!("| cross, initial | {} |", number(cross.initial_requirement)),
        format!("| isolated, initial | {} |", number(isolated.initial_requirement)),
    ];
    for number in [0_usize, 13, 24, 27, 28, 35] {
        let outcome = outcomes[number];
        let shock = I256::try_from(outcome.shock).unwrap();
        lines.push(format!(
            "| {number} | {} | {:?} | {} |",
            show(shock),
            outcome.volatility,
            show(outcome.pnl)
        ));
    }
    for (name, share) in ["perpetual", "call 3200", "put 2800"].into_iter().zip(&shares) {
        lines.push(format!("| {name} | {} |", show(share.pnl)));
    }
    for row in &rows {
        let name = if row.expiry == 0 { "perpetual" } else { "27 March" };
        lines.push(format!(
            "| {name} | {} | {} | {} | {} |",
            show(row.delta),
            show(row.gamma),
            show(row.vega),
            show(row.theta)
        ));
    }
    // The same account with 1,500 less: liquidatable a little later in the story.
    let mut poor = book;
    let target = I256::from_raw(figures.maintenance_requirement) * I256::try_from(4).unwrap()
        / I256::try_from(5).unwrap();
    poor.add_cash(target - figures.equity).unwrap();
    let short = assess(&poor, &market, &parameters, NOW).unwrap();
    let terms = Terms::at(450);
    let size = Size::of(&short, U256::ZERO, 0);
    let fraction = size.largest_fraction(terms);
    let share = |money: I256| {
        money * I256::try_from(fraction).unwrap()
            / I256::try_from(1_000_000_000_000_000_000_u64).unwrap()
    };
    let relief = share(I256::from_raw(short.maintenance_requirement));
    let piece = Piece { value: share(short.equity), relief, is_slice: true };
    let price = size.standing.price(&piece, terms).unwrap();
    lines.push(format!("| equity, four fifths of maintenance | {} |", show(short.equity)));
    let percent = |share: u64| show(I256::try_from(share).unwrap() * I256::try_from(100).unwrap());
    lines.push(format!("| concession after 450 seconds | {} % |", percent(terms.concession)));
    lines.push(format!("| largest fraction | {} % |", percent(fraction)));
    lines.push(format!("| its value at marks | {} |", show(piece.value)));
    lines.push(format!("| price of it | {} |", show(price.from_bidder)));
    let missing: Vec<&String> = lines.iter().filter(|line| !DOC.contains(line.as_str())).collect();
    assert!(
        missing.is_empty(),
        "docs/margin.md lacks:\n{}",
        missing.iter().map(|line| line.as_str()).collect::<Vec<_>>().join("\n")
    );
}
