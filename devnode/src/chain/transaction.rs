//! Transactions as users hand them in: decoded from the wire, or built from a request and signed
//! with a development key, and turned into what the engine executes.

use alloy_consensus::{
    SignableTransaction, Transaction as _, TxEip1559, TxEip2930, TxEip7702, TxEnvelope, TxLegacy,
    Typed2718, TypedTransaction, transaction::SignerRecoverable,
};
use alloy_eips::eip2718::{Decodable2718, Encodable2718};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256};
use alloy_rpc_types_eth::TransactionRequest;
use revm::context::{TxEnv, either::Either};
use serde::{Deserialize, Serialize};

use super::Error;

/// A transaction with its sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// The signed transaction.
    pub envelope: TxEnvelope,
    /// Who sends it: recovered from the signature, or impersonated.
    pub sender: Address,
}

impl Transaction {
    /// Decodes a raw transaction (EIP-2718) and recovers its sender.
    ///
    /// # Errors
    /// [`Error::Undecodable`], [`Error::TypeNotSupported`], [`Error::InvalidSender`].
    pub fn decode(mut raw: &[u8]) -> Result<Self, Error> {
        if raw.is_empty() {
            return Err(Error::Undecodable("typed transaction too short".into()));
        }
        // Below 0xc0 the first byte is a transaction type (EIP-2718); above, a legacy RLP list.
        if raw.first().is_some_and(|kind| *kind < 0xc0 && !matches!(*kind, 1 | 2 | 4)) {
            return Err(Error::TypeNotSupported);
        }
        let envelope = TxEnvelope::decode_2718(&mut raw)
            .map_err(|error| Error::Undecodable(format!("rlp: {error}")))?;
        if !raw.is_empty() {
            return Err(Error::Undecodable("rlp: trailing bytes after the transaction".into()));
        }
        let sender = envelope
            .recover_signer()
            .map_err(|_| Error::InvalidSender("invalid transaction v, r, s values".into()))?;
        Ok(Self { envelope, sender })
    }

    /// Puts a signature on `unsigned`.
    pub fn signed(unsigned: TypedTransaction, sender: Address, signature: Signature) -> Self {
        Self { envelope: unsigned.into_signed(signature).into(), sender }
    }

    /// Sends `unsigned` as `sender` without a key. The signature carries the sender, so that equal
    /// transactions of two impersonated accounts differ in their hash; it recovers to nobody.
    pub fn impersonated(unsigned: TypedTransaction, sender: Address) -> Self {
        let r = U256::from_be_slice(sender.as_slice());
        Self::signed(unsigned, sender, Signature::new(r, U256::ONE, false))
    }

    /// The transaction hash.
    pub fn hash(&self) -> B256 {
        *self.envelope.tx_hash()
    }

    /// The most that the sender can be charged: gas limit at the fee cap, plus value.
    pub fn upfront_cost(&self) -> U256 {
        let gas = U256::from(self.envelope.gas_limit());
        let fee = gas.saturating_mul(U256::from(self.envelope.max_fee_per_gas()));
        fee.saturating_add(self.envelope.value())
    }

    /// What the engine executes.
    pub fn to_env(&self) -> TxEnv {
        let tx = &self.envelope;
        let authorizations = tx.authorization_list().unwrap_or_default();
        TxEnv {
            tx_type: tx.ty(),
            caller: self.sender,
            gas_limit: tx.gas_limit(),
            gas_price: tx.max_fee_per_gas(),
            kind: tx.kind(),
            value: tx.value(),
            data: tx.input().clone(),
            nonce: tx.nonce(),
            chain_id: tx.chain_id(),
            access_list: tx.access_list().cloned().unwrap_or_default(),
            gas_priority_fee: tx.max_priority_fee_per_gas(),
            authorization_list: authorizations.iter().cloned().map(Either::Left).collect(),
            ..TxEnv::default()
        }
    }
}

/// How a transaction is written to the state file.
#[derive(Serialize, Deserialize)]
struct Stored {
    raw: Bytes,
    sender: Address,
}

impl Serialize for Transaction {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Stored { raw: self.envelope.encoded_2718().into(), sender: self.sender }
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Transaction {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Stored { raw, sender } = Stored::deserialize(deserializer)?;
        let envelope =
            TxEnvelope::decode_2718(&mut raw.as_ref()).map_err(serde::de::Error::custom)?;
        Ok(Self { envelope, sender })
    }
}

