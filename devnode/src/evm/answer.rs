//! The chain's answers to a program's requests.

use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, Log, U256};
use revm::{
    Database,
    context_interface::{CreateScheme, JournalTr, context::ContextError},
    handler::FrameResult,
    interpreter::{
        CallInput, CallInputs, CallScheme, CallValue, CreateInputs, FrameInput, InstructionResult,
        interpreter_types::{InputsTr, RuntimeFlag},
    },
};

use super::{
    ArbContext, Peek,
    machine::{ArbEvm, Error},
};
use crate::{
    program::{CallKind, FlushStatus, Reply, Request},
    stylus,
};

const WARM_ACCOUNT_GAS: u64 = 100;
const COLD_ACCOUNT_GAS: u64 = 2_600;
const COLD_SLOT_GAS: u64 = 2_100;
const WARM_SLOT_GAS: u64 = 100;
const NEW_ACCOUNT_GAS: u64 = 25_000;
const VALUE_GAS: u64 = 9_000;
const STIPEND: u64 = 2_300;
const CREATE_GAS: u64 = 32_000;
const HASH_WORD_GAS: u64 = 6;
/// Gas of reading an account's code, per 24,576 bytes of the most that code may have.
const CODE_GAS: u64 = 700;

/// Answer to a request, or the frame that has to run first.
pub(super) enum Answer {
    Reply(Reply),
    Open(FrameInput, Expected),
}

/// What a program waits for, and the gas that is settled then.
#[derive(Debug, Clone, Copy)]
pub(super) enum Expected {
    /// A call that was given `given` gas for `base` gas of its own cost.
    Call { base: u64, given: u64 },
    /// A creation, out of `gas_left`, `kept` of which was not passed on.
    Create { gas_left: u64, kept: u64 },
}

impl Expected {
    /// The reply that the result of the frame makes.
    pub(super) fn reply(self, result: &FrameResult) -> Reply {
        let ending = result.instruction_result();
        let returned = if ending.is_ok_or_revert() { result.gas().remaining() } else { 0 };
        let output = match result {
            FrameResult::Call(outcome) => outcome.result.output.clone(),
            FrameResult::Create(outcome) => outcome.result.output.clone(),
        };
        match self {
            Self::Call { base, given } => Reply::Called {
                success: ending.is_ok(),
                data: if ending.is_ok_or_revert() { output } else { Bytes::new() },
                gas: base.saturating_add(given.saturating_sub(returned)),
            },
            Self::Create { gas_left, kept } => {
                let created = match result {
                    FrameResult::Create(outcome) if ending.is_ok() => outcome.address,
                    _ => None,
                };
                let reverted = ending == InstructionResult::Revert;
                Reply::Created {
                    address: created.unwrap_or_default(),
                    data: if reverted { output } else { Bytes::new() },
                    gas: gas_left.saturating_sub(returned.saturating_add(kept)),
                }
            }
        }
    }
}

/// The WASM of an active program, from its own code and that of its fragments. The limits held when
/// it was activated; that they are lower now does not stop it.
pub(super) fn wasm_of<DB: Database>(
    ctx: &mut ArbContext<DB>,
    code: &[u8],
) -> Result<Vec<u8>, Error<DB>> {
    let custom = |error: stylus::CodeError| ContextError::Custom(error.to_string());
    let Some(root) = stylus::root(code).map_err(custom)? else {
        return stylus::decompress(code, u32::MAX).map_err(custom);
    };
    let mut stream = Vec::new();
    for address in root.fragments {
        let (code, _) = ctx.peek_code(address).map_err(ContextError::Db)?;
        let payload = stylus::fragment_payload(code.original_byte_slice()).map_err(custom)?;
        stream.extend_from_slice(payload);
    }
    let wasm = stylus::inflate(root.dictionary, &stream, root.length).map_err(custom)?;
    if crate::wasm::wide(wasm.len()) == u64::from(root.length) {
        Ok(wasm)
    } else {
        Err(custom(stylus::CodeError::Root))
    }
}

