//! One call of a precompile: its gas, its rights, and access to the chain's state.

use alloy_primitives::{Address, B256, Log, U256};
use alloy_sol_types::{SolError, SolEvent};
use revm::{
    Database, context::journaled_state::account::JournaledAccountTr, context_interface::JournalTr,
    interpreter::CallInputs, state::Account,
};

use super::is_direct;
use crate::{
    evm::{ArbContext, ArbStorage, Peek},
    stylus::{Params, ProgramRecord, Slot, keyed, set_slot},
    wasm::wide,
};

const COPY_WORD_GAS: u64 = 3;
const READ_GAS: u64 = 800;
const WRITE_GAS: u64 = 20_000;
const WRITE_ZERO_GAS: u64 = 5_000;
const COLD_ACCOUNT_GAS: u64 = 2_600;
const LOG_GAS: u64 = 375;
const LOG_BYTE_GAS: u64 = 8;

/// What a method may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Purity {
    /// Depends on its arguments only.
    Pure,
    /// Reads state.
    View,
    /// Writes state.
    Write,
    /// Writes state and takes value.
    Payable,
}

/// Why a call fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// With data, keeping the gas left.
    Revert(Vec<u8>),
    /// Without data, burning all gas: unknown method, bad arguments, missing rights, out of gas.
    BurnAll,
    /// The database failed.
    Fatal(String),
}

impl Failure {
    /// A revert with a typed error.
    pub(super) fn error(error: &impl SolError) -> Self {
        Self::Revert(error.abi_encode())
    }
}

/// A call of a precompile.
pub(super) struct Call<'a, DB: Database> {
    pub(super) ctx: &'a mut ArbContext<DB>,
    pub(super) caller: Address,
    pub(super) value: U256,
    /// The precompile's address.
    pub(super) address: Address,
    gas: u64,
    supplied: u64,
    pub(super) is_static: bool,
    is_direct: bool,
    /// Whether the caller was found to own the chain.
    pub(super) is_owner: bool,
}

impl<'a, DB: Database> Call<'a, DB> {
    pub(super) const fn new(ctx: &'a mut ArbContext<DB>, inputs: &CallInputs) -> Self {
        Self {
            ctx,
            caller: inputs.caller,
            value: inputs.value.get(),
            address: inputs.bytecode_address,
            gas: inputs.gas_limit,
            supplied: inputs.gas_limit,
            is_static: inputs.is_static,
            is_direct: is_direct(inputs.scheme),
            is_owner: false,
        }
    }

    pub(super) const fn gas_left(&self) -> u64 {
        self.gas
    }

    /// Takes gas; without enough all of it burns.
    pub(super) const fn burn(&mut self, gas: u64) -> Result<(), Failure> {
        if let Some(left) = self.gas.checked_sub(gas) {
            self.gas = left;
            return Ok(());
        }
        self.gas = 0;
        Err(Failure::BurnAll)
    }

    pub(super) fn pay_for_input(&mut self, bytes: usize) -> Result<(), Failure> {
        if bytes < 4 {
            return Err(Failure::BurnAll);
        }
        self.pay_for_words(bytes.saturating_sub(4))
    }

    pub(super) fn pay_for_output(&mut self, bytes: usize) -> Result<(), Failure> {
        self.pay_for_words(bytes)
    }

    fn pay_for_words(&mut self, bytes: usize) -> Result<(), Failure> {
        self.burn(wide(bytes).div_ceil(32).saturating_mul(COPY_WORD_GAS))
    }

    /// Checks the rights of a method and opens the chain's state for it.
    pub(super) fn enter(&mut self, purity: Purity) -> Result<(), Failure> {
        let forbidden = purity > Purity::Pure && !self.is_direct
            || purity >= Purity::Write && self.is_static
            || purity < Purity::Payable && !self.value.is_zero();
        if forbidden {
            return Err(Failure::BurnAll);
        }
        if purity > Purity::Pure { self.burn(READ_GAS) } else { Ok(()) }
    }

    pub(super) fn read(&mut self, slot: U256) -> Result<U256, Failure> {
        self.burn(READ_GAS)?;
        self.ctx.read(slot).map_err(fatal)
    }

    pub(super) fn write(&mut self, slot: U256, value: U256) -> Result<(), Failure> {
        self.burn(if value.is_zero() { WRITE_ZERO_GAS } else { WRITE_GAS })?;
        self.ctx.write(slot, value).map_err(fatal)
    }

    pub(super) fn program(&mut self, code_hash: B256) -> Result<ProgramRecord, Failure> {
        self.read(keyed("program", code_hash)).map(ProgramRecord::from_word)
    }

    pub(super) fn set_program(&mut self, hash: B256, record: ProgramRecord) -> Result<(), Failure> {
        self.write(keyed("program", hash), record.to_word())
    }

