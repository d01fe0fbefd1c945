//! Every function on one case.

use novate_abi::book as codec;
use novate_risk::{
    Book, Error, Extensions, Instrument, Market, Netting, Parameters, StandardTerms, Trade,
    adaptive::{Ramp, RangeRule, assess_ramped, offset_from_correlation},
    after, assess, assess_extended, assess_standard, attribution, breakdown, excess_under, greeks,
    liquidation::{Piece, Size, Terms, WHOLE},
    liquidation_prices, loss_vector, max_quantity, preview,
};

use crate::{
    Tally,
    case::{NOW, instrument, packed},
    draw::Draw,
    market::{market, spoil},
    parameters::{extensions, parameters},
};

/// Runs one case.
///
/// # Panics
/// If the claim is wrong.
pub fn execute(bytes: &[u8], tally: &mut Tally) {
    let mut draw = Draw::new(bytes);
    tally.count("executions");
    let bytes = packed(&mut draw);
    let unpacked = match codec::Book::unpack(&bytes) {
        Ok(book) => book,
        Err(error) => {
            assert!(error.abi_encode().len() >= 4, "an error has data");
            return tally.count("books refused by the codec");
        }
    };
    assert_eq!(unpacked.pack(), bytes, "equal books have equal bytes");
    let book = match Book::try_from(unpacked) {
        Ok(book) => book,
        Err(Error::CashOutOfRange | Error::BookTooLarge { .. }) => {
            return tally.count("books refused for their cash or their collaterals");
        }
        Err(error) => panic!("a canonical book: {error}"),
    };
    tally.count(match book.positions().len() {
        0 => "books of cash and collateral alone",
        1..8 => "books of 1 to 7 positions",
        8..64 => "books of 8 to 63 positions",
        _ => "books of 64 to 256 positions",
    });
    let parameters = parameters(&mut draw);
    if parameters.check().is_ok() {
        tally.count("parameters within their bounds");
    }
    // Books that only noise makes may hold collateral without parameters: that is refused, and named.
    if let Some(held) = book.collateral().iter().find(|held| held.collateral > 4) {
        let refused = assess(&book, &market(&mut draw, &book), &parameters, NOW);
        assert_eq!(refused, Err(Error::CollateralNotListed(held.collateral)));
        return tally.count("books with unlisted collateral refused");
    }
    let mut market = market(&mut draw, &book);
    let extensions = extensions(&mut draw);
    let now = if draw.once_in(8) { draw.edgy() } else { NOW + draw.below(7_200) };
    if draw.once_in(16) {
        spoil(&mut draw, &mut market);
        match assess_extended(&book, &market, &parameters, &extensions, now) {
            Ok(_) => tally.count("market states spoilt where the book doesn't look"),
            Err(Error::InvalidMarketData { .. }) => tally.count("market states refused"),
            Err(error) => panic!("a spoilt market state: {error}"),
        }
        return;
    }
    let case = Case { book, market, parameters, extensions, now };
    case.margin(&mut draw, tally);
    match draw.byte() % 8 {
        0 => case.shares(&mut draw, tally),
        1 => case.standard(tally),
        2 => case.sensitivities(tally),
        3 => case.trades(&mut draw, tally),
        4 => case.liquidation(&mut draw, tally),
        5 => case.ramps(&mut draw, tally),
        6 => case.names(tally),
        _ if draw.once_in(16) && case.book.positions().len() < 8 => case.searches(&mut draw, tally),
        _ => {}
    }
}

struct Case {
    book: Book,
    market: Market,
    parameters: Parameters,
    extensions: Extensions,
    now: u64,
}

impl Case {
    fn margin(&self, draw: &mut Draw<'_>, tally: &mut Tally) {
        let Self { book, market, parameters, extensions, now } = self;
        tally.count("assess_extended");
        let figures = assess_extended(book, market, parameters, extensions, *now).expect("total");
        if parameters.scan.initial >= parameters.scan.maintenance {
            assert!(figures.initial_excess() <= figures.maintenance_excess(), "{figures:?}");
        }
        if draw.once_in(4) {
            tally.count("assess");
            let plain = assess(book, market, parameters, *now).expect("total");
            assert_eq!(plain.equity, figures.equity);
        }
    }

    fn shares(&self, draw: &mut Draw<'_>, tally: &mut Tally) {
        let Self { book, market, parameters, now, .. } = self;
        tally.count("breakdown, loss_vector, attribution, excess_under");
        let parts = breakdown(book, market, parameters, *now).expect("total");
        let count = parameters.scenarios.len();
        let scenario = draw.byte() % u8::try_from(count).expect("at most 64");
        let figures = assess(book, market, parameters, *now).expect("total");
        let mut numbers = Vec::new();
        for part in &parts {
            let (outcomes, basis) =
                loss_vector(book, market, parameters, *now, part.underlying).expect("total");
            assert_eq!(outcomes.len(), count);
            let least = outcomes.iter().map(|outcome| outcome.pnl).fold(basis, Ord::min);
            assert_eq!(least, part.worst);
            attribution(book, market, parameters, *now, part.underlying, scenario).expect("total");
            numbers.push(part.worst_scenario);
        }
        let bound = excess_under(book, market, parameters, *now, &vec![scenario; parts.len()]);
        assert!(bound.expect("total") >= figures.maintenance_excess());
        let exact = excess_under(book, market, parameters, *now, &numbers).expect("total");
        assert_eq!(exact, figures.maintenance_excess());
    }

