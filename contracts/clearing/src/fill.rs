//! Trades: what they do to books, cash, fees and open interest.

use alloc::vec::Vec;

use alloy_primitives::{I256, U256};
use novate_abi::{
    IClearing::{Fill, Filled, InstrumentExpired, InvalidPrice, InvalidQuantity, SelfTrade},
    IErrors,
    IOracle::{fundingIndexCall, indexPriceCall},
};
use novate_common::{Answer, Input, Revert, empty, view};
use novate_risk::{Instrument, Kind, Trade};
use stylus_sdk::prelude::*;

use crate::{
    Clearing,
    error::{overflow, refused},
    session::Session,
    storage::FILL,
};

/// Millionths of a contract times millionths of notional.
const MILLIONTHS_TWICE: u64 = 1_000_000_000_000;
/// Highest price of a contract, 18 decimals: a trillion.
const MAXIMUM_PRICE: u128 = 1_000_000_000_000_000_000_000_000_000_000;

/// The fee rates in force, millionths.
#[derive(Debug, Clone, Copy)]
struct Rates {
    option: u32,
    premium_cap: u32,
    maker: u32,
    taker: u32,
}

/// What the oracle told in this call.
#[derive(Debug, Default)]
struct Told {
    funding: Vec<(u8, i128)>,
    index: Vec<(u8, U256)>,
}

impl Clearing {
    /// `fill(fills)`.
    pub(crate) fn fill(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.not_paused(FILL)?;
        let caller = self.vm().msg_sender();
        if !self.venues.get(caller) {
            return Err(IErrors::Unauthorized { caller }.into());
        }
        let rates = self.rates();
        let (count, mut fills) = input.array(6)?;
        let mut session = self.session();
        let mut told = Told::default();
        for _ in 0..count {
            let fill = Fill {
                instrument: fills.u64()?,
                quantity: fills.u64()?,
                price: fills.u128()?,
                buyer: fills.bytes32()?,
                seller: fills.bytes32()?,
                buyerIsMaker: fills.bool()?,
            };
            self.apply(&mut session, &mut told, &rates, &fill)?;
        }
        self.check_fills(&session.accounts)?;
        self.commit(&session)?;
        empty()
    }

    fn apply(
        &self,
        session: &mut Session,
        told: &mut Told,
        rates: &Rates,
        fill: &Fill,
    ) -> Result<(), Revert> {
        let (instrument, quantity) = self.accept(fill)?;
        let funding = self.funding(told, &instrument)?;
        let bought = Trade { instrument: fill.instrument, quantity, price: fill.price };
        let sold = Trade { quantity: quantity.checked_neg().ok_or_else(overflow)?, ..bought };
        let mut moved = I256::ZERO;
        for (account, trade) in [(fill.buyer, bought), (fill.seller, sold)] {
            let index = self.touch(session, account)?;
            let touched = session.accounts.get_mut(index).ok_or_else(overflow)?;
            let old = touched.book.quantity(fill.instrument);
            let change =
                touched.book.apply(&trade, funding).map_err(|error| refused(account, error))?;
            let new = touched.book.quantity(fill.instrument);
            self.count_interest(session, fill.instrument, old, new)?;
            session.ledger.add_cash(change)?;
            moved = moved.checked_add(change).ok_or_else(overflow)?;
        }
        if instrument.is_option() {
            // Both sides are rounded down: what is over, at most one unit, is the insurance fund's.
            session.ledger.insure(u128::try_from(moved.wrapping_neg()).map_err(|_| overflow())?)?;
        } else {
            session.ledger.pay_variation(moved)?;
        }
        self.charge(session, told, rates, fill, &instrument)
    }

