//! A chain with everything of ours on it: the devnode (or the node that `NOVATE_RPC_URL` names), tokens and feeds of
//! Solidity, the built WASM, deployed, activated and set up. Tests and the demonstration begin here.

mod artifacts;
mod builder;
mod gas;
mod node;
mod setup;

use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use alloy_sol_types::{SolCall, sol};
use novate_client::{Chain, Error, Novate, Receipt, Wallet};

pub use artifacts::{ArtifactError, Artifacts};
pub use gas::GasLog;
pub use node::RunningNode;
pub use setup::{Collateral, Fees, Settings, UnderlyingSettings};

sol! {
    /// Tokens of the tests.
    interface IMockToken {
        function mint(address to, uint256 amount) external;
        function balanceOf(address account) external view returns (uint256);
        function approve(address spender, uint256 amount) external;
    }

    /// Feeds of the tests.
    interface IMockAggregator {
        function push(int256 answer) external returns (uint80 roundId);
        function pushAt(int256 answer, uint256 updatedAt) external returns (uint80 roundId);
        function setUnavailable(bool unavailable) external;
    }

    /// The sequencer's feed of the tests.
    interface IMockSequencerFeed {
        function report(bool isUp) external;
        function reportSince(bool isUp, uint256 startedAt) external;
    }
}

/// What can keep the stage from being set.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// Built code is missing or unreadable.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// A call failed.
    #[error(transparent)]
    Client(#[from] Error),
    /// The devnode didn't start.
    #[error("the devnode didn't start: {0}")]
    Node(String),
}

/// A chain with everything on it.
#[derive(Debug)]
pub struct Stage {
    /// The contracts.
    pub novate: Novate,
    /// The cash token: 6 decimals.
    pub usdc: Address,
    /// The collateral token: 18 decimals.
    pub weth: Address,
    /// The index feeds, in the order of [`Settings::underlyings`]: 8 decimals.
    pub feeds: Vec<Address>,
    /// The sequencer's uptime feed.
    pub sequencer: Address,
    /// Governor and guardian of all contracts; its account 0 holds the house's share of the pool.
    pub governor: Wallet,
    /// Relays, settles, pays.
    pub keeper: Wallet,
    /// Those who sign markets.
    pub publishers: Vec<Wallet>,
    /// Gas by kind of operation.
    pub gas: GasLog,
    seed: u64,
    funder: Wallet,
    url: String,
    _node: Option<RunningNode>,
}

impl Stage {
    /// The wallet of `name`, the same for the same seed; with ether for its transactions.
    ///
    /// # Errors
    /// As [`Chain::send`].
    pub async fn wallet(&self, name: &str) -> Result<Wallet, Error> {
        let wallet = named_wallet(self.seed, name)?;
        fund(&self.novate.chain, &self.funder, wallet.address()).await?;
        Ok(wallet)
    }

    /// What the house itself lends, 18 decimals.
    pub fn house_share() -> U256 {
        U256::from(builder::HOUSE_SHARE) * U256::from(10_u64.pow(18))
    }

    /// The node's address, for whoever connects by himself.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The connection.
    pub const fn chain(&self) -> &Chain {
        &self.novate.chain
    }

    /// Sends a transaction and notes its gas under `kind`.
    ///
    /// # Errors
    /// As [`Chain::send`].
    pub async fn send<C: SolCall>(
        &mut self,
        kind: &'static str,
        wallet: &Wallet,
        target: Address,
        call: &C,
    ) -> Result<Receipt, Error> {
        let receipt = self.novate.chain.send(wallet, target, call).await?;
        self.gas.note(kind, receipt.gas_used);
        Ok(receipt)
    }

    /// Mints `amount` of a mock token.
    ///
    /// # Errors
    /// As [`Chain::send`].
    pub async fn mint(&self, token: Address, to: Address, amount: U256) -> Result<(), Error> {
        self.chain().send(&self.keeper, token, &IMockToken::mintCall { to, amount }).await?;
        Ok(())
    }

    /// Mints and deposits `amount` of `token` into account 0 of `wallet`.
    ///
    /// # Errors
    /// As [`Chain::send`].
    pub async fn deposit(
        &mut self,
        wallet: &Wallet,
        token: Address,
        amount: U256,
    ) -> Result<B256, Error> {
        self.mint(token, wallet.address(), amount).await?;
        let account = wallet.account();
        let receipt = self.novate.deposit(wallet, account, token, amount).await?;
        self.gas.note("deposit", receipt.gas_used);
        Ok(account)
    }

    /// Writes a round of feed number `feed` with the last block's time (or the time set for the next).
    ///
    /// # Errors
    /// As [`Chain::send`].
    pub async fn push_price(&self, feed: usize, price: f64) -> Result<(), Error> {
        let Some(target) = self.feeds.get(feed) else { return Ok(()) };
        let answer = alloy_primitives::I256::try_from(crate::units::wad(price) / 10_000_000_000)
            .unwrap_or_default();
        self.chain().send(&self.keeper, *target, &IMockAggregator::pushCall { answer }).await?;
        Ok(())
    }
}

/// A key made of the seed and a name.
fn named_wallet(seed: u64, name: &str) -> Result<Wallet, Error> {
    Wallet::from_key(keccak256(format!("novate stage {seed} {name}")))
}

/// Half an ether for transactions.
async fn fund(chain: &Chain, funder: &Wallet, to: Address) -> Result<(), Error> {
    let amount = U256::from(1_000_000_000_000_000_000_u64) / U256::from(2);
    if chain.balance(to).await? < amount {
        chain.send_raw(funder, TxKind::Call(to), Bytes::new(), amount).await?;
    }
    Ok(())
}
