//! Calls that are answered without running code.

use alloc::collections::{BTreeMap, VecDeque};

use alloy_dyn_abi::DynSolValue;
use alloy_primitives::{Address, Bytes, U256};
use revm::{
    bytecode::Bytecode,
    context_interface::JournalTr,
    interpreter::{CallInputs, InstructionResult},
};

use super::{Args, Cheats, Code, Failure, Reply, Session};
use crate::forge::evm::Context;

macro_rules! mocks {
    ($($signature:literal $value:literal $ending:ident),* $(,)?) => {
        &[
            $(($signature, Code::Plain(|s, a| mock(s, a, $value, InstructionResult::$ending))),)*
            ("clearMockedCalls()", Code::Plain(clear)),
            ("mockFunction(address,address,bytes)", Code::Plain(function)),
        ]
    };
}

pub(super) const CODES: &[(&str, Code)] = mocks![
    "mockCall(address,bytes,bytes)" false Return,
    "mockCall(address,uint256,bytes,bytes)" true Return,
    "mockCall(address,bytes4,bytes)" false Return,
    "mockCall(address,uint256,bytes4,bytes)" true Return,
    "mockCalls(address,bytes,bytes[])" false Return,
    "mockCalls(address,uint256,bytes,bytes[])" true Return,
    "mockCallRevert(address,bytes,bytes)" false Revert,
    "mockCallRevert(address,uint256,bytes,bytes)" true Revert,
    "mockCallRevert(address,bytes4,bytes)" false Revert,
    "mockCallRevert(address,uint256,bytes4,bytes)" true Revert,
];

/// What calls with this beginning are answered with, one after the other; the last stays.
type Answers = VecDeque<(InstructionResult, Bytes)>;

/// All mocks of a test.
#[derive(Debug, Clone, Default)]
pub(super) struct Mocks {
    calls: BTreeMap<Address, BTreeMap<(Bytes, Option<U256>), Answers>>,
    functions: BTreeMap<Address, BTreeMap<Bytes, Address>>,
}

fn mock(
    session: &mut Session<'_>,
    args: &Args,
    has_value: bool,
    ending: InstructionResult,
) -> Reply {
    let target = args.address(0)?;
    let value = has_value.then(|| args.uint(1)).transpose()?;
    let at = 1_usize.saturating_add(usize::from(has_value));
    let data = Bytes::copy_from_slice(args.bytes(at)?);
    let last = at.saturating_add(1);
    let answers: Answers = match args.items(last) {
        Ok(items) => {
            let items = items.iter().filter_map(DynSolValue::as_bytes);
            items.map(|item| (ending, Bytes::copy_from_slice(item))).collect()
        }
        Err(_) => VecDeque::from([(ending, Bytes::copy_from_slice(args.bytes(last)?))]),
    };
    give_code(session.ctx, target);
    session.cheats.mocks.calls.entry(target).or_default().insert((data, value), answers);
    Ok(Vec::new())
}

/// Solidity calls only accounts that have code.
fn give_code(context: &mut Context, target: Address) {
    let Ok(code) = context.journaled_state.code(target);
    if code.data.is_empty() {
        context.journaled_state.set_code(target, Bytecode::new_legacy(Bytes::from_static(&[0])));
    }
}

fn clear(session: &mut Session<'_>, _: &Args) -> Reply {
    session.cheats.mocks = Mocks::default();
    Ok(Vec::new())
}

fn function(session: &mut Session<'_>, args: &Args) -> Reply {
    let (callee, target) = (args.address(0)?, args.address(1)?);
    let data = Bytes::copy_from_slice(args.bytes(2)?);
    let Ok(code) = session.ctx.journaled_state.code(target);
    if code.data.is_empty() {
        return Err(Failure::Message(format!("{target} has no code")));
    }
    give_code(session.ctx, callee);
    session.cheats.mocks.functions.entry(callee).or_default().insert(data, target);
    Ok(Vec::new())
}

impl Cheats {
    /// The answer to a call that is mocked: exactly this call, or its longest beginning.
    pub(in crate::forge) fn mocked(
        &mut self,
        call: &CallInputs,
        input: &Bytes,
    ) -> Option<(InstructionResult, Bytes)> {
        let mocks = self.mocks.calls.get_mut(&call.bytecode_address)?;
        let value = call.transfer_value();
        let key = mocks
            .keys()
            .filter(|(data, wanted)| {
                input.starts_with(data) && (wanted.is_none() || *wanted == value)
            })
            .max_by_key(|(data, wanted)| (data.len(), wanted.is_some()))
            .cloned()?;
        let answers = mocks.get_mut(&key)?;
        if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() }
    }

    /// Lets a call run another contract's code where `vm.mockFunction` says so.
    pub(in crate::forge) fn redirect(&self, context: &mut Context, call: &mut CallInputs) {
        let Some(functions) = self.mocks.functions.get(&call.bytecode_address) else { return };
        let input = call.input.bytes(context);
        // The whole calldata goes before the selector.
        let selector = Bytes::copy_from_slice(input.get(..4).unwrap_or_default());
        let Some(target) = functions.get(&input).or_else(|| functions.get(&selector)) else {
            return;
        };
        call.bytecode_address = *target;
        let Ok(account) = context.journaled_state.load_account_with_code(*target);
        let info = &account.data.info;
        call.known_bytecode = (info.code_hash, info.code.clone().unwrap_or_default());
    }
}
