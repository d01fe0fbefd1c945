//! A connection to a node: typed views and transactions, and the clock of a development chain.

use core::time::Duration;

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, TxKind, U64, U256};
use alloy_rpc_client::RpcClient;
use alloy_rpc_types_eth::{Log, TransactionReceipt};
use alloy_sol_types::{SolCall, SolEvent};
use alloy_transport_http::reqwest::Url;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{ContractError, Error, Wallet};

/// How long a transaction is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// How a transaction's gas limit is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gas {
    /// The node estimates it (and the contract's reason arrives before anything is paid), plus a quarter.
    Estimate,
    /// As much as this; a failure is explained by replaying the call.
    Limit(u64),
}

/// A connection to a node by HTTP.
#[derive(Debug, Clone)]
pub struct Chain {
    client: RpcClient,
    id: u64,
    gas: Gas,
}

/// A transaction that succeeded.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// Gas used.
    pub gas_used: u64,
    /// Block that holds it.
    pub block: u64,
    /// Hash.
    pub transaction: B256,
    /// The contract that it created.
    pub created: Option<Address>,
    /// What the contracts logged.
    pub logs: Vec<Log>,
}

impl Receipt {
    /// The events of type `E` in it, in order.
    pub fn events<E: SolEvent>(&self) -> Vec<E> {
        self.logs
            .iter()
            .filter_map(|log| E::decode_log(&log.inner).ok())
            .map(|log| log.data)
            .collect()
    }
}

