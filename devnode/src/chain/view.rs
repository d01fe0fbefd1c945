//! The state at one version, as the engine reads it.

use alloy_primitives::{Address, B256, U256};
use revm::{DatabaseRef, bytecode::Bytecode, state::AccountInfo};

use super::{Blocks, Error, State, Version};

/// A read-only view of the state at one version, with the block hashes.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub(super) state: &'a State,
    pub(super) blocks: &'a Blocks,
    pub(super) version: Version,
}

impl DatabaseRef for View<'_> {
    type Error = Error;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Error> {
        let Some(record) = self.state.account(address, self.version)? else { return Ok(None) };
        Ok(Some(AccountInfo {
            balance: record.balance,
            nonce: record.nonce,
            code_hash: record.code_hash,
            account_id: None,
            code: Some(self.state.bytecode(record.code_hash)?),
        }))
    }

    fn code_by_hash_ref(&self, code_hash: B256) -> Result<Bytecode, Error> {
        self.state.bytecode(code_hash)
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, Error> {
        self.state.slot(address, slot, self.version)
    }

    /// Hashes of L2 blocks; zero for those that do not exist.
    fn block_hash_ref(&self, number: u64) -> Result<B256, Error> {
        if let Some(block) = self.blocks.by_number(number) {
            return Ok(block.hash);
        }
        match self.state.remote() {
            Some(remote) if number <= remote.point().number => remote.block_hash(number),
            _ => Ok(B256::ZERO),
        }
    }
}
