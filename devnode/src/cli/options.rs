//! Options, named as anvil names them where they mean the same.

use core::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use std::path::PathBuf;

use alloy_primitives::{U256, utils::parse_ether};
use clap::Parser;
use novate_devnode::{
    ArbOs, WasmEngine,
    chain::{DEFAULT_MNEMONIC, ForkConfig, Mining, NodeConfig},
};

/// What else the program does.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Run tests that `forge build` compiled, with Stylus programs as real contracts.
    Test(super::test::TestOptions),
}

/// An Arbitrum development chain that runs Solidity and Stylus contracts, with JSON-RPC over HTTP and
/// WebSocket.
#[derive(Debug, Parser)]
#[command(name = "novate-devnode", version, args_conflicts_with_subcommands = true)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Options {
    /// What to do instead of running a chain.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1", value_name = "IP")]
    pub host: IpAddr,
    /// Port to listen on; 0 takes a free one.
    #[arg(long, short, default_value_t = 8547, value_name = "NUM")]
    pub port: u16,
    /// Development accounts.
    #[arg(long, short, default_value_t = 10, value_name = "NUM", value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub accounts: u32,
    /// Balance of each account, in ether.
    #[arg(long, default_value = "10000", value_name = "ETHER", value_parser = ether)]
    pub balance: U256,
    /// Phrase (BIP-39) that the accounts are derived from.
    #[arg(long, short, default_value = DEFAULT_MNEMONIC, value_name = "PHRASE")]
    pub mnemonic: String,
    /// Chain id [default: 412346, or the forked chain's].
    #[arg(long, value_name = "ID")]
    pub chain_id: Option<u64>,
    /// `ArbOS` version whose rules and prices hold: 51 or 60.
    #[arg(long, default_value = "51", value_name = "VERSION", value_parser = arbos)]
    pub arbos: ArbOs,
    /// What runs programs, with equal results and prices: interpreter, or compiler in a build with `--features compiler`.
    #[arg(long, default_value = "interpreter", value_name = "ENGINE", value_parser = engine)]
    pub engine: WasmEngine,
    /// Mine a block every so many seconds instead of one per transaction.
    #[arg(long, short, value_name = "SECONDS", value_parser = interval)]
    pub block_time: Option<Duration>,
    /// Mine only when asked to by `evm_mine`.
    #[arg(long, conflicts_with = "block_time")]
    pub no_mining: bool,
    /// Timestamp of the first block, Unix seconds.
    #[arg(long, value_name = "SECONDS")]
    pub timestamp: Option<u64>,
    /// Base fee, wei per gas [default: 100000000].
    #[arg(long, alias = "block-base-fee-per-gas", value_name = "WEI")]
    pub base_fee: Option<u64>,
    /// Most bytes of code that a contract may have.
    #[arg(long, value_name = "BYTES")]
    pub code_size_limit: Option<usize>,
    /// Start without the contracts that tools expect: CREATE2 factory, Multicall3, `StylusDeployer`.
    #[arg(long, alias = "disable-default-create2-deployer")]
    pub no_predeploys: bool,
    /// Read missing state from this node.
    #[arg(long, short, alias = "rpc-url", value_name = "URL")]
    pub fork_url: Option<String>,
    /// Block to fork [default: the latest].
    #[arg(long, alias = "fork-block", requires = "fork_url", value_name = "BLOCK")]
    pub fork_block_number: Option<u64>,
    /// Do not keep on disk what was read from the forked node.
    #[arg(long, requires = "fork_url")]
    pub no_storage_caching: bool,
    /// Keep the chain in this file, and go on from it.
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Print nothing.
    #[arg(long, short, visible_alias = "quiet")]
    pub silent: bool,
    /// Print JSON, one object a line.
    #[arg(long)]
    pub json: bool,
}

impl Options {
    /// Where to listen.
    pub(crate) const fn address(&self) -> SocketAddr {
        SocketAddr::new(self.host, self.port)
    }

    /// What the node is set up with.
    pub(crate) fn node_config(&self) -> Result<NodeConfig, String> {
        let mut config = NodeConfig {
            mnemonic: self.mnemonic.clone(),
            accounts: self.accounts,
            balance: self.balance,
            genesis_timestamp: self.timestamp,
            fork: self.fork()?,
            state_file: self.state.clone(),
            ..NodeConfig::default()
        };
        config.chain_id = self.chain_id;
        config.base_fee = self.base_fee;
        config.chain.arbos = self.arbos;
        config.chain.engine = self.engine;
        config.chain.predeploys = !self.no_predeploys;
        config.chain.max_code_size = self.code_size_limit.unwrap_or(config.chain.max_code_size);
        config.mining = match self.block_time {
            _ if self.no_mining => Mining::Manual,
            Some(interval) => Mining::Interval(interval),
            None => Mining::Instant,
        };
        Ok(config)
    }

    fn fork(&self) -> Result<Option<ForkConfig>, String> {
        let Some(url) = self.fork_url.clone() else { return Ok(None) };
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return Err(format!("--fork-url {url}: expected http:// or https://"));
        }
        if url.starts_with("https://") && !cfg!(feature = "fork-https") {
            return Err(format!("--fork-url {url}: built without the feature fork-https"));
        }
        let cache = (!self.no_storage_caching).then(cache_folder).flatten();
        Ok(Some(ForkConfig { url, block: self.fork_block_number, cache }))
    }
}

fn engine(name: &str) -> Result<WasmEngine, String> {
    match name {
        "interpreter" => Ok(WasmEngine::Interpreter),
        #[cfg(feature = "compiler")]
        "compiler" => Ok(WasmEngine::Compiler),
        #[cfg(not(feature = "compiler"))]
        "compiler" => Err("built without the feature compiler".into()),
        _ => Err("expected interpreter or compiler".into()),
    }
}

fn cache_folder() -> Option<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let base = base.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?;
    Some(base.join("novate-devnode").join("fork"))
}

fn ether(text: &str) -> Result<U256, String> {
    parse_ether(text).map_err(|error| error.to_string())
}

pub(crate) fn arbos(text: &str) -> Result<ArbOs, String> {
    let version = text.parse().ok().and_then(ArbOs::from_number);
    version.ok_or_else(|| "this engine knows ArbOS 51 and 60".into())
}

fn interval(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "expected seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(interval) if interval >= Duration::from_millis(1) => Ok(interval),
        _ => Err("expected at least a millisecond".into()),
    }
}
