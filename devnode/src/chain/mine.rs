//! Taking transactions in, and mining blocks.

use alloy_consensus::Transaction as _;
use alloy_eips::BlockId;
use alloy_primitives::{Address, B256};
use alloy_rpc_types_eth::TransactionRequest;
use revm::database_interface::WrapDatabaseRef;

use super::{
    ChangeSet, Error, MinedBlock, MinedTransaction, Mining, Node, Outcome, Overrides, Transaction,
    View,
    block::{GAS_LIMIT, HeaderFields},
    transaction::{self, Defaults},
};
use crate::{Block, CallOptions, evm::parent, stylus::ARBOS_STATE};

impl Node {
    /// Takes in a raw transaction (types 0, 1, 2 and 4).
    ///
    /// # Errors
    /// Why it is refused, in geth's words.
    pub fn send_raw(&mut self, raw: &[u8]) -> Result<B256, Error> {
        self.submit(Transaction::decode(raw)?)
    }

    /// Signs and sends a transaction for a development or impersonated account.
    ///
    /// # Errors
    /// [`Error::UnknownAccount`], why it is refused, or, without a gas limit, why it would fail.
    pub fn send(&mut self, request: &TransactionRequest) -> Result<B256, Error> {
        let transaction = self.sign(request)?;
        self.submit(transaction)
    }

