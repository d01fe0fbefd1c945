//! What clearing keeps, and which function answers which selector. Money has 18 decimals.

#[allow(unused_imports, reason = "the storage macro names them")]
use alloc::{vec, vec::Vec};

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;
use novate_abi::{
    IClearing::{
        addCollateralCall, bookCall, cashCall, cashTokenCall, collateralCall, collateralTokenCall,
        depositCall, depositWithPermitCall, feesCall, fillCall, fundInsuranceCall, initializeCall,
        isVenueCall, ledgerCall, modulesCall, nonceCall, openInterestCall, openInterestCapCall,
        positionsCall, setFeesCall, setModulesCall, setOpenInterestCapCall, setVenueCall,
        settleCall, sweepFeesCall, transferSliceCall, withdrawCall,
    },
    IGoverned::pauseCall,
};
use novate_common::{Answer, Contract, Governance, Input};
use stylus_sdk::{
    prelude::*,
    storage::{
        StorageAddress, StorageArray, StorageB256, StorageBool, StorageMap, StorageU8, StorageU32,
        StorageU64, StorageU128,
    },
};

/// Pause bit of withdrawals; it ends by itself.
pub(crate) const WITHDRAW: u8 = 1;
/// Pause bit of fills.
pub(crate) const FILL: u8 = 2;

/// Clearing's storage.
#[storage]
pub struct Clearing {
    /// Roles and pause mask.
    pub(crate) governance: Governance,
    /// The token that is cash.
    pub(crate) cash_token: StorageAddress,
    /// Its decimals.
    pub(crate) cash_decimals: StorageU8,
    /// When withdrawals were paused last, seconds.
    pub(crate) withdraw_paused_at: StorageU64,
    /// Judges books.
    pub(crate) margin: StorageAddress,
    /// Number of collateral tokens.
    pub(crate) collaterals: StorageU8,
    /// Tells prices and funding.
    pub(crate) oracle: StorageAddress,
    /// May move slices.
    pub(crate) liquidation: StorageAddress,
    /// Option fee, millionths of notional.
    pub(crate) option_rate: StorageU32,
    /// Most of an option fee, millionths of premium.
    pub(crate) option_premium_cap: StorageU32,
    /// Delta-one maker fee, millionths of notional.
    pub(crate) maker_rate: StorageU32,
    /// Delta-one taker fee, millionths of notional.
    pub(crate) taker_rate: StorageU32,
    /// Sum of all cash (int128) and variation (int128).
    pub(crate) balances: StorageB256,
    /// Fees (uint128) and insurance fund (uint128).
    pub(crate) funds: StorageB256,
    /// Contracts that may fill.
    pub(crate) venues: StorageMap<Address, StorageBool>,
    /// Collateral tokens by number, from 1.
    pub(crate) tokens: StorageMap<u8, Token>,
    /// A collateral token's number; 0: not accepted.
    pub(crate) numbers: StorageMap<Address, StorageU8>,
    /// Most open interest per instrument of an underlying, millionths of a contract.
    pub(crate) caps: StorageMap<u8, StorageU64>,
    /// Open interest of an instrument: the sum of its long positions, millionths of a contract.
    pub(crate) open_interest: StorageMap<u64, StorageU64>,
    /// Accounts.
    pub(crate) accounts: StorageMap<B256, Account>,
}

/// A collateral token.
#[storage]
pub struct Token {
    /// The token.
    pub(crate) address: StorageAddress,
    /// Its decimals.
    pub(crate) decimals: StorageU8,
    /// Most that the house takes.
    pub(crate) cap: StorageU128,
    /// What the house holds for accounts.
    pub(crate) total: StorageU128,
}

/// An account.
#[storage]
pub struct Account {
    /// Cash (int128), nonce (uint64), number of positions (uint16), unused (uint16), collateral held (uint32: bit n - 1).
    pub(crate) header: StorageB256,
    /// Positions, ascending by instrument, two a word as in the packed book.
    pub(crate) positions: StorageArray<StorageB256, 128>,
    /// Collateral by number, from 1, two a word.
    pub(crate) collateral: StorageArray<StorageU128, 32>,
    /// Of each perpetual and future held: reference price (uint128), funding reference (int128).
    pub(crate) references: StorageMap<u64, StorageB256>,
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
            ledgerCall::SELECTOR => self.ledger(),
            _ => self.governance.route(selector, input, WITHDRAW | FILL),
        }
    }
}
