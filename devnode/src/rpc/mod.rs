//! JSON-RPC over HTTP and WebSocket: the methods, apart from the chain that answers them.

mod anvil;
mod debug;
mod error;
mod eth;
mod evm;
mod format;
mod method;
mod net;
mod params;
mod server;
mod subscription;
mod tracers;
mod unknown;

pub use error::RpcError;
pub use method::{ALIASES, GROUPS, Group, Handler, Method, answer, find};
pub use net::CLIENT_VERSION;
pub use params::Params;
pub use server::{Server, ServerConfig};
pub use subscription::METHODS as SUBSCRIPTION_METHODS;