    /// The terms and the signed quantity of a fill that can be done.
    fn accept(&self, fill: &Fill) -> Result<(Instrument, i64), Revert> {
        let Fill { instrument: id, price, buyer, seller, .. } = *fill;
        let instrument = Instrument::decode(id).map_err(|_| IErrors::InvalidInstrument { id })?;
        let now = self.vm().block_timestamp();
        if instrument.expiry().is_some_and(|expiry| expiry <= now) {
            return Err(InstrumentExpired { instrument: id }.into());
        }
        let quantity = i64::try_from(fill.quantity).ok().filter(|quantity| *quantity != 0);
        let quantity = quantity.ok_or(InvalidQuantity { instrument: id })?;
        // An option may be given away; a perpetual or a future without a price has no gain to count.
        if price > MAXIMUM_PRICE || (price == 0 && !instrument.is_option()) {
            return Err(InvalidPrice { instrument: id, price }.into());
        }
        if buyer == seller {
            return Err(SelfTrade { account: buyer }.into());
        }
        Ok((instrument, quantity))
    }

    /// Takes both fees and tells the trade.
    fn charge(
        &self,
        session: &mut Session,
        told: &mut Told,
        rates: &Rates,
        fill: &Fill,
        instrument: &Instrument,
    ) -> Result<(), Revert> {
        let (buyer_fee, seller_fee) = if instrument.is_option() {
            let fee = self.option_fee(told, rates, fill, instrument.underlying())?;
            (fee, fee)
        } else {
            let (maker, taker) = (
                fee(fill, U256::from(fill.price), rates.maker)?,
                fee(fill, U256::from(fill.price), rates.taker)?,
            );
            if fill.buyerIsMaker { (maker, taker) } else { (taker, maker) }
        };
        for (account, amount) in [(fill.buyer, buyer_fee), (fill.seller, seller_fee)] {
            let index = self.touch(session, account)?;
            let touched = session.accounts.get_mut(index).ok_or_else(overflow)?;
            let change = I256::from_raw(U256::from(amount)).wrapping_neg();
            touched.book.add_cash(change).map_err(|error| refused(account, error))?;
            session.ledger.add_cash(change)?;
            session.ledger.fees = session.ledger.fees.checked_add(amount).ok_or_else(overflow)?;
        }
        self.vm().log(Filled {
            instrument: fill.instrument,
            buyer: fill.buyer,
            seller: fill.seller,
            quantity: fill.quantity,
            price: fill.price,
            buyerFee: U256::from(buyer_fee),
            sellerFee: U256::from(seller_fee),
        });
        Ok(())
    }

    /// A share of notional at the index, at most a share of premium.
    fn option_fee(
        &self,
        told: &mut Told,
        rates: &Rates,
        fill: &Fill,
        underlying: u8,
    ) -> Result<u128, Revert> {
        if rates.option == 0 {
            return Ok(0);
        }
        let index = match told.index.iter().find(|(known, _)| *known == underlying) {
            Some((_, price)) => *price,
            None => {
                let answer = view(self.vm(), self.oracle.get(), &indexPriceCall { underlying })?;
                told.index.push((underlying, answer.price));
                answer.price
            }
        };
        let most = fee(fill, U256::from(fill.price), rates.premium_cap)?;
        Ok(fee(fill, index, rates.option)?.min(most))
    }

    /// The funding index of a perpetual's underlying; 0 for everything else.
    fn funding(&self, told: &mut Told, instrument: &Instrument) -> Result<i128, Revert> {
        let underlying = instrument.underlying();
        if instrument.kind() != Kind::Perpetual {
            return Ok(0);
        }
        if let Some((_, index)) = told.funding.iter().find(|(known, _)| *known == underlying) {
            return Ok(*index);
        }
        let index = view(self.vm(), self.oracle.get(), &fundingIndexCall { underlying })?;
        let index = i128::try_from(index).map_err(|_| overflow())?;
        told.funding.push((underlying, index));
        Ok(index)
    }

    fn rates(&self) -> Rates {
        Rates {
            option: self.option_rate.get().to(),
            premium_cap: self.option_premium_cap.get().to(),
            maker: self.maker_rate.get().to(),
            taker: self.taker_rate.get().to(),
        }
    }
}

/// `quantity * price * rate`, rounded up.
fn fee(fill: &Fill, price: U256, rate: u32) -> Result<u128, Revert> {
    let product = U256::from(fill.quantity)
        .checked_mul(price)
        .and_then(|product| product.checked_mul(U256::from(rate)))
        .ok_or_else(overflow)?;
    u128::try_from(product.div_ceil(U256::from(MILLIONTHS_TWICE))).map_err(|_| overflow())
}
