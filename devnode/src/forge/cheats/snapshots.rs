//! Snapshots of the whole state, and the way back to them.

use alloy_dyn_abi::DynSolValue;
use alloy_primitives::{Address, U256};
use revm::{
    context::{BlockEnv, JournalEntry, JournalInner},
    context_interface::JournalTr,
};

use super::{Args, Code, Reply, Session, args};
use crate::forge::evm::Db;

pub(super) const CODES: &[(&str, Code)] = &[
    ("snapshot()", Code::Plain(take)),
    ("snapshotState()", Code::Plain(take)),
    ("revertTo(uint256)", Code::Plain(revert)),
    ("revertToState(uint256)", Code::Plain(revert)),
    ("revertToAndDelete(uint256)", Code::Plain(revert_and_delete)),
    ("revertToStateAndDelete(uint256)", Code::Plain(revert_and_delete)),
    ("deleteSnapshot(uint256)", Code::Plain(delete)),
    ("deleteStateSnapshot(uint256)", Code::Plain(delete)),
    ("deleteSnapshots()", Code::Plain(delete_all)),
    ("deleteStateSnapshots()", Code::Plain(delete_all)),
];

/// The state as it was.
#[derive(Debug, Clone)]
pub(super) struct Snapshot {
    db: Db,
    journal: JournalInner<JournalEntry>,
    block: BlockEnv,
    number: u64,
}

fn take(session: &mut Session<'_>, _: &Args) -> Reply {
    let context = &session.ctx;
    let snapshot = Snapshot {
        db: context.journaled_state.database.clone(),
        journal: context.journaled_state.inner.clone(),
        block: context.block.clone(),
        number: context.chain.block_number,
    };
    let id = session.cheats.snapshots.len();
    session.cheats.snapshots.push(Some(snapshot));
    Ok(vec![args::uint(id)])
}

fn index(args: &Args) -> Option<usize> {
    args.uint(0).ok().and_then(|id: U256| usize::try_from(id).ok())
}

fn revert(session: &mut Session<'_>, args: &Args) -> Reply {
    let snapshot = index(args).and_then(|at| session.cheats.snapshots.get(at)?.clone());
    let found = snapshot.is_some();
    if let Some(snapshot) = snapshot {
        restore(session, snapshot);
    }
    Ok(vec![DynSolValue::Bool(found)])
}

fn revert_and_delete(session: &mut Session<'_>, args: &Args) -> Reply {
    let found = revert(session, args)?;
    delete(session, args)?;
    Ok(found)
}

fn delete(session: &mut Session<'_>, args: &Args) -> Reply {
    let place = index(args).and_then(|at| session.cheats.snapshots.get_mut(at));
    Ok(vec![DynSolValue::Bool(place.and_then(Option::take).is_some())])
}

fn delete_all(session: &mut Session<'_>, _: &Args) -> Reply {
    session.cheats.snapshots.iter_mut().for_each(|snapshot| *snapshot = None);
    Ok(Vec::new())
}

/// Puts a snapshot in place of the state, while frames are open.
///
/// Open frames know positions in the list of changes that they would undo. It gets the snapshot's
/// changes, and beyond them changes without effect up to its present length.
fn restore(session: &mut Session<'_>, snapshot: Snapshot) {
    let context = &mut *session.ctx;
    let present = &mut context.journaled_state.inner;
    let loaded: Vec<Address> = present.state.keys().copied().collect();
    let length = present.journal.len();
    let logs = core::mem::take(&mut present.logs);
    let (depth, transaction_id) = (present.depth, present.transaction_id);
    *present = snapshot.journal;
    present.depth = depth;
    present.transaction_id = transaction_id;
    // Events cannot be unseen: frames count on those before them.
    present.logs = logs;
    context.journaled_state.database = snapshot.db;
    context.block = snapshot.block;
    context.chain.block_number = snapshot.number;
    // Whoever runs now expects his accounts to be at hand.
    for address in loaded {
        let Ok(_) = context.journaled_state.load_account_with_code(address);
    }
    let journal = &mut context.journaled_state.inner.journal;
    while journal.len() < length {
        journal.push(JournalEntry::TransientStorageChange {
            address: Address::ZERO,
            key: U256::MAX,
            had_value: U256::ZERO,
        });
    }
}
