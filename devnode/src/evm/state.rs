//! What Arbitrum's rules need to know beyond revm's environment.

use alloy_primitives::{Address, B256, U256};
use revm::{
    Context, Database, Journal,
    context::{BlockEnv, CfgEnv, TxEnv},
    context_interface::JournalTr,
    state::Bytecode,
};

use super::Programs;
use crate::{
    config::ChainConfig,
    stylus::{ARBOS_STATE, Pages, Params, ProgramRecord, keyed},
    trace::Recorder,
};

/// revm's context over a database, with [`ArbState`] beside it.
pub(crate) type ArbContext<DB> = Context<BlockEnv, TxEnv, CfgEnv, DB, Journal<DB>, ArbState>;

/// A frame that is open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpenFrame {
    /// Who called.
    pub(crate) caller: Address,
    /// The acting address, if the frame counts for re-entrancy: delegated calls do not.
    pub(crate) acting: Option<Address>,
    /// How many empty accounts existed when it opened.
    pub(crate) empties: usize,
}

/// State of one transaction that revm does not keep.
#[derive(Debug)]
pub(crate) struct ArbState {
    pub(crate) config: ChainConfig,
    pub(crate) params: Params,
    /// Number of this chain's block; revm's is the parent chain's.
    pub(crate) block_number: u64,
    /// What the transaction would have paid for gas with its tip: programs are told that, contracts the price without it.
    pub(crate) offered_gas_price: u128,
    /// The block's base fee, where the transaction is shown that it is zero.
    pub(crate) hidden_base_fee: Option<u64>,
    /// Most gas this transaction may compute with, intrinsic gas included.
    pub(crate) compute_gas_limit: u64,
    /// Gas above that limit, returned at the end.
    pub(crate) held_gas: u64,
    /// Memory pages of all programs.
    pub(crate) pages: Pages,
    /// Open frames, outermost first.
    pub(crate) open: Vec<OpenFrame>,
    /// Accounts that exist until the transaction ends although they may be empty: those that a
    /// static call or the call of a precompile reached. Programs can tell by the code hash.
    pub(crate) empties: Vec<Address>,
    /// Compiled programs, and those seen in this block.
    pub(crate) programs: Programs,
    /// Collects what happens, if the transaction is traced.
    pub(crate) recorder: Option<Recorder>,
}

impl ArbState {
    /// Whether more than one frame of `address` is open.
    pub(crate) fn is_reentrant(&self, address: Address) -> bool {
        self.open.iter().filter(|frame| frame.acting == Some(address)).count() > 1
    }

    /// The innermost frame ends; what it made exist lasts if it succeeded.
    pub(crate) fn close_frame(&mut self, succeeded: bool) {
        if let Some(frame) = self.open.pop()
            && !succeeded
        {
            self.empties.truncate(frame.empties);
        }
    }

    /// Pages that may be open at once, where the chain enforces it beyond the price.
    pub(crate) fn page_limit(&self) -> Option<u16> {
        (self.config.arbos.is_60() && self.params.page_limit > 0).then_some(self.params.page_limit)
    }

    /// Whether fragmented programs exist.
    pub(crate) const fn has_fragments(&self) -> bool {
        self.config.arbos.is_60()
    }
}

/// Access to the state of the chain's operating system.
pub(crate) trait ArbStorage {
    type Error;

    fn read(&mut self, slot: U256) -> Result<U256, Self::Error>;
    fn write(&mut self, slot: U256, value: U256) -> Result<(), Self::Error>;

    fn program(&mut self, code_hash: B256) -> Result<ProgramRecord, Self::Error> {
        self.read(keyed("program", code_hash)).map(ProgramRecord::from_word)
    }
}

/// Access to accounts that leaves them as cold as they were: the chain itself looks, not a contract.
pub(crate) trait Peek {
    type Error;

    /// Code and code hash as they are stored: of a delegated account the delegation.
    fn peek_code(&mut self, address: Address) -> Result<(Bytecode, B256), Self::Error>;
    fn peek_balance(&mut self, address: Address) -> Result<U256, Self::Error>;
    /// Makes an account cold again, if it was.
    fn leave(&mut self, address: Address, was_cold: bool);
}

impl<DB: Database> Peek for ArbContext<DB> {
    type Error = DB::Error;

    fn peek_code(&mut self, address: Address) -> Result<(Bytecode, B256), DB::Error> {
        let load = self.journaled_state.load_account_with_code(address)?;
        let info = &load.data.info;
        let (code, was_cold) =
            ((info.code.clone().unwrap_or_default(), info.code_hash), load.is_cold);
        self.leave(address, was_cold);
        Ok(code)
    }

    fn peek_balance(&mut self, address: Address) -> Result<U256, DB::Error> {
        let load = self.journaled_state.load_account(address)?;
        let (balance, was_cold) = (load.data.info.balance, load.is_cold);
        self.leave(address, was_cold);
        Ok(balance)
    }

    fn leave(&mut self, address: Address, was_cold: bool) {
        if was_cold && let Some(account) = self.journaled_state.evm_state_mut().get_mut(&address) {
            account.mark_cold();
        }
    }
}

impl<DB: Database> ArbStorage for ArbContext<DB> {
    type Error = DB::Error;

    fn read(&mut self, slot: U256) -> Result<U256, DB::Error> {
        let was_cold = self.journaled_state.load_account(ARBOS_STATE)?.is_cold;
        let value = self.journaled_state.sload(ARBOS_STATE, slot).map(|load| load.data);
        self.leave(ARBOS_STATE, was_cold);
        value
    }

    fn write(&mut self, slot: U256, value: U256) -> Result<(), DB::Error> {
        let was_cold = self.journaled_state.load_account(ARBOS_STATE)?.is_cold;
        self.journaled_state.sstore(ARBOS_STATE, slot, value)?;
        self.journaled_state.touch_account(ARBOS_STATE);
        self.leave(ARBOS_STATE, was_cold);
        Ok(())
    }
}
