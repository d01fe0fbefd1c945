//! Subscriptions over WebSocket. Each remembers how far it has read the node's log of events and
//! fetches what follows, so a slow reader loses nothing and costs no memory.

use alloy_primitives::B256;
use alloy_rpc_types_eth::Filter;
use jsonrpsee::{
    PendingSubscriptionSink, RpcModule, SubscriptionSink,
    core::{RegisterMethodError, SubscriptionError},
    server::SubscriptionMessage,
};
use serde_json::{Value, json, value::to_raw_value};

use super::{Params, RpcError, format, server::Context};
use crate::chain::{Node, Progress, matching_logs};

/// The methods of this module, with what they do.
pub const METHODS: &[(&str, &str)] = &[
    ("eth_subscribe", "`newHeads`, `logs`, `newPendingTransactions`, `syncing`; WebSocket only."),
    ("eth_unsubscribe", "Ends a subscription."),
];

/// Events fetched from the node at once.
const CHUNK: usize = 256;

/// What a subscriber wants.
#[derive(Clone, Debug)]
enum Topic {
    Heads,
    Logs(Box<Filter>),
    Transactions {
        are_full: bool,
    },
    /// Never says anything: the node is always in sync.
    Syncing,
}

impl Topic {
    fn parse(params: &Params) -> Result<Self, RpcError> {
        match params.required::<String>(0)?.as_str() {
            "newHeads" => Ok(Self::Heads),
            "logs" => Ok(Self::Logs(Box::new(params.optional(1)?.unwrap_or_default()))),
            "newPendingTransactions" => {
                Ok(Self::Transactions { are_full: params.optional(1)?.unwrap_or(false) })
            }
            "syncing" => Ok(Self::Syncing),
            other => Err(RpcError::invalid_params(format!(
                "no \"{other}\" subscription in eth namespace"
            ))),
        }
    }

    /// The messages for what happened since `position`, and the position after them.
    fn collect(&self, node: &Node, position: Progress) -> Result<(Vec<Value>, Progress), RpcError> {
        let mut next = position;
        let mut messages = Vec::new();
        match self {
            Self::Heads | Self::Logs(_) => {
                for hash in node.events().blocks_since(position.blocks).iter().take(CHUNK) {
                    next.blocks = next.blocks.saturating_add(1);
                    // A block that was undone in the meantime is not announced.
                    let Some(block) = node.blocks().by_hash(*hash) else { continue };
                    match self {
                        Self::Logs(filter) => {
                            messages
                                .extend(matching_logs(block, filter).iter().map(|log| json!(log)));
                        }
                        _ => messages.push(format::header(block)?),
                    }
                }
            }
            Self::Transactions { are_full } => {
                let hashes = node.events().transactions_since(position.transactions);
                for hash in hashes.iter().take(CHUNK) {
                    next.transactions = next.transactions.saturating_add(1);
                    let message = if *are_full { whole(node, *hash)? } else { Some(json!(hash)) };
                    messages.extend(message);
                }
            }
            Self::Syncing => next = node.events().progress(),
        }
        Ok((messages, next))
    }
}

fn whole(node: &Node, hash: B256) -> Result<Option<Value>, RpcError> {
    if let Some((block, index, mined)) = node.blocks().transaction(hash) {
        return format::mined_transaction(block, index, mined).map(Some);
    }
    node.pool().get(hash).map(format::waiting_transaction).transpose()
}

pub(super) fn register(module: &mut RpcModule<Context>) -> Result<(), RegisterMethodError> {
    module.register_subscription(
        "eth_subscribe",
        "eth_subscription",
        "eth_unsubscribe",
        |params, pending, context, _| async move {
            let topic = params
                .parse::<Value>()
                .map_err(|error| RpcError::invalid_params(error.message()))
                .and_then(Params::new)
                .and_then(|params| Topic::parse(&params));
            match topic {
                Ok(topic) => serve(pending, &context, topic).await,
                Err(error) => {
                    pending.reject(error).await;
                    Ok(())
                }
            }
        },
    )?;
    Ok(())
}

async fn serve(
    pending: PendingSubscriptionSink,
    context: &Context,
    topic: Topic,
) -> Result<(), SubscriptionError> {
    let mut progress = context.node.progress();
    // Where it starts is fixed before the client learns of the subscription.
    let mut position = context.node.run_async(|node| node.events().progress()).await?;
    let sink = pending.accept().await?;
    loop {
        let (wanted, from) = (topic.clone(), position);
        let step = context.node.run_async(move |node| wanted.collect(node, from)).await?;
        let (messages, next) = step.map_err(|error| error.message)?;
        send(&sink, &messages).await?;
        if next != position {
            position = next;
            continue;
        }
        tokio::select! {
            () = sink.closed() => return Ok(()),
            changed = progress.changed() => if changed.is_err() { return Ok(()) },
        }
    }
}

/// Waits while the client's buffer is full.
async fn send(sink: &SubscriptionSink, messages: &[Value]) -> Result<(), SubscriptionError> {
    for message in messages {
        sink.send(SubscriptionMessage::from(to_raw_value(message)?)).await?;
    }
    Ok(())
}
