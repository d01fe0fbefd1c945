//! The way to a node from other threads. The node runs on a thread of its own, since the engine's
//! context is bound to one; requests queue by channel and are served in order.

use core::time::Duration;
use std::{
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread::JoinHandle,
    time::Instant,
};

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_rpc_types_eth::{Filter, Log, TransactionRequest};
use tokio::sync::{oneshot, watch};

use super::{Error, MinedTransaction, Mining, Node, NodeConfig, Overrides, Progress};

type Job = Box<dyn FnOnce(&mut Node) + Send>;

/// How long the idle node sleeps at most before it looks at the clock.
const IDLE: Duration = Duration::from_hours(1);

/// A cloneable way to a node on its own thread. The node ends with its last handle.
#[derive(Clone, Debug)]
pub struct NodeHandle {
    jobs: Sender<Job>,
    progress: watch::Receiver<Progress>,
}

/// A transaction that was mined, whether it succeeded or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentTransaction {
    /// Transaction hash.
    pub hash: B256,
    /// Number of its block.
    pub block_number: u64,
    /// Timestamp of its block, Unix seconds.
    pub timestamp: u64,
    /// What happened.
    pub mined: MinedTransaction,
}

impl SentTransaction {
    /// Itself if it succeeded.
    ///
    /// # Errors
    /// [`Error::Reverted`], or [`Error::Halted`].
    pub fn success(self) -> Result<Self, Error> {
        if self.mined.is_success {
            return Ok(self);
        }
        let failure = self.mined.failure.unwrap_or_default();
        if failure.starts_with("execution reverted") {
            return Err(Error::Reverted { data: self.mined.output });
        }
        Err(Error::Halted(failure))
    }
}

impl NodeHandle {
    /// Starts a node on a new thread.
    ///
    /// # Errors
    /// As [`Node::new`].
    pub fn spawn(config: NodeConfig) -> Result<Self, Error> {
        Ok(Self::spawn_joinable(config)?.0)
    }