/// What a request leaves open, filled in by the node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Defaults {
    pub chain_id: u64,
    pub nonce: u64,
    pub gas_limit: u64,
    pub base_fee: u64,
}

/// The unsigned transaction that `request` describes.
///
/// # Errors
/// [`Error::InvalidArgument`] when its fields contradict each other.
pub(super) fn build(
    request: &TransactionRequest,
    defaults: &Defaults,
) -> Result<TypedTransaction, Error> {
    let Defaults { chain_id, nonce, gas_limit, base_fee } = *defaults;
    if request.gas_price.is_some()
        && (request.max_fee_per_gas.is_some() || request.max_priority_fee_per_gas.is_some())
    {
        let message = "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified";
        return Err(Error::InvalidArgument(message.into()));
    }
    if request.blob_versioned_hashes.is_some() || request.max_fee_per_blob_gas.is_some() {
        return Err(Error::TypeNotSupported);
    }
    let to = request.to.unwrap_or(TxKind::Create);
    let input = call_input(request)?;
    let value = request.value.unwrap_or_default();
    let nonce = request.nonce.unwrap_or(nonce);
    let gas_limit = request.gas.unwrap_or(gas_limit);
    let access_list = request.access_list.clone();
    let tip = request.max_priority_fee_per_gas.unwrap_or(0);
    // Twice the base fee, as wallets do: the fee cap is a limit, not a price.
    let fee_cap = u128::from(base_fee).saturating_mul(2).saturating_add(tip);
    let max_fee_per_gas = request.max_fee_per_gas.unwrap_or(fee_cap);
    if let Some(authorization_list) = request.authorization_list.clone() {
        let to = to.to().copied().ok_or_else(|| {
            Error::InvalidArgument("set code transaction must not be a create transaction".into())
        })?;
        return Ok(TypedTransaction::Eip7702(TxEip7702 {
            chain_id,
            nonce,
            gas_limit,
            max_fee_per_gas,
            max_priority_fee_per_gas: tip,
            to,
            value,
            access_list: access_list.unwrap_or_default(),
            authorization_list,
            input,
        }));
    }
    Ok(match (request.gas_price, request.transaction_type, access_list) {
        (Some(gas_price), _, Some(access_list)) => TypedTransaction::Eip2930(TxEip2930 {
            chain_id,
            nonce,
            gas_price,
            gas_limit,
            to,
            value,
            access_list,
            input,
        }),
        (gas_price @ Some(_), _, None) | (gas_price, Some(0), None) => {
            TypedTransaction::Legacy(TxLegacy {
                chain_id: Some(chain_id),
                nonce,
                gas_price: gas_price.unwrap_or(fee_cap),
                gas_limit,
                to,
                value,
                input,
            })
        }
        (None, _, access_list) => TypedTransaction::Eip1559(TxEip1559 {
            chain_id,
            nonce,
            gas_limit,
            max_fee_per_gas,
            max_priority_fee_per_gas: tip,
            to,
            value,
            access_list: access_list.unwrap_or_default(),
            input,
        }),
    })
}

/// The call data of a request, which may stand under `input`, `data`, or both if equal.
pub(super) fn call_input(request: &TransactionRequest) -> Result<Bytes, Error> {
    let unique = request.input.unique_input().map_err(|_| {
        let message = "both \"data\" and \"input\" are set and not equal. Please use \"input\" to pass transaction call data";
        Error::InvalidArgument(message.into())
    })?;
    Ok(unique.cloned().unwrap_or_default())
}

/// The hash that a key signs for `unsigned`.
pub(super) fn signature_hash(unsigned: &TypedTransaction) -> B256 {
    match unsigned {
        TypedTransaction::Legacy(tx) => tx.signature_hash(),
        TypedTransaction::Eip2930(tx) => tx.signature_hash(),
        TypedTransaction::Eip1559(tx) => tx.signature_hash(),
        TypedTransaction::Eip4844(tx) => tx.signature_hash(),
        TypedTransaction::Eip7702(tx) => tx.signature_hash(),
    }
}
