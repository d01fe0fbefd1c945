//! What clearing keeps, and which function answers which selector. Money has 18 decimals.
//!
//! | slot | content |
//! | --- | --- |
//! | 0..7 | roles and pauses |
//! | 8 | cash token (low 20 bytes), its decimals (high 8) |
//! | 9 | margin, number of collateral tokens (high 8) |
//! | 10 | oracle |
//! | 11 | liquidation |
//! | 12 | terms of trade, from the high end: option rate, premium cap, maker rate (signed), taker rate (24 bits each, millionths), least option fee (uint64), bands: delta-one, option of index, option of mark (24 bits each, millionths) |
//! | 13 | variation (int128), debts of all accounts (uint128) |
//! | 14 | fees (uint128), insurance fund (uint128) |
//! | 15 | value of all pool shares (uint128), since when lent out is above its limit, since when above the pool (uint40 each, 0: it isn't), limit (uint24, millionths), whether slot 16 counts (uint8) |
//! | 16 | carried losses (uint128), flagged shortfall (uint128) |
//! | 17 | tokens of cash accounted for (uint128), what a debt requires for maintenance and initially (uint32 each, millionths) |
//! | 18 | mapping: venue => 1 |
//! | 19 | mapping: collateral number => token with its decimals (high 8); then cap (uint128), total (uint128) |
//! | 20 | mapping: token => collateral number |
//! | 21 | mapping: underlying => most notional of a series (uint128), of an account (uint128) |
//! | 22 | mapping: underlying << 22 or expiry in hours (0: perpetual) => open interest (long contracts), millionths of a contract |
//! | 23 | mapping: account id => account |
//!
//! An account: word 0 is cash (int128), nonce (uint64), number of positions (uint16), of series (uint8), flags (uint8, 1: it has
//! pool shares), collateral held (uint32, bit n - 1); words 1..128 are positions and words 162..165 their series (see `places`);
//! words 129..160 are collateral balances by number; word 161 is the mapping from a held perpetual or future to its reference
//! price (uint128) and funding reference (int128); word 166 is the value of its pool shares.
//!
//! Cash of all accounts isn't stored: it is what the other sums leave of the tokens accounted for. So a fill writes two words of
//! the house, slots 13 (only if perpetuals or futures are traded, or debts change) and 14.

#[allow(unused_imports, reason = "the storage macro names them")]
use alloc::{vec, vec::Vec};

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;
use novate_abi::IClearing::{
    addCollateralCall, assessCall, bandsCall, bookCall, buyCollateralCall, capsCall, cashCall,
    cashTokenCall, closeOutCall, collateralCall, collateralTokenCall, depositCall,
    depositWithPermitCall, feesCall, fillCall, freeCashCall, fundInsuranceCall, initializeCall,
    isVenueCall, ledgerCall, lendCall, lendingCall, modulesCall, nonceCall, openInterestCall,
    poolSharesCall, positionsCall, previewCloseOutCall, redeemCall, setBandsCall, setCapsCall,
    setCollateralCapCall, setFeesCall, setFlaggedShortfallCall, setLendingCall, setModulesCall,
    setVenueCall, settleCall, sweepFeesCall, touchCall, withdrawCall, writeOffCall,
};
use novate_common::{
    Answer, Contract, DAY, Fixed, Governance, Input, Operation, Word, address, halves,
};
use stylus_sdk::prelude::*;

/// Pause bit of withdrawals.
pub(crate) const WITHDRAW: u8 = 1;
/// Pause bit of fills that add risk.
pub(crate) const FILL: u8 = 2;
/// How long they last.
const STOPS: [Operation; 2] = [(WITHDRAW, 7 * DAY), (FILL, 14 * DAY)];

