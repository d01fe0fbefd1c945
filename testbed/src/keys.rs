//! People with keys.

use alloy_primitives::{Address, B256, keccak256};
use k256::ecdsa::SigningKey;

/// A key and its address.
#[derive(Clone)]
pub struct Key {
    secret: SigningKey,
    pub address: Address,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.address)
    }
}

impl Key {
    /// The key of that number.
    pub fn new(number: u64) -> Self {
        let secret = SigningKey::from_slice(keccak256(number.to_be_bytes()).as_slice()).unwrap();
        let address = Address::from_public_key(secret.verifying_key());
        Self { secret, address }
    }

    /// r, s, v.
    pub fn sign(&self, digest: B256) -> Vec<u8> {
        let (signature, recovery) =
            self.secret.sign_prehash_recoverable(digest.as_slice()).unwrap();
        let mut bytes = signature.to_bytes().to_vec();
        bytes.push(27 + u8::from(recovery.is_y_odd()));
        bytes
    }
}
