//! What clearing keeps, and which function answers which selector. Money has 18 decimals.
//!
//! | slot | content |
//! | --- | --- |
//! | 0..2 | roles and pause mask |
//! | 3 | cash token (low 20 bytes), its decimals (high 8) |
//! | 4 | margin, number of collateral tokens (high 8) |
//! | 5 | oracle |
//! | 6 | liquidation, when withdrawals were paused last (high 8), seconds |
//! | 7 | fees in millionths (uint32 each, high to low in the low half): option, premium cap, maker, taker |
//! | 8 | cash of all accounts (int128), variation (int128) |
//! | 9 | fees (uint128), insurance fund (uint128) |
//! | 10 | mapping: venue => 1 |
//! | 11 | mapping: collateral number => token with its decimals (high 8); then cap (uint128), total (uint128) |
//! | 12 | mapping: token => collateral number |
//! | 13 | mapping: underlying => most open interest per instrument, millionths of a contract |
//! | 14 | mapping: instrument => open interest (its long positions), millionths of a contract |
//! | 15 | mapping: account id => account |
//!
//! An account: word 0 is cash (int128), nonce (uint64), number of positions (uint16), of series (uint8), unused (uint8),
//! collateral held (uint32, bit n - 1); words 1..128 are positions and words 162..165 their series (see `places`); words
//! 129..160 are collateral balances by number; word 161 is the mapping from a held perpetual or future to its reference
//! price (uint128) and funding reference (int128).

#[allow(unused_imports, reason = "the storage macro names them")]
use alloc::{vec, vec::Vec};

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;
use novate_abi::{
    IClearing::{
        addCollateralCall, assessCall, bookCall, cashCall, cashTokenCall, collateralCall,
        collateralTokenCall, depositCall, depositWithPermitCall, feesCall, fillCall,
        fundInsuranceCall, initializeCall, isVenueCall, ledgerCall, modulesCall, nonceCall,
        openInterestCall, openInterestCapCall, positionsCall, setFeesCall, setModulesCall,
        setOpenInterestCapCall, setVenueCall, settleCall, sweepFeesCall, transferSliceCall,
        withdrawCall,
    },
    IGoverned::pauseCall,
};
use novate_common::{Answer, Contract, Fixed, Governance, Input, Word, address, halves};
use stylus_sdk::prelude::*;

/// Pause bit of withdrawals; it ends by itself.
pub(crate) const WITHDRAW: u8 = 1;
/// Pause bit of fills.
pub(crate) const FILL: u8 = 2;

pub(crate) const CASH_TOKEN: Fixed = Fixed::at(3);
pub(crate) const MARGIN: Fixed = Fixed::at(4);
pub(crate) const ORACLE: Fixed = Fixed::at(5);
pub(crate) const LIQUIDATION: Fixed = Fixed::at(6);
pub(crate) const FEES: Fixed = Fixed::at(7);
pub(crate) const BALANCES: Fixed = Fixed::at(8);
pub(crate) const FUNDS: Fixed = Fixed::at(9);
pub(crate) const VENUES: Fixed = Fixed::at(10);
pub(crate) const TOKENS: Fixed = Fixed::at(11);
pub(crate) const NUMBERS: Fixed = Fixed::at(12);
pub(crate) const CAPS: Fixed = Fixed::at(13);
pub(crate) const OPEN_INTEREST: Fixed = Fixed::at(14);
pub(crate) const ACCOUNTS: Fixed = Fixed::at(15);
/// Word of an account's first two positions.
pub(crate) const POSITIONS: u8 = 1;
/// Word of an account's collateral of number 0, which doesn't exist.
pub(crate) const COLLATERAL: u8 = 128;
/// Word of an account's references.
pub(crate) const REFERENCES: u8 = 161;
/// Word of the first series of an account's positions.
pub(crate) const SERIES: u8 = 162;

/// Clearing: its storage is the table above.
#[storage]
pub struct Clearing {
    pub(crate) governance: Governance,
}

/// An address with a number in the word's first 8 bytes.
pub(crate) fn headed(head: u64, address: &Address) -> B256 {
    let mut word = address.word();
    for (to, from) in word.iter_mut().zip(head.to_be_bytes()) {
        *to = from;
    }
    word
}

/// The parts of a [`headed`] word.
pub(crate) fn parts(word: &B256) -> (u64, Address) {
    let [head, ..] = split(halves(word).0);
    (head, address(word))
}

/// The high and the low 64 bits.
pub(crate) fn split(number: u128) -> [u64; 2] {
    let low = u64::try_from(number & u128::from(u64::MAX)).unwrap_or(0);
    [u64::try_from(number.wrapping_shr(64)).unwrap_or(0), low]
}

impl core::fmt::Debug for Clearing {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Clearing")
    }
}

impl Contract for Clearing {
    fn route(&mut self, selector: [u8; 4], input: &mut Input<'_>) -> Answer {
        match selector {
            fillCall::SELECTOR => self.fill(input),
            depositCall::SELECTOR => self.deposit(input),
            depositWithPermitCall::SELECTOR => self.deposit_with_permit(input),
            withdrawCall::SELECTOR => self.withdraw(input),
            settleCall::SELECTOR => self.settle(input),
            transferSliceCall::SELECTOR => self.transfer_slice(input),
            fundInsuranceCall::SELECTOR => self.fund_insurance(input),
            initializeCall::SELECTOR => self.initialize(input),
            setModulesCall::SELECTOR => self.set_modules(input),
            setVenueCall::SELECTOR => self.set_venue(input),
            addCollateralCall::SELECTOR => self.add_collateral(input),
            setFeesCall::SELECTOR => self.set_fees(input),
            setOpenInterestCapCall::SELECTOR => self.set_open_interest_cap(input),
            sweepFeesCall::SELECTOR => self.sweep_fees(),
            pauseCall::SELECTOR => self.pause(selector, input),
            modulesCall::SELECTOR => self.modules(),
            isVenueCall::SELECTOR => self.is_venue(input),
            cashTokenCall::SELECTOR => self.cash_token(),
            collateralTokenCall::SELECTOR => self.collateral_token(input),
            feesCall::SELECTOR => self.fees(),
            openInterestCall::SELECTOR => self.open_interest_of(input),
            openInterestCapCall::SELECTOR => self.open_interest_cap(input),
            cashCall::SELECTOR => self.cash(input),
            positionsCall::SELECTOR => self.positions(input),
            collateralCall::SELECTOR => self.collateral(input),
            nonceCall::SELECTOR => self.nonce(input),
            bookCall::SELECTOR => self.book(input),
            assessCall::SELECTOR => self.assess_account(input),
            ledgerCall::SELECTOR => self.ledger(),
            _ => self.governance.route(selector, input, WITHDRAW | FILL),
        }
    }
}