impl<DB: Database> ArbEvm<DB> {
    /// Answers a request of the topmost frame's program.
    pub(super) fn answer(&mut self, request: Request) -> Result<Answer, Error<DB>> {
        let frame = self.inner.frame_stack.get();
        let contract = frame.interpreter.input.target_address();
        let is_static = frame.interpreter.runtime_flag.is_static();
        let journal = &mut self.inner.ctx.journaled_state;
        Ok(Answer::Reply(match request {
            Request::StorageLoad { key } => {
                let load = journal.sload(contract, key.into()).map_err(ContextError::Db)?;
                let gas = if load.is_cold { COLD_SLOT_GAS } else { WARM_SLOT_GAS };
                Reply::Word { value: load.data.into(), gas }
            }
            Request::StorageFlush { slots, gas_left } => {
                return self.flush(contract, is_static, &slots, gas_left);
            }
            Request::TransientLoad { key } => {
                let value = journal.tload(contract, key.into());
                Reply::Word { value: value.into(), gas: 0 }
            }
            Request::TransientStore { .. } | Request::Log { .. } if is_static => Reply::Refused,
            Request::TransientStore { key, value } => {
                journal.tstore(contract, key.into(), value.into());
                Reply::Accepted
            }
            Request::Log { topics, data } => {
                journal.log(Log::new_unchecked(contract, topics, data));
                Reply::Accepted
            }
            Request::Balance { address } => {
                let load = journal.load_account(address).map_err(ContextError::Db)?;
                let gas = account_gas(load.is_cold);
                Reply::Word { value: load.data.info.balance.into(), gas }
            }
            Request::Code { address, gas_left } => self.code(address, gas_left)?,
            Request::CodeHash { address } => {
                let load = journal.code_hash(address).map_err(ContextError::Db)?;
                let exists = self.inner.ctx.chain.empties.contains(&address);
                let hash = if load.data.is_zero() && exists { KECCAK256_EMPTY } else { load.data };
                Reply::Word { value: hash, gas: account_gas(load.is_cold) }
            }
            Request::AddPages { pages } => {
                let chain = &mut self.inner.ctx.chain;
                let gas = chain.pages.cost(pages, chain.page_limit());
                chain.pages.add(pages);
                Reply::Pages { gas }
            }
            Request::Call { kind, address, input, value, gas_left, gas_requested } => {
                if is_static && !value.is_zero() {
                    Reply::Called { success: false, data: Bytes::new(), gas: 0 }
                } else {
                    let gas = (gas_left, gas_requested);
                    return self.call(kind, address, input, value, gas);
                }
            }
            Request::Create { code, value, salt, gas_left } => {
                return Ok(self.create(contract, is_static, code, value, salt, gas_left));
            }
        }))
    }

    fn code(&mut self, address: Address, gas_left: u64) -> Result<Reply, Error<DB>> {
        let most = crate::wasm::wide(self.inner.ctx.chain.config.max_code_size);
        let load_gas = most.checked_div(24_576).unwrap_or_default().saturating_mul(CODE_GAS);
        let journal = &mut self.inner.ctx.journaled_state;
        let load = journal.code(address).map_err(ContextError::Db)?;
        let gas = account_gas(load.is_cold).saturating_add(load_gas);
        let code = if gas_left < gas { Bytes::new() } else { load.data };
        Ok(Reply::Code { code, gas })
    }

    fn flush(
        &mut self,
        contract: Address,
        is_static: bool,
        slots: &[(B256, B256)],
        gas_left: u64,
    ) -> Result<Answer, Error<DB>> {
        if is_static {
            let status = FlushStatus::WriteProtected;
            return Ok(Answer::Reply(Reply::Flush { status, gas: 0 }));
        }
        let mut left = gas_left;
        for (key, value) in slots {
            let journal = &mut self.inner.ctx.journaled_state;
            let store = journal
                .sstore(contract, (*key).into(), (*value).into())
                .map_err(ContextError::Db)?;
            let (gas, refund) = store_gas(&store.data, store.is_cold);
            let Some(rest) = left.checked_sub(gas) else {
                let status = FlushStatus::OutOfGas;
                return Ok(Answer::Reply(Reply::Flush { status, gas: gas_left }));
            };
            left = rest;
            self.inner.frame_stack.get().interpreter.gas.record_refund(refund);
        }
        let status = FlushStatus::Written;
        Ok(Answer::Reply(Reply::Flush { status, gas: gas_left.saturating_sub(left) }))
    }

