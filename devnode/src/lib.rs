//! An embedded Arbitrum development chain that runs Stylus programs: revm, a WASM engine, Stylus host functions, JSON-RPC.

extern crate alloc;

pub mod chain;
mod config;
mod engine;
mod evm;
pub mod forge;
pub mod meter;
pub mod pack;
mod precompiles;
mod predeploys;
mod program;
pub mod rpc;
mod steps;
mod stylus;
pub mod trace;
pub mod wasm;

pub use config::{
    ARBITRUM_PRECOMPILES, ArbOs, ChainConfig, DEV_OWNER, GenesisAccount, WasmEngine, genesis,
    precompile_address,
};
pub use engine::{Block, CallOptions, Engine, EngineError};
pub use predeploys::{CREATE2_FACTORY, MULTICALL3, STYLUS_DEPLOYER};
