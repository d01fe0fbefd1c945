//! The development accounts: keys derived from a mnemonic (BIP-39 seed, BIP-32 path
//! `m/44'/60'/0'/0/i`), so that wallets and test suites find the addresses they expect.

use alloy_primitives::{Address, B256, Bytes, Signature, U256, eip191_hash_message};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use hmac::{Hmac, Mac};
use sha2::Sha512;

use super::Error;

/// The phrase that every Ethereum development node starts from.
pub const DEFAULT_MNEMONIC: &str = "test test test test test test test test test test test junk";

/// Rounds of PBKDF2 that BIP-39 asks for.
const SEED_ROUNDS: usize = 2048;
const HARDENED: u32 = 1 << 31;
/// `m/44'/60'/0'/0`, hardened where BIP-44 says so.
const PATH: [u32; 4] = [HARDENED + 44, HARDENED + 60, HARDENED, 0];

/// The keys that the node may sign with, in order of derivation.
#[derive(Clone, Debug, Default)]
pub struct Keyring {
    signers: Vec<PrivateKeySigner>,
}

impl Keyring {
    /// Derives `count` accounts from `mnemonic`.
    ///
    /// The checksum word is not verified: any phrase of 12, 15, 18, 21 or 24 lower-case words works.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when the phrase has another shape.
    pub fn from_mnemonic(mnemonic: &str, count: u32) -> Result<Self, Error> {
        let words: Vec<&str> = mnemonic.split_whitespace().collect();
        let is_word = |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase());
        if !matches!(words.len(), 12 | 15 | 18 | 21 | 24) || !words.iter().all(is_word) {
            let message = "mnemonic: expected 12, 15, 18, 21 or 24 lower-case words";
            return Err(Error::InvalidArgument(message.into()));
        }
        let parent = ExtendedKey::from_seed(&seed(&words.join(" "))?)?.descend(&PATH)?;
        let signers = (0..count).map(|index| parent.child(index)?.signer());
        Ok(Self { signers: signers.collect::<Result<_, _>>()? })
    }

    /// The addresses, in order of derivation.
    pub fn addresses(&self) -> impl Iterator<Item = Address> + '_ {
        self.signers.iter().map(PrivateKeySigner::address)
    }

    /// The signers, in order of derivation.
    pub fn signers(&self) -> &[PrivateKeySigner] {
        &self.signers
    }

    /// Whether the node holds the key of `address`.
    pub fn contains(&self, address: Address) -> bool {
        self.signers.iter().any(|signer| signer.address() == address)
    }

    /// Signs a 32-byte hash with the key of `address`.
    ///
    /// # Errors
    /// [`Error::UnknownAccount`] when the node does not hold that key.
    pub fn sign_hash(&self, address: Address, hash: &B256) -> Result<Signature, Error> {
        let signer = self
            .signers
            .iter()
            .find(|signer| signer.address() == address)
            .ok_or(Error::UnknownAccount { address })?;
        signer.sign_hash_sync(hash).map_err(|error| Error::Internal(error.to_string()))
    }

    /// Signs `message` under the EIP-191 prefix, as `eth_sign` and `personal_sign` do.
    ///
    /// # Errors
    /// [`Error::UnknownAccount`] when the node does not hold that key.
    pub fn sign_message(&self, address: Address, message: &[u8]) -> Result<Bytes, Error> {
        let signature = self.sign_hash(address, &eip191_hash_message(message))?;
        Ok(Bytes::from(signature.as_bytes().to_vec()))
    }
}

/// A private key with its chain code (BIP-32).
struct ExtendedKey {
    key: U256,
    chain_code: [u8; 32],
}

impl ExtendedKey {
    fn from_seed(seed: &[u8; 64]) -> Result<Self, Error> {
        Self::from_digest(hmac_sha512(b"Bitcoin seed", &[seed])?, U256::ZERO)
    }

    fn descend(self, path: &[u32]) -> Result<Self, Error> {
        path.iter().try_fold(self, |key, index| key.child(*index))
    }