    fn call(
        &mut self,
        kind: CallKind,
        address: Address,
        input: Bytes,
        value: U256,
        (gas_left, gas_requested): (u64, u64),
    ) -> Result<Answer, Error<DB>> {
        let failed = Reply::Called { success: false, data: Bytes::new(), gas: gas_left };
        if gas_left < WARM_ACCOUNT_GAS {
            // The account is not even looked at: it stays as cold as it was.
            return Ok(Answer::Reply(failed));
        }
        let journal = &mut self.inner.ctx.journaled_state;
        let load = journal.load_account_with_code(address).map_err(ContextError::Db)?;
        let mut base = account_gas(load.is_cold);
        let info = &load.data.info;
        let mut code = (info.code_hash, info.code.clone().unwrap_or_default());
        if !value.is_zero() {
            base = base.saturating_add(VALUE_GAS);
            if load.data.is_empty() {
                base = base.saturating_add(NEW_ACCOUNT_GAS);
            }
        }
        let Some(left) = gas_left.checked_sub(base) else {
            return Ok(Answer::Reply(failed));
        };
        if let Some(delegate) = code.1.eip7702_address() {
            // Unlike the EVM's calls, these neither pay for the delegate nor warm it.
            let (delegated, hash) = self.inner.ctx.peek_code(delegate).map_err(ContextError::Db)?;
            code = (hash, delegated);
        }
        let most = left.saturating_mul(63).checked_div(64).unwrap_or_default();
        let mut given = most.min(gas_requested);
        if !value.is_zero() {
            given = given.saturating_add(STIPEND);
        }
        let frame = self.inner.frame_stack.get();
        let own = &frame.interpreter.input;
        let (contract, sender) = (own.target_address(), own.caller_address());
        let (target_address, caller, value, scheme) = match kind {
            CallKind::Call => (address, contract, CallValue::Transfer(value), CallScheme::Call),
            CallKind::Static => {
                (address, contract, CallValue::Transfer(U256::ZERO), CallScheme::StaticCall)
            }
            CallKind::Delegate => {
                let value = CallValue::Apparent(own.call_value());
                (contract, sender, value, CallScheme::DelegateCall)
            }
        };
        let is_static = frame.interpreter.runtime_flag.is_static() || kind == CallKind::Static;
        let inputs = CallInputs {
            input: CallInput::Bytes(input),
            return_memory_offset: 0..0,
            gas_limit: given,
            reservoir: frame.interpreter.gas.reservoir(),
            bytecode_address: address,
            known_bytecode: code,
            target_address,
            caller,
            value,
            scheme,
            is_static,
            charged_new_account_state_gas: false,
        };
        Ok(Answer::Open(FrameInput::Call(Box::new(inputs)), Expected::Call { base, given }))
    }

    fn create(
        &mut self,
        contract: Address,
        is_static: bool,
        code: Bytes,
        value: U256,
        salt: Option<U256>,
        gas_left: u64,
    ) -> Answer {
        if is_static {
            return Answer::Reply(Reply::Refused);
        }
        let words = crate::wasm::wide(code.len()).div_ceil(32);
        let (scheme, hash_gas) = match salt {
            Some(salt) => (CreateScheme::Create2 { salt }, words.saturating_mul(HASH_WORD_GAS)),
            None => (CreateScheme::Create, 0),
        };
        let Some(left) = gas_left.checked_sub(CREATE_GAS.saturating_add(hash_gas)) else {
            return Answer::Reply(Reply::Refused);
        };
        let kept = left.checked_div(64).unwrap_or_default();
        let gas = left.saturating_sub(kept);
        let reservoir = self.inner.frame_stack.get().interpreter.gas.reservoir();
        let inputs = CreateInputs::new(contract, scheme, value, code, gas, reservoir);
        Answer::Open(FrameInput::Create(Box::new(inputs)), Expected::Create { gas_left, kept })
    }
}

const fn account_gas(is_cold: bool) -> u64 {
    if is_cold { COLD_ACCOUNT_GAS } else { WARM_ACCOUNT_GAS }
}

/// Cost and refund of a storage write (EIP-2929, EIP-3529).
fn store_gas(store: &revm::context_interface::context::SStoreResult, is_cold: bool) -> (u64, i64) {
    const SET: u64 = 20_000;
    const RESET: u64 = 2_900;
    const CLEAR_REFUND: i64 = 4_800;
    let (original, present, new) = (store.original_value, store.present_value, store.new_value);
    let access = if is_cold { COLD_SLOT_GAS } else { 0 };
    if present == new {
        return (access.saturating_add(WARM_SLOT_GAS), 0);
    }
    if original == present {
        if original.is_zero() {
            return (access.saturating_add(SET), 0);
        }
        let refund = if new.is_zero() { CLEAR_REFUND } else { 0 };
        return (access.saturating_add(RESET), refund);
    }
    let mut refund = 0i64;
    if !original.is_zero() {
        if present.is_zero() {
            refund = refund.saturating_sub(CLEAR_REFUND);
        } else if new.is_zero() {
            refund = refund.saturating_add(CLEAR_REFUND);
        }
    }
    if original == new {
        let restored = if original.is_zero() { 19_900 } else { 2_800 };
        refund = refund.saturating_add(restored);
    }
    (access.saturating_add(WARM_SLOT_GAS), refund)
}