    /// Fills in and signs a transaction without sending it.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub fn sign(&mut self, request: &TransactionRequest) -> Result<Transaction, Error> {
        let default_sender = || self.keyring.addresses().next();
        let missing = || Error::InvalidArgument("missing \"from\"".into());
        let sender = request.from.or_else(default_sender).ok_or_else(missing)?;
        if !self.keyring.contains(sender) && !self.can_impersonate(sender) {
            return Err(Error::UnknownAccount { address: sender });
        }
        if let Some(have) = request.chain_id.filter(|id| *id != self.chain_id()) {
            return Err(Error::InvalidChainId { have, want: self.chain_id() });
        }
        let gas_limit = if let Some(gas) = request.gas {
            gas
        } else {
            let call = TransactionRequest { from: Some(sender), ..request.clone() };
            self.estimate_gas(&call, BlockId::pending(), &Overrides::default())?
        };
        let defaults = Defaults {
            chain_id: self.chain_id(),
            nonce: self.nonce(sender, BlockId::pending())?,
            gas_limit,
            base_fee: self.base_fee(),
        };
        let unsigned = transaction::build(request, &defaults)?;
        if !self.keyring.contains(sender) {
            return Ok(Transaction::impersonated(unsigned, sender));
        }
        let hash = transaction::signature_hash(&unsigned);
        let signature = self.keyring.sign_hash(sender, &hash)?;
        Ok(Transaction::signed(unsigned, sender, signature))
    }

    /// Takes in a transaction; with instant mining it is in a block when this returns.
    ///
    /// # Errors
    /// Why it is refused, in geth's words.
    pub fn submit(&mut self, transaction: Transaction) -> Result<B256, Error> {
        let hash = transaction.hash();
        if self.blocks.transaction(hash).is_some() {
            return Err(Error::AlreadyKnown);
        }
        self.check(&transaction, self.base_fee())?;
        self.pool.insert(transaction)?;
        if self.settings.mining == Mining::Instant
            && let Err(error) = self.mine_instantly(hash)
        {
            self.pool.remove(hash);
            return Err(error);
        }
        self.events.accepted(hash);
        Ok(hash)
    }

    /// What geth and Nitro check before a transaction runs. Returns the sender's next nonce.
    fn check(&self, transaction: &Transaction, base_fee: u64) -> Result<u64, Error> {
        let (tx, address) = (&transaction.envelope, transaction.sender);
        if let Some(have) = tx.chain_id().filter(|id| *id != self.chain_id()) {
            return Err(Error::InvalidChainId { have, want: self.chain_id() });
        }
        if tx.gas_limit() > GAS_LIMIT {
            return Err(Error::GasLimit);
        }
        let (fee_cap, tip) = (tx.max_fee_per_gas(), tx.max_priority_fee_per_gas().unwrap_or(0));
        if tip > fee_cap {
            return Err(Error::TipAboveFeeCap { address, tip, fee_cap });
        }
        if fee_cap < u128::from(base_fee) {
            return Err(Error::FeeCapTooLow { address, fee_cap, base_fee });
        }
        let account = self.account(address, BlockId::latest())?;
        if tx.nonce() < account.nonce {
            let (transaction, state) = (tx.nonce(), account.nonce);
            return Err(Error::NonceTooLow { address, transaction, state });
        }
        let want = transaction.upfront_cost();
        if account.balance < want {
            return Err(Error::InsufficientFunds { address, have: account.balance, want });
        }
        Ok(account.nonce)
    }

    /// Mines what is ready, a block each; fails if the transaction `submitted` was refused.
    fn mine_instantly(&mut self, submitted: B256) -> Result<(), Error> {
        let mut refusal = Ok(());
        for transaction in self.take_ready()? {
            let hash = transaction.hash();
            let timestamp = self.clock.peek(self.latest().header.timestamp);
            let block = self.next_block(timestamp);
            self.engine.begin_block();
            let (mined, changes) = match self.execute(transaction, &block, None) {
                Ok(done) => done,
                Err((transaction, error)) => {
                    self.put_back(transaction, &error);
                    if hash == submitted {
                        refusal = Err(error);
                    }
                    continue;
                }
            };
            self.clock.take(timestamp);
            self.seal(&block, vec![mined], vec![changes])?;
        }
        refusal
    }

    /// Mines one block with all that is ready; `timestamp` overrides the clock for it.
    ///
    /// # Errors
    /// [`Error::TimestampTooLow`]; [`Error::Fork`]; [`Error::StateFile`].
    pub fn mine(&mut self, timestamp: Option<u64>) -> Result<&MinedBlock, Error> {
        let latest = self.latest().header.timestamp;
        if let Some(timestamp) = timestamp {
            self.clock.set_next(timestamp, latest)?;
        }
        let ready = self.take_ready()?;
        let timestamp = self.clock.take(latest);
        let block = self.next_block(timestamp);
        self.engine.begin_block();
        let (mut mined, mut changes) = (Vec::new(), Vec::new());
        for transaction in ready {
            match self.execute(transaction, &block, mined.last()) {
                Ok((transaction, change)) => {
                    mined.push(transaction);
                    changes.push(change);
                }
                Err((transaction, error)) => self.put_back(transaction, &error),
            }
        }
        self.seal(&block, mined, changes)?;
        Ok(self.latest())
    }

    /// Mines all that is ready, if mining is instant: after a switch back to it.
    pub(super) fn mine_waiting(&mut self) -> Result<(), Error> {
        if self.settings.mining == Mining::Instant {
            self.mine_instantly(B256::ZERO)
        } else {
            Ok(())
        }
    }

    fn take_ready(&mut self) -> Result<Vec<Transaction>, Error> {
        let (state, version) = (&self.state, self.state.version());
        self.pool.take_ready(|sender| {
            Ok(state.account(sender, version)?.map_or(0, |account| account.nonce))
        })
    }

    /// A transaction that only came too early waits on; any other refused one is dropped.
    fn put_back(&mut self, transaction: Transaction, error: &Error) {
        if matches!(error, Error::NonceTooHigh { .. } | Error::Fork(_)) {
            // It was in the pool a moment ago, so its place is free.
            let _ = self.pool.insert(transaction);
        }
    }

    /// Runs a transaction and commits what it wrote; `previous` is the one before it in the block.
    #[expect(clippy::result_large_err, reason = "the refused transaction goes back to the pool")]
    fn execute(
        &mut self,
        transaction: Transaction,
        block: &Block,
        previous: Option<&MinedTransaction>,
    ) -> Result<(MinedTransaction, ChangeSet), (Transaction, Error)> {
        let checked = self.check(&transaction, block.base_fee);
        if let Err(error) = checked.and_then(|nonce| nonce_is_next(&transaction, nonce)) {
            return Err((transaction, error));
        }
        let state_before = self.state.version();
        let view = View { state: &self.state, blocks: &self.blocks, version: state_before };
        let env = transaction.to_env();
        let options = self.transaction_options(transaction.sender);
        let result = match self.engine.transact(WrapDatabaseRef(view), block, env, options) {
            Ok(result) => result,
            Err(error) => {
                let error = Error::from_engine(error, transaction.sender);
                return Err((transaction, error));
            }
        };
        let changes = self.state.change_set(result.state);
        self.state.commit(&changes);
        let outcome = Outcome::from(result.result);
        let (gas_before, first_log_index) = previous
            .map_or((0, 0), |previous| (previous.cumulative_gas_used, previous.next_log_index()));
        let mined = MinedTransaction {
            is_success: outcome.is_success(),
            gas_used: outcome.gas_used,
            cumulative_gas_used: gas_before.saturating_add(outcome.gas_used),
            contract_address: outcome.created,
            failure: outcome.failure().map(|error| error.to_string()),
            logs: outcome.logs,
            first_log_index,
            output: outcome.output,
            state_before,
            transaction,
        };
        Ok((mined, changes))
    }

    /// Impersonated contracts may send, though code cannot sign (EIP-3607). The engine skips that
    /// check together with the nonce's, which [`Self::execute`] has made by then.
    pub(super) fn transaction_options(&self, sender: Address) -> CallOptions {
        CallOptions { disable_nonce_check: self.can_impersonate(sender), ..CallOptions::default() }
    }

    /// Writes down how far the parent chain is.
    fn record_parent(&mut self, block: &Block) -> ChangeSet {
        let latest = self.latest();
        // A chain begins without knowing of any.
        let recorded = if latest.header.number == 0 { 0 } else { latest.l1_number };
        let written = parent::changes(recorded, block.l1_number, latest.hash);
        let storage = written.into_iter().map(|(slot, value)| (ARBOS_STATE, slot, value)).collect();
        let changes = ChangeSet { storage, ..ChangeSet::default() };
        self.state.commit(&changes);
        changes
    }

    fn seal(
        &mut self,
        block: &Block,
        transactions: Vec<MinedTransaction>,
        mut changes: Vec<ChangeSet>,
    ) -> Result<(), Error> {
        changes.push(self.record_parent(block));
        let fields = HeaderFields {
            parent_hash: self.latest().hash,
            number: block.number,
            l1_number: block.l1_number,
            timestamp: block.timestamp,
            base_fee: block.base_fee,
            coinbase: block.coinbase,
            arbos_version: self.config.chain.arbos.number(),
        };
        self.settings.next_base_fee = None;
        let sealed = MinedBlock::seal(&fields, transactions, self.state.version());
        self.push_block(sealed, changes)
    }
}

fn nonce_is_next(transaction: &Transaction, state: u64) -> Result<(), Error> {
    let (address, nonce) = (transaction.sender, transaction.envelope.nonce());
    if nonce > state {
        return Err(Error::NonceTooHigh { address, transaction: nonce, state });
    }
    Ok(())
}