    /// Code and code hash of an account.
    pub(super) fn code(&mut self, address: Address) -> Result<(Vec<u8>, B256), Failure> {
        let (code, hash) = self.ctx.peek_code(address).map_err(fatal)?;
        Ok((code.original_byte_slice().to_vec(), hash))
    }

    /// Whether an account ends with the transaction.
    pub(super) fn is_destroyed(&self, address: Address) -> bool {
        let state = self.ctx.journaled_state.evm_state();
        state.get(&address).is_some_and(Account::is_selfdestructed)
    }

    pub(super) fn balance(&mut self, address: Address) -> Result<U256, Failure> {
        self.ctx.peek_balance(address).map_err(fatal)
    }

    /// Code hash of an account, read as a cold one whether it is or not.
    pub(super) fn code_hash(&mut self, address: Address) -> Result<B256, Failure> {
        self.burn(COLD_ACCOUNT_GAS)?;
        Ok(self.code(address)?.1)
    }

    /// Reads of values whose content is fixed here.
    pub(super) const fn pay_for_reads(&mut self, count: u64) -> Result<(), Failure> {
        self.burn(READ_GAS.saturating_mul(count))
    }

    /// Moves value of the precompile to an account.
    pub(super) fn pay(&mut self, to: Address, value: U256) -> Result<(), Failure> {
        let moved = self.ctx.journaled_state.transfer(self.address, to, value).map_err(fatal)?;
        match moved {
            None => Ok(()),
            Some(_) => Err(Failure::BurnAll),
        }
    }

    /// Takes value of the precompile out of existence.
    pub(super) fn destroy(&mut self, value: U256) -> Result<(), Failure> {
        let mut account = self.ctx.journaled_state.load_account_mut(self.address).map_err(fatal)?;
        if account.data.decr_balance(value) { Ok(()) } else { Err(Failure::BurnAll) }
    }

    pub(super) fn emit(&mut self, event: &impl SolEvent) -> Result<(), Failure> {
        let data = event.encode_log_data();
        let topics = wide(data.topics().len()).saturating_mul(LOG_GAS);
        let bytes = wide(data.data.len()).saturating_mul(LOG_BYTE_GAS);
        self.burn(LOG_GAS.saturating_add(topics).saturating_add(bytes))?;
        self.ctx.journaled_state.log(Log { address: self.address, data });
        Ok(())
    }

    /// Whether a set of accounts has a member.
    pub(super) fn set_contains(&mut self, set: &str, member: Address) -> Result<bool, Failure> {
        Ok(!self.read(keyed(set, member.into_word()))?.is_zero())
    }

    /// Members of a set, in the order that they came, except that a removal moves the last one.
    pub(super) fn set_members(&mut self, set: &str) -> Result<Vec<Address>, Failure> {
        let size: u64 = self.read(set_slot(set, 0))?.saturating_to();
        let mut members = Vec::new();
        for index in 1..=size {
            members.push(Address::from_word(self.read(set_slot(set, index))?.into()));
        }
        Ok(members)
    }

    /// Adds a member; nothing happens if it is there.
    pub(super) fn set_add(&mut self, set: &str, member: Address) -> Result<(), Failure> {
        if self.set_contains(set, member)? {
            return Ok(());
        }
        let size: u64 = self.read(set_slot(set, 0))?.saturating_to();
        let index = size.saturating_add(1);
        self.write(keyed(set, member.into_word()), U256::from(index))?;
        self.write(set_slot(set, index), member.into_word().into())?;
        // The size is read again to be increased.
        self.pay_for_reads(1)?;
        self.write(set_slot(set, 0), U256::from(index))
    }

    /// Removes a member; it must be there.
    pub(super) fn set_remove(&mut self, set: &str, member: Address) -> Result<(), Failure> {
        let index: u64 = self.read(keyed(set, member.into_word()))?.saturating_to();
        if index == 0 {
            return Err(Failure::Revert(Vec::new()));
        }
        let size: u64 = self.read(set_slot(set, 0))?.saturating_to();
        let last = self.read(set_slot(set, size))?;
        self.write(set_slot(set, index), last)?;
        self.write(keyed(set, last.into()), U256::from(index))?;
        self.write(set_slot(set, size), U256::ZERO)?;
        self.write(keyed(set, member.into_word()), U256::ZERO)?;
        self.write(set_slot(set, 0), U256::from(size.saturating_sub(1)))
    }

    /// Stores the parameters of programs; they hold from now on.
    pub(super) fn set_params(&mut self, params: Params) -> Result<(), Failure> {
        self.write(Slot::Params.into(), params.to_word())?;
        self.ctx.chain.params = params;
        Ok(())
    }

    /// Gives back all gas: the method is free.
    pub(super) const fn refund_all(&mut self) {
        self.gas = self.supplied;
    }

    pub(super) fn time(&self) -> u64 {
        self.ctx.block.timestamp.saturating_to()
    }
}

/// A fault of the database ends the transaction.
pub(super) fn fatal(error: impl core::fmt::Display) -> Failure {
    Failure::Fatal(error.to_string())
}
