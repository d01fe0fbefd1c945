//! What the exchange tells.

use alloy_primitives::B256;
use novate_abi::IExchange::{Trade, clearingCall, digestCall, domainSeparatorCall, isUsedCall};
use novate_common::{
    Answer, Input, returns,
    signature::{self, keccak},
};
use stylus_sdk::prelude::*;

use crate::{
    Exchange,
    load::{structure_hash, trade},
};

impl Exchange {
    /// `clearing()`.
    pub(crate) fn clearing(&self) -> Answer {
        returns::<clearingCall>(&self.clearing.get())
    }

    /// `isUsed(digest)`.
    pub(crate) fn is_used(&self, input: &mut Input<'_>) -> Answer {
        returns::<isUsedCall>(&self.used.get(input.bytes32()?))
    }

    /// `digest(trade)`.
    pub(crate) fn digest_of(&self, input: &mut Input<'_>) -> Answer {
        returns::<digestCall>(&self.digest(&trade(input)?))
    }

    /// `domainSeparator()`.
    pub(crate) fn domain_separator(&self) -> Answer {
        returns::<domainSeparatorCall>(&self.domain())
    }

    /// What both sides sign.
    pub(crate) fn digest(&self, trade: &Trade) -> B256 {
        signature::digest(self.vm(), self.domain(), structure_hash(self.vm(), trade))
    }

    fn domain(&self) -> B256 {
        const NAME: B256 = keccak(b"Novate Exchange");
        const VERSION: B256 = keccak(b"1");
        signature::domain_separator(self.vm(), NAME, VERSION)
    }
}
