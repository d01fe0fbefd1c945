//! Trades: what they do to books, cash, fees and open interest.

use alloc::vec::Vec;

use alloy_primitives::{I256, U256};
use alloy_sol_types::SolCall;
use novate_abi::{
    IClearing::{Fill, Filled, InstrumentExpired, InvalidPrice, InvalidQuantity, SelfTrade},
    IErrors,
    IOracle::{fundingIndexCall, indexPriceCall},
};
use novate_common::{
    Answer, Input, Reply, Revert, address, ask, empty, event, halves, refuse, selected, sender,
    timestamp,
};
use novate_risk::{Instrument, Kind, Trade};

use crate::{
    Clearing,
    error::{overflow, refused},
    session::Session,
    storage::{FEES, FILL, ORACLE, VENUES, split},
};

/// Millionths in one.
const MILLION: u128 = 1_000_000;
/// Highest price of a contract, 18 decimals: a trillion.
const MAXIMUM_PRICE: u128 = 1_000_000_000_000_000_000_000_000_000_000;

/// The fee rates in force, millionths.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rates {
    /// Options, of notional.
    pub(crate) option: u32,
    /// Options, of premium at most.
    pub(crate) premium_cap: u32,
    /// Delta-one maker, of notional.
    pub(crate) maker: u32,
    /// Delta-one taker, of notional.
    pub(crate) taker: u32,
}

impl Rates {
    /// The rates in storage.
    pub(crate) fn load() -> Self {
        let [high, low] = split(halves(&FEES.get()).1).map(quarters);
        Self { option: high.0, premium_cap: high.1, maker: low.0, taker: low.1 }
    }
}

/// The high and the low 32 bits.
fn quarters(number: u64) -> (u32, u32) {
    let low = u32::try_from(number & u64::from(u32::MAX)).unwrap_or(0);
    (u32::try_from(number.wrapping_shr(32)).unwrap_or(0), low)
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
        let caller = sender();
        if VENUES.of(&caller).get().is_zero() {
            return Err(refuse!(IErrors::Unauthorized { caller }));
        }
        let rates = Rates::load();
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
        let instrument = Instrument::decode(id).map_err(|error| refused(fill.buyer, error))?;
        let now = timestamp();
        if instrument.expiry().is_some_and(|expiry| expiry <= now) {
            return Err(refuse!(InstrumentExpired { instrument: id }));
        }
        let quantity = i64::try_from(fill.quantity).ok().filter(|quantity| *quantity != 0);
        let quantity = quantity.ok_or_else(|| refuse!(InvalidQuantity { instrument: id }))?;
        // An option may be given away; a perpetual or a future without a price has no gain to count.
        if price > MAXIMUM_PRICE || (price == 0 && !instrument.is_option()) {
            return Err(refuse!(InvalidPrice { instrument: id, price }));
        }
        if buyer == seller {
            return Err(refuse!(SelfTrade { account: buyer }));
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
        event!(Filled {
            instrument: fill.instrument,
            buyer: fill.buyer,
            seller: fill.seller;
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
        let index =
            if let Some((_, price)) = told.index.iter().find(|(known, _)| *known == underlying) {
                *price
            } else {
                let price = asked(indexPriceCall::SELECTOR, underlying)?.u256(0)?;
                told.index.push((underlying, price));
                price
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
        let index = asked(fundingIndexCall::SELECTOR, underlying)?.i256(0)?;
        let index = i128::try_from(index).map_err(|_| overflow())?;
        told.funding.push((underlying, index));
        Ok(index)
    }
}

/// What the oracle tells about an underlying.
fn asked(selector: [u8; 4], underlying: u8) -> Result<Reply, Revert> {
    ask(&address(&ORACLE.get()), &selected![selector, underlying])
}

/// `quantity * price * rate`, each product rounded up.
fn fee(fill: &Fill, price: U256, rate: u32) -> Result<u128, Revert> {
    let price = u128::try_from(price).map_err(|_| overflow())?;
    let notional = millionths(price, fill.quantity).ok_or_else(overflow)?;
    millionths(notional, u64::from(rate)).ok_or_else(overflow)
}

/// `amount * millionths / 1e6`, rounded up.
fn millionths(amount: u128, millionths: u64) -> Option<u128> {
    let millionths = u128::from(millionths);
    let (whole, rest) = (amount.checked_div(MILLION)?, amount.checked_rem(MILLION)?);
    // rest < 2^20 and millionths < 2^64.
    let part = rest.wrapping_mul(millionths).div_ceil(MILLION);
    whole.checked_mul(millionths)?.checked_add(part)
}
