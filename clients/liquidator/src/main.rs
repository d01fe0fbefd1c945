//! `novate-liquidator`: closes out accounts that are short, from a key and a node's address.

#![expect(clippy::print_stdout, reason = "a command: what it did is its output")]

use core::time::Duration;
use std::process::ExitCode;

use alloy_primitives::{Address, B256};
use clap::Parser;
use novate_abi::ILiquidation;
use novate_client::{Chain, Deployment, Wallet};
use novate_liquidator::{Action, Liquidator, LiquidatorConfig};

/// Watches all accounts, starts the auction of whoever is short of maintenance margin, and bids with the capital of the
/// key's own account (number 0). The chain's own risk code decides, on books read through JSON-RPC.
#[derive(Debug, Parser)]
#[command(name = "novate-liquidator", version)]
struct Options {
    /// The node's HTTP address.
    #[arg(long, env = "NOVATE_RPC_URL", value_name = "URL")]
    rpc: String,
    /// Private key, 32 bytes in hexadecimal.
    #[arg(long, env = "NOVATE_LIQUIDATOR_KEY", hide_env_values = true)]
    key: B256,
    /// The liquidation contract: the others are found from it.
    #[arg(long)]
    liquidation: Address,
    /// The clearing contract, to be checked against the one that liquidation names.
    #[arg(long)]
    clearing: Option<Address>,
    /// First block to look for accounts in.
    #[arg(long, default_value_t = 0)]
    from_block: u64,
    /// Seconds between two looks.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    interval: u64,
    /// Look once and end.
    #[arg(long)]
    once: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> eyre::Result<()> {
    let wallet = Wallet::from_key(options.key)?;
    let chain = Chain::connect(&options.rpc).await?;
    let modules = chain.view(options.liquidation, &ILiquidation::modulesCall {}).await?;
    if let Some(clearing) = options.clearing.filter(|clearing| *clearing != modules.clearing) {
        eyre::bail!(
            "{} works for clearing {}, not {clearing}",
            options.liquidation,
            modules.clearing
        );
    }
    let at = Deployment {
        oracle: modules.oracle,
        margin: modules.margin,
        clearing: modules.clearing,
        liquidation: options.liquidation,
        // The bot trades with nobody, sets nothing, and computes for itself.
        exchange: Address::ZERO,
        parameters: Address::ZERO,
        lens: Address::ZERO,
    };
    println!("bidding from {} for account {}", wallet.address(), wallet.account());
    let mut bot =
        Liquidator::new(chain, LiquidatorConfig { wallet, at, first_block: options.from_block });
    loop {
        match bot.step().await {
            Ok(actions) => actions.iter().for_each(tell),
            // A node that is away or behind comes back, and a round that was lost is followed by the next.
            Err(error) if !options.once => eprintln!("{error}"),
            Err(error) => return Err(error.into()),
        }
        if options.once {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_secs(options.interval)).await;
    }
}

fn tell(action: &Action) {
    match action {
        Action::Bid { account, fraction, value, paid, from_waterfall, gas_used, .. } => println!(
            "{} {account}: fraction {fraction}, value {value}, paid {paid}, from the waterfall {from_waterfall}, gas {gas_used}",
            action.kind()
        ),
        Action::Passed { account, reason } => println!("nothing done for {account}: {reason}"),
        Action::WrittenOff { account, amount, gas_used } => {
            println!("{} {account}: {amount}, gas {gas_used}", action.kind());
        }
        Action::Started { account, gas_used }
        | Action::Sighted { account, gas_used }
        | Action::Released { account, gas_used } => {
            println!("{} {account}: gas {gas_used}", action.kind());
        }
    }
}