    fn child(&self, index: u32) -> Result<Self, Error> {
        let key = self.key.to_be_bytes::<32>();
        let number = index.to_be_bytes();
        let digest = if index & HARDENED == 0 {
            let public = self.signer()?.credential().verifying_key().to_encoded_point(true);
            hmac_sha512(&self.chain_code, &[public.as_bytes(), &number])?
        } else {
            hmac_sha512(&self.chain_code, &[&[0], &key, &number])?
        };
        Self::from_digest(digest, self.key)
    }

    /// The left half of `digest` plus `parent` is the key, the right half the chain code.
    fn from_digest(digest: [u8; 64], parent: U256) -> Result<Self, Error> {
        let (left, right) = digest.split_at(32);
        let key = U256::from_be_slice(left).add_mod(parent, SECP256K1_ORDER);
        let chain_code = right.try_into().map_err(|_| internal("chain code"))?;
        Ok(Self { key, chain_code })
    }

    fn signer(&self) -> Result<PrivateKeySigner, Error> {
        PrivateKeySigner::from_bytes(&self.key.into()).map_err(|_| internal("private key"))
    }
}

/// Order of the group of secp256k1 (SEC 2, section 2.4.1).
const SECP256K1_ORDER: U256 = U256::from_limbs([
    0xbfd2_5e8c_d036_4141,
    0xbaae_dce6_af48_a03b,
    0xffff_ffff_ffff_fffe,
    0xffff_ffff_ffff_ffff,
]);

/// BIP-39: PBKDF2-HMAC-SHA512 of the phrase, salted with "mnemonic"; one 64-byte block.
fn seed(phrase: &str) -> Result<[u8; 64], Error> {
    let mut round = hmac_sha512(phrase.as_bytes(), &[b"mnemonic", &1u32.to_be_bytes()])?;
    let mut seed = round;
    for _ in 1..SEED_ROUNDS {
        round = hmac_sha512(phrase.as_bytes(), &[&round])?;
        for (byte, other) in seed.iter_mut().zip(round) {
            *byte ^= other;
        }
    }
    Ok(seed)
}

fn hmac_sha512(key: &[u8], parts: &[&[u8]]) -> Result<[u8; 64], Error> {
    let mut mac = Hmac::<Sha512>::new_from_slice(key).map_err(|_| internal("hmac key"))?;
    for part in parts {
        mac.update(part);
    }
    Ok(mac.finalize().into_bytes().into())
}

fn internal(what: &str) -> Error {
    Error::Internal(format!("key derivation: {what}"))
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{address, b256};

    use super::*;

    #[test]
    fn the_default_phrase_gives_the_usual_accounts() {
        let keyring = Keyring::from_mnemonic(DEFAULT_MNEMONIC, 10).unwrap();
        let addresses: Vec<_> = keyring.addresses().collect();
        assert_eq!(addresses[0], address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266"));
        assert_eq!(addresses[1], address!("70997970C51812dc3A010C7d01b50e0d17dc79C8"));
        assert_eq!(addresses[9], address!("a0Ee7A142d267C1f36714E4a8F75612F20a79720"));
        assert_eq!(
            keyring.signers()[0].to_bytes(),
            b256!("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
        );
    }

    #[test]
    fn a_phrase_of_another_shape_is_refused() {
        assert!(Keyring::from_mnemonic("one two three", 1).is_err());
        assert!(Keyring::from_mnemonic(&"Test ".repeat(12), 1).is_err());
    }

    #[test]
    fn signatures_recover_to_the_account() {
        let keyring = Keyring::from_mnemonic(DEFAULT_MNEMONIC, 1).unwrap();
        let account = keyring.addresses().next().unwrap();
        let signature = keyring.sign_hash(account, &B256::repeat_byte(7)).unwrap();
        assert_eq!(signature.recover_address_from_prehash(&B256::repeat_byte(7)).unwrap(), account);
        let stranger = Address::repeat_byte(1);
        assert_eq!(
            keyring.sign_message(stranger, b"x"),
            Err(Error::UnknownAccount { address: stranger })
        );
    }
}
