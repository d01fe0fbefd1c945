//! The server: takes requests over HTTP and WebSocket on one port and queues them to the node.

use core::{net::SocketAddr, time::Duration};
use std::sync::Arc;

use jsonrpsee::{
    RpcModule,
    core::{RegisterMethodError, id_providers::RandomIntegerIdProvider, traits::IdProvider},
    server::{
        BatchRequestConfig, PingConfig, ServerBuilder, ServerConfig as TransportConfig,
        ServerConfigBuilder, ServerHandle, middleware::rpc::RpcServiceBuilder,
    },
    types::{ErrorObjectOwned, SubscriptionId},
};
use serde_json::{
    Value,
    value::{RawValue, to_raw_value},
};
use tokio::sync::Semaphore;
use tower_http::cors::{Any, CorsLayer};

use super::{ALIASES, GROUPS, Handler, Params, RpcError, subscription, unknown::KnownMethods};
use crate::chain::{Error, Node, NodeHandle};

/// What the server allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    /// Where to listen; port 0 takes a free one.
    pub address: SocketAddr,
    /// Connections at once.
    pub max_connections: u32,
    /// Bytes of one request.
    pub max_request_size: u32,
    /// Bytes of one answer.
    pub max_response_size: u32,
    /// Requests in one batch.
    pub max_batch: u32,
    /// Subscriptions of one connection.
    pub max_subscriptions: u32,
    /// Requests that may wait for the node; further ones wait at their connection.
    pub max_queued: usize,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 8547)),
            max_connections: 4096,
            max_request_size: 16 << 20,
            max_response_size: 256 << 20,
            max_batch: 1000,
            max_subscriptions: 1024,
            max_queued: 1024,
        }
    }
}

/// What a request needs.
#[derive(Clone, Debug)]
pub(super) struct Context {
    pub node: NodeHandle,
    queue: Arc<Semaphore>,
}

impl Context {
    /// Has `handler` answer on the node's thread. A full queue holds the request back, so that no
    /// client can fill the memory.
    ///
    /// The answer is written out on the node's thread too, whose stack is made for deep ones.
    async fn answer(&self, handler: Handler, params: Value) -> Result<Box<RawValue>, RpcError> {
        let params = Params::new(params)?;
        let _place = self.queue.acquire().await.map_err(|_| Error::Stopped)?;
        let job = move |node: &mut Node| Ok(to_raw_value(&handler(node, &params)?)?);
        self.node.run_async(job).await?
    }
}

/// A running server; it stops when dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    handle: ServerHandle,
}

/// Subscription identifiers in geth's form: hexadecimal strings.
#[derive(Debug)]
struct HexadecimalIds;

impl IdProvider for HexadecimalIds {
    fn next_id(&self) -> SubscriptionId<'static> {
        match RandomIntegerIdProvider.next_id() {
            SubscriptionId::Num(number) => SubscriptionId::Str(format!("{number:#x}").into()),
            text @ SubscriptionId::Str(_) => text,
        }
    }
}

impl Server {
    /// Starts to listen. Needs a tokio runtime.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(node: NodeHandle, config: ServerConfig) -> std::io::Result<Self> {
        let cors = CorsLayer::new().allow_origin(Any).allow_methods(Any).allow_headers(Any);
        let server = ServerBuilder::default()
            .set_config(transport(&config))
            .set_rpc_middleware(RpcServiceBuilder::new().layer_fn(KnownMethods))
            .set_http_middleware(tower::ServiceBuilder::new().layer(cors))
            .build(config.address)
            .await?;
        let address = server.local_addr()?;
        let queue = Arc::new(Semaphore::new(config.max_queued));
        let module = module(Context { node, queue }).map_err(std::io::Error::other)?;
        Ok(Self { address, handle: server.start(module) })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address as clients want it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops taking requests, and waits until open ones are answered.
    pub async fn stop(self) {
        // It fails only when the server has stopped already.
        let _ = self.handle.stop();
        let closing = self.handle.stopped();
        // A client that reads slowly does not hold the node up.
        let _ = tokio::time::timeout(Duration::from_secs(2), closing).await;
    }
}

fn transport(config: &ServerConfig) -> TransportConfig {
    ServerConfigBuilder::new()
        .max_connections(config.max_connections)
        .max_request_body_size(config.max_request_size)
        .max_response_body_size(config.max_response_size)
        .max_subscriptions_per_connection(config.max_subscriptions)
        .set_batch_request_config(BatchRequestConfig::Limit(config.max_batch))
        .enable_ws_ping(PingConfig::new())
        .set_id_provider(HexadecimalIds)
        .set_tcp_no_delay(true)
        .build()
}

fn module(context: Context) -> Result<RpcModule<Context>, RegisterMethodError> {
    let mut module = RpcModule::new(context);
    for method in GROUPS.iter().flat_map(|(_, methods)| *methods) {
        let handler = method.handler;
        module.register_async_method(method.name, move |params, context, _| async move {
            let params = params.parse::<Value>()?;
            context.answer(handler, params).await.map_err(ErrorObjectOwned::from)
        })?;
    }
    for (own, alias) in ALIASES {
        module.register_alias(alias, own)?;
    }
    subscription::register(&mut module)?;
    Ok(module)
}