    /// Starts a node on a new thread, and gives the thread to wait for its end.
    ///
    /// # Errors
    /// As [`Node::new`].
    pub fn spawn_joinable(config: NodeConfig) -> Result<(Self, JoinHandle<()>), Error> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let (started, start) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("novate-devnode".into())
            // Deep call stacks of contracts live on the heap; this is for the engine's own needs.
            .stack_size(16 << 20)
            .spawn(move || match Node::new(config) {
                Ok(mut node) => {
                    if started.send(Ok(node.progress())).is_ok() {
                        serve(&mut node, &queue);
                    }
                    let _ = node.flush();
                }
                Err(error) => {
                    let _ = started.send(Err(error));
                }
            })
            .map_err(|error| Error::Internal(format!("cannot start a thread: {error}")))?;
        let progress = start.recv().map_err(|_| Error::Stopped)??;
        Ok((Self { jobs, progress }, thread))
    }

    /// Runs `job` on the node's thread and waits for its result. Not for async code: see
    /// [`Self::run_async`].
    ///
    /// # Errors
    /// [`Error::Stopped`], or the job's own.
    pub fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Node) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (sender, receiver) = mpsc::channel();
        let job: Job = Box::new(move |node| {
            // The caller may have gone; nobody misses the result then.
            let _ = sender.send(job(node));
        });
        self.jobs.send(job).map_err(|_| Error::Stopped)?;
        receiver.recv().map_err(|_| Error::Stopped)?
    }

    /// Runs `job` on the node's thread without blocking the caller's.
    ///
    /// # Errors
    /// [`Error::Stopped`].
    pub async fn run_async<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Node) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move |node| {
            let _ = sender.send(job(node));
        });
        self.jobs.send(job).map_err(|_| Error::Stopped)?;
        receiver.await.map_err(|_| Error::Stopped)
    }

    /// Notifies of every block mined and transaction accepted from now on.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }

    /// The addresses of the development accounts.
    ///
    /// # Errors
    /// [`Error::Stopped`].
    pub fn accounts(&self) -> Result<Vec<Address>, Error> {
        self.run(|node| Ok(node.keyring().addresses().collect()))
    }

    /// Sends a transaction for a development or impersonated account and has it mined.
    ///
    /// A transaction that fails on the chain is a result, not an error, if it names its gas limit;
    /// without one the gas estimate fails first. See [`SentTransaction::success`].
    ///
    /// # Errors
    /// Why it is refused.
    pub fn send(&self, request: TransactionRequest) -> Result<SentTransaction, Error> {
        self.run(move |node| {
            let hash = node.send(&request)?;
            sent(node, hash)
        })
    }

    /// Sends a raw transaction and has it mined.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn send_raw(&self, raw: Bytes) -> Result<SentTransaction, Error> {
        self.run(move |node| {
            let hash = node.send_raw(&raw)?;
            sent(node, hash)
        })
    }

    /// Deploys a contract from init code; returns its address.
    ///
    /// # Errors
    /// Why it is refused, or why its constructor fails.
    pub fn deploy(&self, from: Address, init_code: Bytes) -> Result<Address, Error> {
        let request = TransactionRequest {
            from: Some(from),
            to: Some(alloy_primitives::TxKind::Create),
            input: init_code.into(),
            ..TransactionRequest::default()
        };
        let sent = self.send(request)?.success()?;
        sent.mined.contract_address.ok_or_else(|| Error::Internal("no contract address".into()))
    }

    /// Calls a contract on the latest state.
    ///
    /// # Errors
    /// [`Error::Reverted`] with the revert data; [`Error::Halted`]; why it could not run.
    pub fn call(&self, request: TransactionRequest) -> Result<Bytes, Error> {
        self.run(move |node| {
            let outcome =
                node.call(&request, alloy_eips::BlockId::pending(), &Overrides::default())?;
            outcome.into_output()
        })
    }

    /// The logs that a filter matches.
    ///
    /// # Errors
    /// As [`Node::logs`].
    pub fn logs(&self, filter: Filter) -> Result<Vec<Log>, Error> {
        self.run(move |node| node.logs(&filter))
    }

    /// A mined transaction.
    ///
    /// # Errors
    /// [`Error::UnknownTransaction`].
    pub fn transaction(&self, hash: B256) -> Result<SentTransaction, Error> {
        self.run(move |node| find(node, hash))
    }

    /// Moves the clock forward and mines a block; returns its timestamp.
    ///
    /// # Errors
    /// As [`Node::warp`].
    pub fn warp(&self, seconds: u64) -> Result<u64, Error> {
        self.run(move |node| node.warp(seconds))
    }

    /// Moves the clock to a time and mines a block there; returns its timestamp.
    ///
    /// # Errors
    /// As [`Node::warp_to`].
    pub fn warp_to(&self, timestamp: u64) -> Result<u64, Error> {
        self.run(move |node| node.warp_to(timestamp))
    }

    /// The timestamp of the latest block, Unix seconds.
    ///
    /// # Errors
    /// [`Error::Stopped`].
    pub fn timestamp(&self) -> Result<u64, Error> {
        self.run(|node| Ok(node.latest().header.timestamp))
    }

    /// Sets a balance, wei.
    ///
    /// # Errors
    /// As [`Node::set_balance`].
    pub fn set_balance(&self, address: Address, balance: U256) -> Result<(), Error> {
        self.run(move |node| node.set_balance(address, balance))
    }
}

fn sent(node: &mut Node, hash: B256) -> Result<SentTransaction, Error> {
    if node.blocks().transaction(hash).is_none() {
        node.mine(None)?;
    }
    find(node, hash)
}

fn find(node: &Node, hash: B256) -> Result<SentTransaction, Error> {
    let (block, _, mined) =
        node.blocks().transaction(hash).ok_or(Error::UnknownTransaction { hash })?;
    Ok(SentTransaction {
        hash,
        block_number: block.header.number,
        timestamp: block.header.timestamp,
        mined: mined.clone(),
    })
}

/// Serves jobs until the last handle is gone, and mines at intervals if so set.
fn serve(node: &mut Node, queue: &mpsc::Receiver<Job>) {
    let mut last = Instant::now();
    loop {
        let wait = match node.mining() {
            Mining::Interval(interval) => interval.saturating_sub(last.elapsed()),
            Mining::Instant | Mining::Manual => IDLE,
        };
        match queue.recv_timeout(wait) {
            Ok(job) => job(node),
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Mining::Interval(interval) = node.mining()
            && last.elapsed() >= interval
        {
            last = Instant::now();
            if let Err(error) = node.mine(None) {
                eprintln!("novate-devnode: interval mining: {error}");
            }
        }
    }
}
