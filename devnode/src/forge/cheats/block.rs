//! The block and the chain that contracts see.

use alloy_primitives::{B256, U256};

use super::{Args, Code, Reply, Session, args};

pub(super) const CODES: &[(&str, Code)] = &[
    ("warp(uint256)", Code::Plain(warp)),
    ("roll(uint256)", Code::Plain(roll)),
    ("fee(uint256)", Code::Plain(fee)),
    ("chainId(uint256)", Code::Plain(chain_id)),
    ("coinbase(address)", Code::Plain(coinbase)),
    ("difficulty(uint256)", Code::Plain(difficulty)),
    ("prevrandao(uint256)", Code::Plain(prevrandao)),
    ("prevrandao(bytes32)", Code::Plain(prevrandao)),
    ("txGasPrice(uint256)", Code::Plain(gas_price)),
    ("getBlockTimestamp()", Code::Plain(get_timestamp)),
    ("getBlockNumber()", Code::Plain(get_number)),
    ("getChainId()", Code::Plain(get_chain_id)),
];

fn warp(session: &mut Session<'_>, args: &Args) -> Reply {
    session.ctx.block.timestamp = args.uint(0)?;
    Ok(Vec::new())
}

/// Both the parent chain's number, which `block.number` is here, and the chain's own.
fn roll(session: &mut Session<'_>, args: &Args) -> Reply {
    session.ctx.block.number = args.uint(0)?;
    session.ctx.chain.block_number = args.uint(0)?.saturating_to();
    Ok(Vec::new())
}

fn fee(session: &mut Session<'_>, args: &Args) -> Reply {
    session.ctx.block.basefee = args.small(0)?;
    Ok(Vec::new())
}

fn chain_id(session: &mut Session<'_>, args: &Args) -> Reply {
    let id = args.small(0)?;
    session.ctx.cfg.chain_id = id;
    session.ctx.chain.config.chain_id = id;
    Ok(Vec::new())
}

fn coinbase(session: &mut Session<'_>, args: &Args) -> Reply {
    session.ctx.block.beneficiary = args.address(0)?;
    Ok(Vec::new())
}

fn prevrandao(session: &mut Session<'_>, args: &Args) -> Reply {
    let value: B256 = args.uint(0).map(Into::into).or_else(|_| args.word(0))?;
    session.ctx.block.prevrandao = Some(value);
    Ok(Vec::new())
}

/// Gone since the merge, as forge says.
fn difficulty(_: &mut Session<'_>, _: &Args) -> Reply {
    Err("`difficulty` is not supported after the Paris hard fork, use `prevrandao` instead".into())
}

fn gas_price(session: &mut Session<'_>, args: &Args) -> Reply {
    let price = u128::from(args.small(0)?);
    session.ctx.tx.gas_price = price;
    session.cheats.gas_price = Some(price);
    Ok(Vec::new())
}

fn get_timestamp(session: &mut Session<'_>, _: &Args) -> Reply {
    Ok(vec![args::uint(session.ctx.block.timestamp)])
}

fn get_number(session: &mut Session<'_>, _: &Args) -> Reply {
    Ok(vec![args::uint(session.ctx.block.number)])
}

fn get_chain_id(session: &mut Session<'_>, _: &Args) -> Reply {
    Ok(vec![args::uint(U256::from(session.ctx.cfg.chain_id))])
}
