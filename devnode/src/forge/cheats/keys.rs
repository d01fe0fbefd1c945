//! Keys, addresses and signatures.

use alloy_dyn_abi::DynSolValue;
use alloy_primitives::{B256, U256, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;

use super::{Args, Code, Failure, Reply, Session, args};

pub(super) const CODES: &[(&str, Code)] = &[
    ("addr(uint256)", Code::Plain(addr)),
    ("sign(uint256,bytes32)", Code::Plain(sign)),
    ("sign((address,uint256,uint256,uint256),bytes32)", Code::Plain(sign)),
    ("signCompact(uint256,bytes32)", Code::Plain(sign_compact)),
    ("signCompact((address,uint256,uint256,uint256),bytes32)", Code::Plain(sign_compact)),
    ("createWallet(string)", Code::Plain(wallet)),
    ("createWallet(uint256)", Code::Plain(wallet)),
    ("createWallet(uint256,string)", Code::Plain(wallet)),
    ("getNonce((address,uint256,uint256,uint256))", Code::Plain(nonce)),
];

fn signer(key: U256) -> Result<PrivateKeySigner, Failure> {
    if key.is_zero() {
        return Err("private key cannot be 0".into());
    }
    PrivateKeySigner::from_bytes(&B256::from(key)).map_err(|_| {
        "private key must be less than the secp256k1 curve order \
         (115792089237316195423570985008687907852837564279074904382605163141518161494337)"
            .into()
    })
}

/// A key, or the key of a wallet.
fn key(args: &Args) -> Result<U256, Failure> {
    let Ok(fields) = args.fields(0) else { return args.uint(0) };
    let key = fields.get(3).and_then(DynSolValue::as_uint);
    Ok(key.ok_or("not a wallet")?.0)
}

fn addr(_: &mut Session<'_>, args: &Args) -> Reply {
    Ok(vec![args::address(signer(args.uint(0)?)?.address())])
}

fn sign(_: &mut Session<'_>, args: &Args) -> Reply {
    let signature = signer(key(args)?)?.sign_hash_sync(&args.word(1)?);
    let signature = signature.map_err(|error| error.to_string())?;
    let v = 27_u8.saturating_add(signature.v().into());
    let (r, s) = (args::word(signature.r().into()), args::word(signature.s().into()));
    Ok(vec![args::uint(v), r, s])
}

/// EIP-2098: the parity is the first bit of `vs`.
fn sign_compact(_: &mut Session<'_>, args: &Args) -> Reply {
    let signature = signer(key(args)?)?.sign_hash_sync(&args.word(1)?);
    let signature = signature.map_err(|error| error.to_string())?;
    let parity: U256 = U256::from(u8::from(signature.v())).wrapping_shl(255);
    let vs: U256 = signature.s() | parity;
    Ok(vec![args::word(signature.r().into()), args::word(vs.into())])
}

fn wallet(session: &mut Session<'_>, args: &Args) -> Reply {
    let (key, label) = match args.text(0) {
        Ok(name) => (keccak256(name).into(), Some(name)),
        Err(_) => (args.uint(0)?, args.text(1).ok()),
    };
    let signer = signer(key)?;
    let address = signer.address();
    if let Some(label) = label {
        session.cheats.labels.insert(address, label.to_owned());
    }
    let point = signer.credential().verifying_key().to_encoded_point(false);
    let half = |bytes: Option<&[u8]>| U256::from_be_slice(bytes.unwrap_or_default());
    let (x, y) = (half(point.x().map(AsRef::as_ref)), half(point.y().map(AsRef::as_ref)));
    let fields = [x, y, key].map(args::uint);
    let wallet = core::iter::once(args::address(address)).chain(fields).collect();
    Ok(vec![DynSolValue::Tuple(wallet)])
}

fn nonce(session: &mut Session<'_>, args: &Args) -> Reply {
    let fields = args.fields(0)?;
    let address = fields.first().and_then(DynSolValue::as_address).ok_or("not a wallet")?;
    let Ok(account) =
        revm::context_interface::JournalTr::load_account(&mut session.ctx.journaled_state, address);
    Ok(vec![args::uint(account.data.info.nonce)])
}
