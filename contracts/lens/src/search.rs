//! What is found by trying: how much fits, and where liquidation begins.

use alloy_primitives::U256;
use novate_common::{
    Answer, Input, answers,
    session::{Needs, Session, unpack},
};
use novate_risk::rules::Wish;

use crate::{meter::Meter, source::open, view::trade};

/// `maxQuantity(margin, book, most, reserve)`.
pub(crate) fn max_quantity(input: &mut Input<'_>) -> Answer {
    let (margin, book) = (input.address()?, unpack(input)?);
    let wish = Wish { most: trade(input)?, reserve: input.i256()? };
    let mut needs = Needs::default();
    needs.add_book(&book);
    needs.add_instrument(wish.most.instrument)?;
    let session = open(&margin, needs)?;
    session.check_listed(wish.most.instrument)?;
    let Session { market, rules, .. } = &session;
    let mut meter = Meter::new();
    let fitting = rules.max_quantity(&rules.known(&book), market, &wish, || meter.proceed())?;
    answers![fitting.unsigned_abs()]
}

/// `liquidationPrices(margin, book, underlying)`.
pub(crate) fn liquidation_prices(input: &mut Input<'_>) -> Answer {
    let (margin, book) = (input.address()?, unpack(input)?);
    let underlying = input.u8()?;
    let mut needs = Needs::default();
    needs.add_book(&book);
    needs.add_underlying(underlying);
    let Session { market, rules, .. } = open(&margin, needs)?;
    let mut meter = Meter::new();
    let book = rules.known(&book);
    let prices = rules.liquidation_prices(&book, &market, underlying, || meter.proceed())?;
    let price = |found: Option<u128>| U256::from(found.unwrap_or(0));
    answers![price(prices.below), price(prices.above)]
}