    fn standard(&self, tally: &mut Tally) {
        let Self { book, market, parameters, now, .. } = self;
        tally.count("assess_standard, both");
        let terms = StandardTerms::default();
        let of = |netting| {
            assess_standard(book, market, parameters, &terms, netting, *now).expect("total")
        };
        let (isolated, cross) = (of(Netting::Isolated), of(Netting::Cross));
        assert!(cross.initial_requirement <= isolated.initial_requirement);
        assert_eq!(cross.equity, isolated.equity);
    }

    fn sensitivities(&self, tally: &mut Tally) {
        tally.count("greeks");
        greeks(&self.book, &self.market, &self.parameters, self.now).expect("total");
    }

    fn trades(&self, draw: &mut Draw<'_>, tally: &mut Tally) {
        let Self { book, market, parameters, now, .. } = self;
        tally.count("preview, after, settle");
        let price = draw.wide() >> (draw.byte() % 128);
        let traded = if draw.once_in(8) { draw.word() } else { instrument(draw) };
        let trade = Trade { instrument: traded, quantity: draw.edgy_signed(), price };
        let seen = preview(book, &[trade], market, parameters, *now);
        match after(book, market, &[trade]) {
            // The market may lack the instrument's series.
            Ok(outcome) => assert_eq!(seen, assess(&outcome, market, parameters, *now)),
            Err(error) => assert_eq!(seen, Err(error)),
        }
        let mut settled = book.clone();
        match settled.settle(traded, price) {
            Ok(_) => {}
            Err(_) => assert_eq!(&settled, book, "refused, so unchanged"),
        }
    }

    fn liquidation(&self, draw: &mut Draw<'_>, tally: &mut Tally) {
        let Self { book, market, parameters, now, .. } = self;
        tally.count("cut, absorb, auction terms");
        let figures = assess(book, market, parameters, *now).expect("total");
        let terms = Terms::at(draw.edgy());
        let size = Size::of(&figures, U256::from(draw.edgy()), draw.edgy());
        assert!(size.largest_fraction(terms) <= WHOLE);
        let (value, relief) = (figures.equity, I256::from_raw(figures.maintenance_requirement));
        for is_slice in [false, true] {
            size.standing.price(&Piece { value, relief, is_slice }, terms);
        }
        let (slice, rest) = book.cut(draw.edgy());
        assert_eq!(slice.cash() + rest.cash(), book.cash());
        for part in [&slice, &rest] {
            assess(part, market, parameters, *now).expect("total");
            let packed = codec::Book::from(part).pack();
            assert!(codec::Book::unpack(&packed).is_ok(), "a part is a book");
        }
        let mut merged = slice;
        if merged.absorb(&rest).is_ok() {
            assess(&merged, market, parameters, *now).expect("total");
        }
    }

    fn ramps(&self, draw: &mut Draw<'_>, tally: &mut Tally) {
        let Self { book, market, parameters, extensions, now } = self;
        tally.count("assess_ramped, range rules, offsets");
        let rule = RangeRule {
            multiple: draw.edgy(),
            horizon: draw.word() as u16,
            floor: draw.edgy(),
            ceiling: draw.edgy(),
        };
        let range = rule.range(draw.edgy());
        assert!(range <= rule.ceiling);
        let ramp = Ramp { from: draw.edgy(), to: range, start: draw.edgy(), length: draw.edgy() };
        let turned = ramp.towards(draw.edgy(), *now);
        for ramp in [ramp, turned] {
            assess_ramped(book, market, parameters, extensions, &[(1, ramp)], *now).expect("total");
        }
        offset_from_correlation(draw.edgy_signed(), draw.edgy(), draw.edgy(), draw.edgy());
    }

    fn names(&self, tally: &mut Tally) {
        tally.count("names both ways");
        for held in self.book.holdings() {
            let symbols = [(held.instrument.underlying(), "ETH")];
            let name = held.instrument.name(&symbols).expect("listed").to_string();
            assert_eq!(Instrument::parse(&name, &symbols), Ok(held.instrument), "{name}");
        }
    }

    fn searches(&self, draw: &mut Draw<'_>, tally: &mut Tally) {
        let Self { book, market, parameters, now, .. } = self;
        tally.count("max_quantity, liquidation_prices");
        liquidation_prices(book, market, parameters, *now, 1).expect("total");
        let reserve = alloy_primitives::I256::ZERO;
        for held in book.holdings().take(1) {
            let (buy, price) = (draw.once_in(2), draw.wide() >> (draw.byte() % 128));
            let limit = draw.edgy_signed();
            max_quantity(
                book,
                &held.instrument,
                buy,
                price,
                limit,
                reserve,
                market,
                parameters,
                *now,
            )
            .expect("total");
        }
    }
}
