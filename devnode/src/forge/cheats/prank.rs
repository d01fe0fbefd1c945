//! Calls in another's name.

use alloy_dyn_abi::DynSolValue;
use alloy_primitives::Address;
use revm::{
    context_interface::JournalTr,
    interpreter::{CallInputs, CallScheme, CreateInputs},
};

use super::{Args, Cheats, Code, Reply, Session, args};
use crate::forge::evm::Context;

pub(super) const CODES: &[(&str, Code)] = &[
    ("prank(address)", Code::Plain(once)),
    ("prank(address,address)", Code::Plain(once)),
    ("prank(address,bool)", Code::Plain(once)),
    ("prank(address,address,bool)", Code::Plain(once)),
    ("startPrank(address)", Code::Plain(start)),
    ("startPrank(address,address)", Code::Plain(start)),
    ("startPrank(address,bool)", Code::Plain(start)),
    ("startPrank(address,address,bool)", Code::Plain(start)),
    ("stopPrank()", Code::Plain(stop)),
    ("readCallers()", Code::Plain(read)),
];

/// A prank that is on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prank {
    /// The contract whose calls are changed.
    by: Address,
    sender: Address,
    origin: Option<Address>,
    is_single: bool,
    delegates: bool,
    is_used: bool,
}

fn once(session: &mut Session<'_>, args: &Args) -> Reply {
    begin(session, args, true)
}

fn start(session: &mut Session<'_>, args: &Args) -> Reply {
    begin(session, args, false)
}

fn begin(session: &mut Session<'_>, args: &Args, is_single: bool) -> Reply {
    if let Some((_, present)) = session.cheats.pranks.range(..=session.depth).next_back() {
        if !present.is_used {
            return Err("cannot overwrite a prank until it is applied at least once".into());
        }
        if present.is_single != is_single {
            return Err("cannot override an ongoing prank with a single vm.prank; \
                        use vm.startPrank to override the current prank"
                .into());
        }
    }
    let origin = args.at(1).ok().and_then(DynSolValue::as_address);
    let last = args.len().saturating_sub(1);
    let delegates = args.boolean(last).unwrap_or(false);
    let sender = args.address(0)?;
    if delegates {
        let Ok(code) = session.ctx.journaled_state.code(sender);
        if code.data.is_empty() {
            return Err("cannot `prank` delegate call from an EOA".into());
        }
    }
    let prank = Prank { by: session.caller, sender, origin, is_single, delegates, is_used: false };
    session.cheats.pranks.insert(session.depth, prank);
    Ok(Vec::new())
}

fn stop(session: &mut Session<'_>, _: &Args) -> Reply {
    session.cheats.pranks.remove(&session.depth);
    Ok(Vec::new())
}

/// 0: no prank; 3: one call; 4: until stopped. Then who calls, and the transaction's sender.
fn read(session: &mut Session<'_>, _: &Args) -> Reply {
    let prank = session.cheats.pranks.range(..=session.depth).next_back().map(|(_, prank)| *prank);
    let (mode, sender, origin) = match prank {
        None => (0_u8, session.cheats.origin, session.cheats.origin),
        Some(prank) => (
            if prank.is_single { 3 } else { 4 },
            prank.sender,
            prank.origin.unwrap_or(session.cheats.origin),
        ),
    };
    Ok(vec![args::uint(mode), args::address(sender), args::address(origin)])
}

impl Cheats {
    /// Changes a call as the prank that is on demands.
    pub(in crate::forge) fn prank_call(
        &mut self,
        context: &mut Context,
        call: &mut CallInputs,
        depth: usize,
    ) {
        let Some((&at, prank)) = self.pranks.range_mut(..=depth).next_back() else { return };
        let is_delegated = call.scheme == CallScheme::DelegateCall;
        let is_target = if is_delegated {
            prank.delegates && at == depth && call.target_address == prank.by
        } else {
            call.caller == prank.by
        };
        if !is_target {
            return;
        }
        if at == depth {
            prank.is_used = true;
            call.caller = prank.sender;
            if is_delegated {
                call.target_address = prank.sender;
            }
            // Value is taken from an account that has to be at hand.
            let Ok(_) = context.journaled_state.load_account(prank.sender);
        }
        if let Some(origin) = prank.origin {
            context.tx.caller = origin;
        }
    }

    /// Changes a creation as the prank that is on demands.
    pub(in crate::forge) fn prank_create(
        &mut self,
        context: &mut Context,
        create: &mut CreateInputs,
        depth: usize,
    ) {
        let Some((&at, prank)) = self.pranks.range_mut(..=depth).next_back() else { return };
        if create.caller() != prank.by {
            return;
        }
        if at == depth {
            prank.is_used = true;
            create.set_call(prank.sender);
        }
        if let Some(origin) = prank.origin {
            context.tx.caller = origin;
        }
    }

    /// The frame at `depth` ended: a single prank is over, and so is a borrowed origin.
    pub(in crate::forge) fn end_pranks(&mut self, context: &mut Context, depth: usize) {
        if let Some(prank) = self.pranks.get(&depth) {
            context.tx.caller = self.origin;
            if prank.is_single {
                self.pranks.remove(&depth);
            }
        }
        if depth == 0 {
            context.tx.caller = self.origin;
        }
    }
}
