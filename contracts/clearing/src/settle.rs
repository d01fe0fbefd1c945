//! Settlement: expired positions become cash at the final price, in any account, in any order. It is nobody's act and changes no nonce.

use alloc::vec::Vec;

use alloy_primitives::U256;
use alloy_sol_types::SolCall;
use novate_abi::{
    IClearing::{Settled, SettlementNotFinal},
    IOracle::settlementPriceCall,
};
use novate_common::{
    Answer, Input, Revert, address, ask, empty, event, refuse, selected, timestamp,
};
use novate_risk::Instrument;

use crate::{
    Clearing,
    error::{overflow, refused},
    journal::Reason,
    session::Session,
    storage::ORACLE,
};

/// Final prices by series, as far as asked: `None` where there is none yet.
type Prices = Vec<(u32, Option<u128>)>;

/// What came of the expired positions so far.
#[derive(Debug, Default)]
struct Progress {
    prices: Prices,
    settled: bool,
    /// The first expired position without a final price.
    waiting: Option<u64>,
}

impl Clearing {
    /// `settle(accounts)`. Positions whose price isn't final are left; that is an error only if nothing was settled at all.
    pub(crate) fn settle(&mut self, input: &mut Input<'_>) -> Answer {
        let (count, mut accounts) = input.array(1)?;
        let mut session = self.session();
        let mut progress = Progress::default();
        for _ in 0..count {
            let index = self.reach(&mut session, accounts.bytes32()?)?;
            self.settle_account(&mut session, index, &mut progress)?;
        }
        if let (false, Some(instrument)) = (progress.settled, progress.waiting) {
            return Err(refuse!(SettlementNotFinal { instrument }));
        }
        self.commit(&session)?;
        empty()
    }

    fn settle_account(
        &self,
        session: &mut Session,
        index: usize,
        progress: &mut Progress,
    ) -> Result<(), Revert> {
        let now = timestamp();
        let touched = session.accounts.get(index).ok_or_else(overflow)?;
        let expired: Vec<_> = touched
            .book
            .holdings()
            .filter(|held| held.instrument.expiry().is_some_and(|expiry| expiry <= now))
            .map(|held| (held.instrument, held.quantity))
            .collect();
        // All lines of an expiry are settled together, and rounded down once.
        let mut rest = 0;
        for (instrument, quantity) in expired {
            let Some(price) = self.final_price(&mut progress.prices, &instrument)? else {
                progress.waiting = progress.waiting.or(Some(instrument.id()));
                continue;
            };
            let touched = session.accounts.get_mut(index).ok_or_else(overflow)?;
            let (account, id) = (touched.id, instrument.id());
            let cashflow = touched
                .book
                .settle_with(id, price, &mut rest)
                .map_err(|error| refused(account, error))?;
            touched.note(Reason::Payoff, cashflow);
            session.ledger.pay_variation(cashflow)?;
            self.count_interest(session, id, quantity, 0)?;
            progress.settled = true;
            event!(Settled { account, instrument: id; quantity, price: U256::from(price), cashflow });
        }
        Ok(())
    }

    fn final_price(
        &self,
        prices: &mut Prices,
        instrument: &Instrument,
    ) -> Result<Option<u128>, Revert> {
        let series = instrument.series();
        if let Some((_, price)) = prices.iter().find(|(known, _)| *known == series) {
            return Ok(*price);
        }
        let expiry = instrument.expiry().ok_or_else(overflow)?;
        let call = selected![settlementPriceCall::SELECTOR, instrument.underlying(), expiry];
        let reply = ask(&address(&ORACLE.get()), &call)?;
        let (price, is_final) = (reply.u256(0)?, reply.bool(1)?);
        let price =
            if is_final { Some(u128::try_from(price).map_err(|_| overflow())?) } else { None };
        prices.push((series, price));
        Ok(price)
    }
}
