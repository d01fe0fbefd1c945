//! Transactions that wait: for a block when mining is not instant, or for a missing nonce.
//!
//! Arbitrum serves first come, first served, so a block takes what is ready in order of arrival.

use std::collections::BTreeMap;

use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, B256, map::B256HashMap};

use super::{Error, Transaction};

/// The most transactions that may wait.
const CAPACITY: usize = 100_000;

#[derive(Clone, Debug)]
struct Waiting {
    transaction: Transaction,
    arrival: u64,
}

/// Waiting transactions by sender and nonce.
#[derive(Clone, Debug, Default)]
pub struct Pool {
    by_sender: BTreeMap<Address, BTreeMap<u64, Waiting>>,
    by_hash: B256HashMap<(Address, u64)>,
    arrivals: u64,
}

impl Pool {
    /// Takes a transaction in. One with the sender and nonce of a waiting one replaces it if it
    /// pays at least a tenth more, as in geth.
    ///
    /// # Errors
    /// [`Error::AlreadyKnown`], [`Error::ReplacementUnderpriced`], or the pool is full.
    pub fn insert(&mut self, transaction: Transaction) -> Result<(), Error> {
        let hash = transaction.hash();
        if self.by_hash.contains_key(&hash) {
            return Err(Error::AlreadyKnown);
        }
        let (sender, nonce) = (transaction.sender, transaction.envelope.nonce());
        let waiting = self.by_sender.get(&sender).and_then(|queue| queue.get(&nonce));
        if let Some(old) = waiting {
            let (old_fee, new_fee) = (
                old.transaction.envelope.max_fee_per_gas(),
                transaction.envelope.max_fee_per_gas(),
            );
            let bar = old_fee.saturating_add(old_fee.div_ceil(10));
            if new_fee < bar {
                return Err(Error::ReplacementUnderpriced);
            }
            self.by_hash.remove(&old.transaction.hash());
        } else if self.by_hash.len() >= CAPACITY {
            return Err(Error::InvalidTransaction("txpool is full".into()));
        }
        self.arrivals = self.arrivals.saturating_add(1);
        let arrival = self.arrivals;
        self.by_hash.insert(hash, (sender, nonce));
        let queue = self.by_sender.entry(sender).or_default();
        queue.insert(nonce, Waiting { transaction, arrival });
        Ok(())
    }

    /// Takes a transaction out.
    pub fn remove(&mut self, hash: B256) -> Option<Transaction> {
        let (sender, nonce) = self.by_hash.remove(&hash)?;
        let queue = self.by_sender.get_mut(&sender)?;
        let waiting = queue.remove(&nonce);
        if queue.is_empty() {
            self.by_sender.remove(&sender);
        }
        waiting.map(|waiting| waiting.transaction)
    }

    /// The waiting transaction with a hash.
    pub fn get(&self, hash: B256) -> Option<&Transaction> {
        let (sender, nonce) = self.by_hash.get(&hash)?;
        self.by_sender.get(sender)?.get(nonce).map(|waiting| &waiting.transaction)
    }

    /// The nonce after `sender`'s gapless run of waiting transactions from `next`.
    pub fn pending_nonce(&self, sender: Address, next: u64) -> u64 {
        let mut nonce = next;
        if let Some(queue) = self.by_sender.get(&sender) {
            while queue.contains_key(&nonce) {
                nonce = nonce.saturating_add(1);
            }
        }
        nonce
    }

    /// Takes out all that can run now, in order of arrival; `next_nonce` is each account's nonce.
    ///
    /// # Errors
    /// What `next_nonce` returns.
    pub fn take_ready(
        &mut self,
        mut next_nonce: impl FnMut(Address) -> Result<u64, Error>,
    ) -> Result<Vec<Transaction>, Error> {
        let mut heads = BTreeMap::new();
        for (sender, queue) in &self.by_sender {
            let nonce = next_nonce(*sender)?;
            if let Some(waiting) = queue.get(&nonce) {
                heads.insert(waiting.arrival, (*sender, nonce));
            }
        }
        let mut ready = Vec::new();
        while let Some((_, (sender, nonce))) = heads.pop_first() {
            let Some(queue) = self.by_sender.get_mut(&sender) else { continue };
            let Some(waiting) = queue.remove(&nonce) else { continue };
            let next = nonce.saturating_add(1);
            if let Some(follower) = queue.get(&next) {
                heads.insert(follower.arrival, (sender, next));
            }
            if queue.is_empty() {
                self.by_sender.remove(&sender);
            }
            self.by_hash.remove(&waiting.transaction.hash());
            ready.push(waiting.transaction);
        }
        Ok(ready)
    }

    /// Drops everything.
    pub fn clear(&mut self) {
        self.by_sender.clear();
        self.by_hash.clear();
    }

    /// Drops what `sender` has waiting.
    pub fn clear_sender(&mut self, sender: Address) {
        for waiting in self.by_sender.remove(&sender).unwrap_or_default().into_values() {
            self.by_hash.remove(&waiting.transaction.hash());
        }
    }

    /// Waiting transactions by sender and nonce.
    pub fn iter(&self) -> impl Iterator<Item = (Address, u64, &Transaction)> {
        self.by_sender.iter().flat_map(|(sender, queue)| {
            queue.iter().map(|(nonce, waiting)| (*sender, *nonce, &waiting.transaction))
        })
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.by_hash.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.by_hash.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use alloy_consensus::{TxLegacy, TypedTransaction};

    use super::*;

    fn transaction(sender: u8, nonce: u64, gas_price: u128) -> Transaction {
        let unsigned =
            TypedTransaction::Legacy(TxLegacy { nonce, gas_price, ..Default::default() });
        Transaction::impersonated(unsigned, Address::repeat_byte(sender))
    }

    #[test]
    fn ready_transactions_leave_in_order_of_arrival_without_gaps() {
        let mut pool = Pool::default();
        for (sender, nonce) in [(1, 1), (2, 0), (1, 0), (3, 5), (2, 1)] {
            pool.insert(transaction(sender, nonce, 1)).unwrap();
        }
        let ready = pool.take_ready(|_| Ok(0)).unwrap();
        let order: Vec<_> = ready.iter().map(|t| (t.sender.0[0], t.envelope.nonce())).collect();
        assert_eq!(order, [(2, 0), (1, 0), (1, 1), (2, 1)]);
        assert_eq!(pool.len(), 1);
        assert_eq!(pool.pending_nonce(Address::repeat_byte(3), 5), 6);
        assert_eq!(pool.pending_nonce(Address::repeat_byte(3), 4), 4);
    }

    #[test]
    fn a_replacement_must_pay_a_tenth_more() {
        let mut pool = Pool::default();
        pool.insert(transaction(1, 0, 100)).unwrap();
        assert_eq!(pool.insert(transaction(1, 0, 100)), Err(Error::AlreadyKnown));
        assert_eq!(pool.insert(transaction(1, 0, 109)), Err(Error::ReplacementUnderpriced));
        let replacement = transaction(1, 0, 110);
        pool.insert(replacement.clone()).unwrap();
        assert_eq!(pool.len(), 1);
        assert_eq!(pool.get(replacement.hash()), Some(&replacement));
        assert_eq!(pool.remove(replacement.hash()), Some(replacement));
        assert!(pool.is_empty());
    }
}