impl Chain {
    /// Connects to the node at `url`; gas is estimated.
    ///
    /// # Errors
    /// [`Error::InvalidUrl`]; [`Error::Transport`] if the node doesn't answer.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        let parsed: Url = url.parse().map_err(|_| Error::InvalidUrl(url.into()))?;
        let mut chain = Self { client: RpcClient::new_http(parsed), id: 0, gas: Gas::Estimate };
        chain.id = chain.request::<_, U64>("eth_chainId", json!([])).await?.to();
        Ok(chain)
    }

    /// The same connection with another way to find gas limits.
    #[must_use]
    pub const fn with_gas(mut self, gas: Gas) -> Self {
        self.gas = gas;
        self
    }

    /// The chain's id.
    pub const fn chain_id(&self) -> u64 {
        self.id
    }

    /// Any JSON-RPC request.
    ///
    /// # Errors
    /// [`Error::Refused`] with the node's error, [`Error::Transport`] otherwise.
    pub async fn request<P: Serialize, R: DeserializeOwned>(
        &self,
        method: &'static str,
        params: P,
    ) -> Result<R, Error> {
        let params = to_raw(method, &params)?;
        self.raw(method, params).await.map_err(|failure| failure.into_error(method))
    }

    /// Calls a view.
    ///
    /// # Errors
    /// The contract's reason as [`Error::Contract`]; [`Error::Undecodable`] if `target` isn't such a contract.
    pub async fn view<C: SolCall>(&self, target: Address, call: &C) -> Result<C::Return, Error> {
        self.view_from(Address::ZERO, target, call).await
    }

    /// Calls any function without a transaction, as `caller`: what the transaction would return now.
    ///
    /// # Errors
    /// As [`Chain::view`].
    pub async fn view_from<C: SolCall>(
        &self,
        caller: Address,
        target: Address,
        call: &C,
    ) -> Result<C::Return, Error> {
        let data = self.call(caller, target, call.abi_encode().into(), U256::ZERO).await?;
        C::abi_decode_returns_validate(&data)
            .map_err(|error| Error::Undecodable { target, reason: error.to_string() })
    }

    /// Calls with any bytes and value, without a transaction.
    ///
    /// # Errors
    /// As [`Chain::view`].
    pub async fn call(
        &self,
        caller: Address,
        target: Address,
        input: Bytes,
        value: U256,
    ) -> Result<Bytes, Error> {
        let request =
            json!([{ "from": caller, "to": target, "input": input, "value": value }, "latest"]);
        let params = to_raw("eth_call", &request)?;
        self.raw("eth_call", params)
            .await
            .map_err(|failure| failure.into_call_error("eth_call", target))
    }

    /// Sends a transaction that calls `target`, and waits until it is included.
    ///
    /// # Errors
    /// The contract's reason as [`Error::Contract`] if it fails, [`Error::NotIncluded`] after a minute.
    pub async fn send<C: SolCall>(
        &self,
        wallet: &Wallet,
        target: Address,
        call: &C,
    ) -> Result<Receipt, Error> {
        self.send_raw(wallet, TxKind::Call(target), call.abi_encode().into(), U256::ZERO).await
    }

    /// Sends a transaction that creates a contract by `code`.
    ///
    /// # Errors
    /// As [`Chain::send`].
    pub async fn create(&self, wallet: &Wallet, code: Bytes) -> Result<(Address, Receipt), Error> {
        let receipt = self.send_raw(wallet, TxKind::Create, code, U256::ZERO).await?;
        let created = receipt.created.ok_or(Error::Failed { transaction: receipt.transaction })?;
        Ok((created, receipt))
    }

    /// Sends a transaction of any content.
    ///
    /// # Errors
    /// As [`Chain::send`].
    pub async fn send_raw(
        &self,
        wallet: &Wallet,
        to: TxKind,
        input: Bytes,
        value: U256,
    ) -> Result<Receipt, Error> {
        let from = wallet.address();
        let target = to.to().copied().unwrap_or_default();
        let call = json!({ "from": from, "to": to.to(), "input": input, "value": value });
        let gas_limit = match self.gas {
            Gas::Limit(limit) => limit,
            Gas::Estimate => {
                let params = to_raw("eth_estimateGas", &json!([call]))?;
                let estimate: U64 = self
                    .raw("eth_estimateGas", params)
                    .await
                    .map_err(|failure| failure.into_call_error("eth_estimateGas", target))?;
                estimate.to::<u64>().saturating_mul(5) / 4
            }
        };
        let nonce: U64 = self.request("eth_getTransactionCount", json!([from, "pending"])).await?;
        let price: U256 = self.request("eth_gasPrice", json!([])).await?;
        let transaction = TxEip1559 {
            chain_id: self.id,
            nonce: nonce.to(),
            gas_limit,
            max_fee_per_gas: price.saturating_to::<u128>().saturating_mul(2),
            max_priority_fee_per_gas: 0,
            to,
            value,
            access_list: alloy_eips::eip2930::AccessList::default(),
            input,
        };
        let signature = wallet.sign_hash(transaction.signature_hash())?;
        let envelope = TxEnvelope::from(transaction.into_signed(signature));
        let params =
            to_raw("eth_sendRawTransaction", &json!([Bytes::from(envelope.encoded_2718())]))?;
        let hash: B256 = self
            .raw("eth_sendRawTransaction", params)
            .await
            .map_err(|failure| failure.into_call_error("eth_sendRawTransaction", target))?;
        let receipt = self.wait(hash).await?;
        if receipt.status() {
            return Ok(Receipt {
                gas_used: receipt.gas_used,
                block: receipt.block_number.unwrap_or_default(),
                transaction: hash,
                created: receipt.contract_address,
                logs: receipt.inner.logs().to_vec(),
            });
        }
        let params = to_raw("eth_call", &json!([call, "latest"]))?;
        match self.raw::<Bytes>("eth_call", params).await {
            Ok(_) => Err(Error::Failed { transaction: hash }),
            Err(failure) => Err(failure.into_call_error("eth_call", target)),
        }
    }

    /// The logs of event `E` that `contract` wrote from block `first` on.
    ///
    /// # Errors
    /// As [`Chain::request`].
    pub async fn events<E: SolEvent>(
        &self,
        contract: Address,
        first: u64,
    ) -> Result<Vec<E>, Error> {
        let filter = json!([{ "address": contract, "fromBlock": U64::from(first), "toBlock": "latest", "topics": [E::SIGNATURE_HASH] }]);
        let logs: Vec<Log> = self.request("eth_getLogs", filter).await?;
        Ok(logs
            .iter()
            .filter_map(|log| E::decode_log(&log.inner).ok())
            .map(|log| log.data)
            .collect())
    }

    /// Number of the last block.
    ///
    /// # Errors
    /// As [`Chain::request`].
    pub async fn block_number(&self) -> Result<u64, Error> {
        Ok(self.request::<_, U64>("eth_blockNumber", json!([])).await?.to())
    }

    /// Time of the last block, Unix seconds.
    ///
    /// # Errors
    /// As [`Chain::request`].
    pub async fn timestamp(&self) -> Result<u64, Error> {
        let block: Value = self.request("eth_getBlockByNumber", json!(["latest", false])).await?;
        let time = block
            .get("timestamp")
            .cloned()
            .and_then(|time| serde_json::from_value::<U64>(time).ok());
        time.map(|time| time.to()).ok_or_else(|| Error::Transport {
            method: "eth_getBlockByNumber".into(),
            reason: "the block has no timestamp".into(),
        })
    }

    /// Sets the time of the next block of a development chain.
    ///
    /// # Errors
    /// As [`Chain::request`]: a chain that isn't for development refuses.
    pub async fn set_next_timestamp(&self, time: u64) -> Result<(), Error> {
        let _: Value = self.request("evm_setNextBlockTimestamp", json!([U64::from(time)])).await?;
        Ok(())
    }

    /// Makes an empty block at `time` on a development chain.
    ///
    /// # Errors
    /// As [`Chain::request`].
    pub async fn mine_at(&self, time: u64) -> Result<(), Error> {
        self.set_next_timestamp(time).await?;
        let _: Value = self.request("evm_mine", json!([])).await?;
        Ok(())
    }

    /// Balance in wei.
    ///
    /// # Errors
    /// As [`Chain::request`].
    pub async fn balance(&self, address: Address) -> Result<U256, Error> {
        self.request("eth_getBalance", json!([address, "latest"])).await
    }

    async fn wait(&self, hash: B256) -> Result<TransactionReceipt, Error> {
        let mut waited = Duration::ZERO;
        let mut pause = Duration::from_millis(1);
        loop {
            let receipt: Option<TransactionReceipt> =
                self.request("eth_getTransactionReceipt", json!([hash])).await?;
            if let Some(receipt) = receipt {
                return Ok(receipt);
            }
            if waited >= PATIENCE {
                return Err(Error::NotIncluded { transaction: hash, seconds: PATIENCE.as_secs() });
            }
            tokio::time::sleep(pause).await;
            waited = waited.saturating_add(pause);
            pause = pause.saturating_mul(2).min(Duration::from_millis(250));
        }
    }

    async fn raw<R: DeserializeOwned>(
        &self,
        method: &'static str,
        params: Box<serde_json::value::RawValue>,
    ) -> Result<R, Failure> {
        let answer: Box<serde_json::value::RawValue> =
            self.client.request(method, params).await.map_err(|error| {
                match error.as_error_resp() {
                    Some(payload) => Failure::Refused {
                        code: payload.code,
                        message: payload.message.to_string(),
                        data: payload.as_revert_data(),
                    },
                    None => Failure::Transport(error.to_string()),
                }
            })?;
        serde_json::from_str(answer.get()).map_err(|error| Failure::Transport(error.to_string()))
    }
}

/// A request that failed, before it is known what it was about.
enum Failure {
    Refused { code: i64, message: String, data: Option<Bytes> },
    Transport(String),
}

impl Failure {
    fn into_error(self, method: &str) -> Error {
        match self {
            Self::Refused { code, message, .. } => {
                Error::Refused { method: method.into(), code, message }
            }
            Self::Transport(reason) => Error::Transport { method: method.into(), reason },
        }
    }

    fn into_call_error(self, method: &str, target: Address) -> Error {
        match self {
            Self::Refused { data: Some(data), .. } => match ContractError::decode(&data) {
                Some(error) => Error::Contract { target, error: Box::new(error) },
                None => Error::Reverted { target, data },
            },
            // A revert without data: geth says code 3 or -32000 and "execution reverted".
            Self::Refused { message, .. } if message.starts_with("execution reverted") => {
                Error::Reverted { target, data: Bytes::new() }
            }
            other => other.into_error(method),
        }
    }
}

fn to_raw<P: Serialize>(
    method: &str,
    params: &P,
) -> Result<Box<serde_json::value::RawValue>, Error> {
    serde_json::value::to_raw_value(params)
        .map_err(|error| Error::Transport { method: method.into(), reason: error.to_string() })
}
