//! Balances, nonces, code and storage.

use alloy_primitives::{Address, Bytes};
use revm::{
    bytecode::Bytecode, context::journaled_state::account::JournaledAccountTr,
    context_interface::JournalTr,
};

use super::{Args, Code, Reply, Session, args};

pub(super) const CODES: &[(&str, Code)] = &[
    ("deal(address,uint256)", Code::Plain(deal)),
    ("etch(address,bytes)", Code::Plain(etch)),
    ("store(address,bytes32,bytes32)", Code::Plain(store)),
    ("load(address,bytes32)", Code::Plain(load)),
    ("getNonce(address)", Code::Plain(get_nonce)),
    ("setNonce(address,uint64)", Code::Plain(set_nonce)),
    ("setNonceUnsafe(address,uint64)", Code::Plain(set_nonce_unsafe)),
    ("resetNonce(address)", Code::Plain(reset_nonce)),
    ("computeCreateAddress(address,uint256)", Code::Plain(create_address)),
    ("computeCreate2Address(bytes32,bytes32,address)", Code::Plain(create2_address)),
    ("computeCreate2Address(bytes32,bytes32)", Code::Plain(create2_address)),
];

fn deal(session: &mut Session<'_>, args: &Args) -> Reply {
    let Ok(mut account) = session.ctx.journaled_state.load_account_mut(args.address(0)?);
    account.data.set_balance(args.uint(1)?);
    account.data.touch();
    Ok(Vec::new())
}

/// Code of any form, the chain's programs among them.
pub(super) fn bytecode(code: &[u8]) -> Bytecode {
    let code = Bytes::copy_from_slice(code);
    Bytecode::new_raw_checked(code.clone()).unwrap_or_else(|_| Bytecode::new_legacy(code))
}

fn is_precompile(session: &Session<'_>, address: Address) -> bool {
    session.ctx.journaled_state.warm_addresses.precompiles().contains(&address)
}

fn etch(session: &mut Session<'_>, args: &Args) -> Reply {
    let address = args.address(0)?;
    if is_precompile(session, address) {
        return Err(format!("cannot use precompile {address} as an argument").into());
    }
    let Ok(_) = session.ctx.journaled_state.load_account_with_code(address);
    session.ctx.journaled_state.set_code(address, bytecode(args.bytes(1)?));
    Ok(Vec::new())
}

fn store(session: &mut Session<'_>, args: &Args) -> Reply {
    let address = args.address(0)?;
    if is_precompile(session, address) {
        return Err(format!("cannot use precompile {address} as an argument").into());
    }
    let journal = &mut session.ctx.journaled_state;
    let Ok(_) = journal.load_account(address);
    journal.touch_account(address);
    let Ok(_) = journal.sstore(address, args.word(1)?.into(), args.word(2)?.into());
    Ok(Vec::new())
}

fn load(session: &mut Session<'_>, args: &Args) -> Reply {
    let address = args.address(0)?;
    let Ok(_) = session.ctx.journaled_state.load_account(address);
    let Ok(value) = session.ctx.journaled_state.sload(address, args.word(1)?.into());
    Ok(vec![args::word(value.data.into())])
}

fn get_nonce(session: &mut Session<'_>, args: &Args) -> Reply {
    let Ok(account) = session.ctx.journaled_state.load_account(args.address(0)?);
    Ok(vec![args::uint(account.data.info.nonce)])
}

fn set_nonce(session: &mut Session<'_>, args: &Args) -> Reply {
    let (address, new) = (args.address(0)?, args.small(1)?);
    let Ok(account) = session.ctx.journaled_state.load_account(address);
    let present = account.data.info.nonce;
    if new < present {
        let text = format!(
            "new nonce ({new}) must be strictly equal to or higher than the account's current nonce \
             ({present})"
        );
        return Err(text.into());
    }
    write_nonce(session, address, new)
}

fn set_nonce_unsafe(session: &mut Session<'_>, args: &Args) -> Reply {
    write_nonce(session, args.address(0)?, args.small(1)?)
}

/// 1 for contracts, else 0.
fn reset_nonce(session: &mut Session<'_>, args: &Args) -> Reply {
    let address = args.address(0)?;
    let Ok(code) = session.ctx.journaled_state.code(address);
    let nonce = u64::from(!code.data.is_empty());
    write_nonce(session, address, nonce)
}

fn write_nonce(session: &mut Session<'_>, address: Address, nonce: u64) -> Reply {
    let Ok(mut account) = session.ctx.journaled_state.load_account_mut(address);
    account.data.set_nonce(nonce);
    account.data.touch();
    Ok(Vec::new())
}

fn create_address(_: &mut Session<'_>, args: &Args) -> Reply {
    Ok(vec![args::address(args.address(0)?.create(args.small(1)?))])
}

fn create2_address(_: &mut Session<'_>, args: &Args) -> Reply {
    let deployer = if args.len() > 2 { args.address(2)? } else { crate::CREATE2_FACTORY };
    Ok(vec![args::address(deployer.create2(args.word(0)?, args.word(1)?))])
}
