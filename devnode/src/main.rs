//! `novate-devnode`: an Arbitrum development chain with JSON-RPC in one process.

mod cli;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use cli::{Options, Output};
use novate_devnode::{
    chain::NodeHandle,
    rpc::{Server, ServerConfig},
};
use tokio::signal::unix::{SignalKind, signal};

/// Exit code for options that cannot be used.
const BAD_INPUT: u8 = 2;

fn main() -> ExitCode {
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(error) if error.use_stderr() => {
            // The first line says what is wrong; the rest is usage, which --help gives.
            let text = error.to_string();
            return fail(text.lines().next().unwrap_or("error: bad options"));
        }
        Err(help) => {
            // Nobody listens when stdout is closed.
            let _ = help.print();
            return ExitCode::SUCCESS;
        }
    };
    if let Some(cli::Command::Test(tests)) = &options.command {
        return tests.run().unwrap_or_else(|message| fail(&format!("error: {message}")));
    }
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => fail(&format!("error: {message}")),
    }
}

fn fail(line: &str) -> ExitCode {
    // Without stderr there is nowhere left to say it.
    let _ = writeln!(io::stderr(), "{line}");
    ExitCode::from(BAD_INPUT)
}

fn run(options: &Options) -> Result<(), String> {
    let config = options.node_config()?;
    let (node, thread) = NodeHandle::spawn_joinable(config).map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(serve(options, node))?;
    runtime.shutdown_timeout(core::time::Duration::from_secs(1));
    // The node ends with its last handle, and has written out its state then.
    thread.join().map_err(|_| "the node's thread failed".to_owned())
}

async fn serve(options: &Options, node: NodeHandle) -> Result<(), String> {
    let output = Output::new(options);
    let config = ServerConfig { address: options.address(), ..ServerConfig::default() };
    let server = Server::start(node.clone(), config)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", options.address()))?;
    output.banner(&node, &server, options).await?;
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    tokio::select! {
        () = output.follow(&node) => {}
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    server.stop().await;
    Ok(())
}
