//! A key that signs transactions and typed data.

use alloy_primitives::{Address, B256, Bytes, Signature};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;

use crate::{Error, account_id};

/// A private key in memory.
#[derive(Debug, Clone)]
pub struct Wallet {
    signer: PrivateKeySigner,
}

impl Wallet {
    /// The wallet of a 32-byte key.
    ///
    /// # Errors
    /// [`Error::InvalidKey`] if it is zero or not below the order of the curve.
    pub fn from_key(key: B256) -> Result<Self, Error> {
        PrivateKeySigner::from_bytes(&key)
            .map(|signer| Self { signer })
            .map_err(|_| Error::InvalidKey)
    }

    /// Its address.
    pub const fn address(&self) -> Address {
        self.signer.address()
    }

    /// Its account number 0.
    pub fn account(&self) -> B256 {
        account_id(self.address(), 0)
    }

    /// Signs a digest as the contracts verify it: 65 bytes, r, s, v with v 27 or 28.
    ///
    /// # Errors
    /// [`Error::Signing`] if the curve library fails.
    pub fn sign(&self, digest: B256) -> Result<Bytes, Error> {
        Ok(self.sign_hash(digest)?.as_bytes().into())
    }

    pub(crate) fn sign_hash(&self, hash: B256) -> Result<Signature, Error> {
        self.signer.sign_hash_sync(&hash).map_err(|error| Error::Signing(error.to_string()))
    }
}