pub(crate) const CASH_TOKEN: Fixed = Fixed::at(8);
pub(crate) const MARGIN: Fixed = Fixed::at(9);
pub(crate) const ORACLE: Fixed = Fixed::at(10);
pub(crate) const LIQUIDATION: Fixed = Fixed::at(11);
pub(crate) const TERMS: Fixed = Fixed::at(12);
pub(crate) const VARIATION: Fixed = Fixed::at(13);
pub(crate) const FUNDS: Fixed = Fixed::at(14);
pub(crate) const POOL: Fixed = Fixed::at(15);
pub(crate) const CARRIED: Fixed = Fixed::at(16);
pub(crate) const HELD: Fixed = Fixed::at(17);
pub(crate) const VENUES: Fixed = Fixed::at(18);
pub(crate) const TOKENS: Fixed = Fixed::at(19);
pub(crate) const NUMBERS: Fixed = Fixed::at(20);
pub(crate) const CAPS: Fixed = Fixed::at(21);
pub(crate) const OPEN_INTEREST: Fixed = Fixed::at(22);
pub(crate) const ACCOUNTS: Fixed = Fixed::at(23);
/// Word of an account's first two positions.
pub(crate) const POSITIONS: u8 = 1;
/// Word of an account's collateral of number 0, which doesn't exist.
pub(crate) const COLLATERAL: u8 = 128;
/// Word of an account's references.
pub(crate) const REFERENCES: u8 = 161;
/// Word of the first series of an account's positions.
pub(crate) const SERIES: u8 = 162;
/// Word of an account's pool shares.
pub(crate) const SHARES: u8 = 166;

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
            lendCall::SELECTOR => self.lend(input),
            redeemCall::SELECTOR => self.redeem(input),
            touchCall::SELECTOR => self.touch(input),
            settleCall::SELECTOR => self.settle(input),
            closeOutCall::SELECTOR => self.close_out(input),
            buyCollateralCall::SELECTOR => self.buy_collateral(input),
            writeOffCall::SELECTOR => self.write_off(input),
            setFlaggedShortfallCall::SELECTOR => self.set_flagged_shortfall(input),
            fundInsuranceCall::SELECTOR => self.fund_insurance(input),
            _ => self.govern(selector, input),
        }
    }
}

impl Clearing {
    /// What the governor may do.
    fn govern(&mut self, selector: [u8; 4], input: &mut Input<'_>) -> Answer {
        match selector {
            initializeCall::SELECTOR => self.initialize(input),
            setModulesCall::SELECTOR => self.set_modules(input),
            setVenueCall::SELECTOR => self.set_venue(input),
            addCollateralCall::SELECTOR => self.add_collateral(input),
            setCollateralCapCall::SELECTOR => self.set_collateral_cap(input),
            setFeesCall::SELECTOR => self.set_fees(input),
            setCapsCall::SELECTOR => self.set_caps(input),
            setBandsCall::SELECTOR => self.set_bands(input),
            setLendingCall::SELECTOR => self.set_lending(input),
            sweepFeesCall::SELECTOR => self.sweep_fees(),
            _ => self.tell(selector, input),
        }
    }

    /// Views.
    fn tell(&mut self, selector: [u8; 4], input: &mut Input<'_>) -> Answer {
        match selector {
            modulesCall::SELECTOR => self.modules(),
            isVenueCall::SELECTOR => self.is_venue(input),
            cashTokenCall::SELECTOR => self.cash_token(),
            collateralTokenCall::SELECTOR => self.collateral_token(input),
            feesCall::SELECTOR => self.fees(),
            bandsCall::SELECTOR => self.bands(),
            lendingCall::SELECTOR => self.lending(),
            openInterestCall::SELECTOR => self.open_interest(input),
            capsCall::SELECTOR => self.caps(input),
            cashCall::SELECTOR => self.cash(input),
            poolSharesCall::SELECTOR => self.pool_shares(input),
            positionsCall::SELECTOR => self.positions(input),
            collateralCall::SELECTOR => self.collateral(input),
            nonceCall::SELECTOR => self.nonce(input),
            bookCall::SELECTOR => self.book(input),
            assessCall::SELECTOR => self.assess_account(input),
            freeCashCall::SELECTOR => self.free_cash(input),
            previewCloseOutCall::SELECTOR => self.preview_close_out(input),
            ledgerCall::SELECTOR => self.ledger(),
            _ => self.governance.route(selector, input, &STOPS),
        }
    }
}
