//! What changes the exchange.

use alloy_primitives::{B256, U256};
use alloy_sol_types::SolCall;
use novate_abi::{
    IClearing::fillCall,
    IErrors,
    IExchange::{ClearingChanged, EmptyTrade, TradeCancelled, TradeUsed, Traded},
};
use novate_common::{Answer, Input, Revert, empty, not_zero, signature::require_signed, tell};
use stylus_sdk::prelude::*;

use crate::{
    Exchange,
    load::{fills, owner, trade},
    storage::TRADE,
};

impl Exchange {
    /// `initialize(governor, guardian, clearing)`.
    pub(crate) fn initialize(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.initialize(input.address()?, input.address()?)?;
        self.change_clearing(input)
    }

    /// `setClearing(clearing)`.
    pub(crate) fn set_clearing(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.only_governor()?;
        self.change_clearing(input)
    }

    fn change_clearing(&mut self, input: &mut Input<'_>) -> Answer {
        let clearing = input.address()?;
        not_zero(clearing)?;
        let previous = self.clearing.get();
        self.clearing.set(clearing);
        self.vm().log(ClearingChanged { previous, clearing });
        empty()
    }

    /// `trade(trade, buyerSignature, sellerSignature)`.
    pub(crate) fn trade(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.not_paused(TRADE)?;
        let trade = trade(input)?;
        let (buyer_signature, seller_signature) = (input.bytes()?, input.bytes()?);
        if trade.legs.is_empty() {
            return Err(EmptyTrade {}.into());
        }
        let timestamp = self.vm().block_timestamp();
        if timestamp > trade.deadline {
            return Err(IErrors::DeadlinePassed { deadline: trade.deadline, timestamp }.into());
        }
        let digest = self.digest(&trade);
        self.use_once(digest)?;
        require_signed(self.vm(), owner(trade.buyer), digest, buyer_signature)?;
        require_signed(self.vm(), owner(trade.seller), digest, seller_signature)?;
        let legs = U256::from(trade.legs.len());
        self.vm().log(Traded { digest, buyer: trade.buyer, seller: trade.seller, legs });
        tell(&self.clearing.get(), &fillCall { fills: fills(&trade) }.abi_encode())?;
        empty()
    }

    /// `cancel(trade)`.
    pub(crate) fn cancel(&mut self, input: &mut Input<'_>) -> Answer {
        let trade = trade(input)?;
        let signer = self.vm().msg_sender();
        if signer != owner(trade.buyer) && signer != owner(trade.seller) {
            return Err(IErrors::Unauthorized { caller: signer }.into());
        }
        let digest = self.digest(&trade);
        self.use_once(digest)?;
        self.vm().log(TradeCancelled { digest, signer });
        empty()
    }

    fn use_once(&mut self, digest: B256) -> Result<(), Revert> {
        if self.used.get(digest) {
            return Err(TradeUsed { digest }.into());
        }
        self.used.setter(digest).set(true);
        Ok(())
    }
}
