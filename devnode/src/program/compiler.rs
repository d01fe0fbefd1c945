//! Programs on wasmtime: compiled to machine code. A call runs on a stack of its own as a future; a host function that needs
//! the chain leaves its request in a mailbox and waits there for the reply.

use alloc::sync::Arc;
use core::{
    fmt,
    future::Future,
    pin::Pin,
    task::{self, Poll, Waker},
};
use std::sync::{Mutex, MutexGuard, PoisonError};

use wasmtime::{
    AsContextMut, Caller, Config, FuncType, Global, InstancePre, Linker, Memory, Module, OptLevel,
    Store, Trap, Val, ValType,
};

use super::{
    engine::{Engine, EngineError, Event, Outcome, Program, Running},
    functions::{DECLARATIONS, Declaration},
    guest::{Guest, Stop},
    hostio::{self, Args, Step},
    request::{Reply, Request},
    state::{HostIo, Pending, State},
};
use crate::wasm::{DEPTH_GLOBAL, INK_GLOBAL, STATUS_GLOBAL};

/// Bytes of stack of compiled code: the depth meter ends a program long before.
const WASM_STACK: usize = 24 << 20;
/// Bytes of stack of a call, host functions included; only what is touched takes memory.
const CALL_STACK: usize = 32 << 20;

impl From<wasmtime::Error> for EngineError {
    fn from(error: wasmtime::Error) -> Self {
        Self(format!("{error:#}"))
    }
}

/// The compiler with all host functions; compiled programs belong to it.
pub(crate) struct Compiler {
    engine: wasmtime::Engine,
    linker: Linker<Context>,
}

/// A program in machine code.
struct Compiled(InstancePre<Context>);

/// What the store holds: the call's state, and handles into the instance.
#[derive(Debug)]
struct Context {
    state: State,
    handles: Option<Handles>,
    stop: Option<Stop>,
    mailbox: Mailbox,
}

#[derive(Debug, Clone, Copy)]
struct Handles {
    memory: Memory,
    ink: Global,
    status: Global,
    depth: Global,
}

/// Leaves the program: a stop waits in the store.
#[derive(Debug)]
struct Leave;

impl fmt::Display for Leave {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("host function leaves the program")
    }
}

impl core::error::Error for Leave {}

/// Where a suspended program and whoever drives it leave things for each other.
#[derive(Debug, Clone, Default)]
struct Mailbox(Arc<Mutex<Letters>>);

#[derive(Debug, Default)]
struct Letters {
    request: Option<Request>,
    reply: Option<Reply>,
    /// The frame that the waiting host function opened.
    frame: Option<usize>,
}

impl Mailbox {
    fn open(&self) -> MutexGuard<'_, Letters> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for a reply in the mailbox.
struct Answered<'a>(&'a Mailbox);

impl Future for Answered<'_> {
    type Output = Reply;

    fn poll(self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<Reply> {
        self.0.open().reply.take().map_or(Poll::Pending, Poll::Ready)
    }
}

/// What is left of a call.
#[derive(Debug)]
struct Ended {
    outcome: Outcome,
    ink: u64,
    trace: Vec<HostIo>,
}

/// A program in the middle of a call.
struct Suspendable {
    call: Option<Pin<Box<dyn Future<Output = Ended> + Send>>>,
    mailbox: Mailbox,
    ended: Option<Ended>,
}

impl fmt::Debug for Compiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compiler").finish_non_exhaustive()
    }
}

impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compiled").finish_non_exhaustive()
    }
}

impl fmt::Debug for Suspendable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mailbox, ended, .. } = self;
        f.debug_struct("Suspendable")
            .field("mailbox", mailbox)
            .field("ended", ended)
            .finish_non_exhaustive()
    }
}

impl Compiler {
    pub(crate) fn new() -> Self {
        let mut config = Config::new();
        config
            .cranelift_opt_level(OptLevel::Speed)
            .max_wasm_stack(WASM_STACK)
            .async_stack_size(CALL_STACK)
            .wasm_multi_memory(false)
            .wasm_extended_const(false)
            .wasm_tail_call(false);
        // These options fit each other on every platform, so an engine can be made.
        let engine = wasmtime::Engine::new(&config).unwrap_or_default();
        let mut linker = Linker::new(&engine);
        for declaration in DECLARATIONS {
            let ty = function_type(&engine, declaration);
            // Names are distinct, so no definition can clash.
            let _ = linker.func_new_async(
                declaration.module,
                declaration.name,
                ty,
                move |caller, values, results| {
                    Box::new(dispatch(declaration, caller, values, results))
                },
            );
        }
        Self { engine, linker }
    }
}

impl Engine for Compiler {
    fn compile(&self, wasm: &[u8]) -> Result<Arc<dyn Program>, EngineError> {
        let module = Module::new(&self.engine, wasm)?;
        Ok(Arc::new(Compiled(self.linker.instantiate_pre(&module)?)))
    }
}

impl Program for Compiled {
    fn start(&self, state: State, ink: u64, depth: u32) -> Result<Box<dyn Running>, EngineError> {
        let mailbox = Mailbox::default();
        let context = Context { state, handles: None, stop: None, mailbox: mailbox.clone() };
        let program = self.0.clone();
        let call = Box::pin(async move {
            let mut store = Store::new(program.module().engine(), context);
            let result = call(&program, &mut store, ink, depth).await;
            let outcome = match result {
                Ok(outcome) => outcome,
                Err(EngineError(fault)) => Outcome::Fault(fault),
            };
            let Some(handles) = store.data().handles else {
                return Ended { outcome, ink: 0, trace: Vec::new() };
            };
            let trace = core::mem::take(&mut store.data_mut().state.trace.records);
            let ink = if is_exhausted(&mut store, handles) {
                0
            } else {
                InStore { store: &mut store, handles }.ink()
            };
            Ended { outcome, ink, trace }
        });
        Ok(Box::new(Suspendable { call: Some(call), mailbox, ended: None }))
    }
}

/// Makes an instance and runs its entry point to the end.
async fn call(
    program: &InstancePre<Context>,
    store: &mut Store<Context>,
    ink: u64,
    depth: u32,
) -> Result<Outcome, EngineError> {
    let instance = program.instantiate_async(&mut *store).await?;
    let missing = EngineError::missing;
    let memory = instance.get_memory(&mut *store, "memory").ok_or_else(|| missing("memory"))?;
    let mut global =
        |name: &str| instance.get_global(&mut *store, name).ok_or_else(|| missing(name));
    let handles = Handles {
        memory,
        ink: global(INK_GLOBAL)?,
        status: global(STATUS_GLOBAL)?,
        depth: global(DEPTH_GLOBAL)?,
    };
    let entry = instance.get_typed_func::<i32, i32>(&mut *store, "user_entrypoint")?;
    store.data_mut().handles = Some(handles);
    InStore { store: &mut *store, handles }.set_ink(ink);
    handles.depth.set(&mut *store, Val::I32(depth.cast_signed()))?;
    let calldata = store.data().state.environment.calldata.len();
    let calldata = u32::try_from(calldata).unwrap_or(u32::MAX);
    match entry.call_async(&mut *store, calldata.cast_signed()).await {
        Ok(status) => Ok(hostio::ended(&mut store.data_mut().state, status.cast_unsigned())),
        Err(error) if error.is::<Leave>() => {
            let stop = store.data_mut().stop.take().unwrap_or(Stop::Failure);
            Ok(hostio::stopped(&mut store.data_mut().state, stop))
        }
        Err(error) => Ok(trapped(store, handles, &error)),
    }
}

/// A trap is told apart by what the meters left behind.
fn trapped(store: &mut Store<Context>, handles: Handles, error: &wasmtime::Error) -> Outcome {
    let Some(trap) = error.downcast_ref::<Trap>() else {
        return Outcome::Fault(format!("{error:#}"));
    };
    let is_deep = matches!(handles.depth.get(&mut *store), Val::I32(0));
    if is_exhausted(store, handles) {
        Outcome::OutOfInk
    } else if *trap == Trap::StackOverflow || is_deep {
        Outcome::OutOfStack
    } else {
        Outcome::Failure
    }
}

fn is_exhausted(store: &mut Store<Context>, handles: Handles) -> bool {
    !matches!(handles.status.get(store), Val::I32(0))
}

impl Suspendable {
    /// Runs until the program asks or ends.
    fn poll(&mut self) -> Event {
        let Some(call) = &mut self.call else { return Event::End(Outcome::Failure) };
        match call.as_mut().poll(&mut task::Context::from_waker(Waker::noop())) {
            Poll::Ready(ended) => {
                self.call = None;
                let outcome = ended.outcome.clone();
                self.ended = Some(ended);
                Event::End(outcome)
            }
            Poll::Pending => match self.mailbox.open().request.take() {
                Some(request) => Event::Ask(request),
                None => Event::End(Outcome::Fault("suspended without a request".to_owned())),
            },
        }
    }
}

impl Running for Suspendable {
    fn run(&mut self) -> Event {
        self.poll()
    }

    fn resume(&mut self, reply: Reply) -> Event {
        self.mailbox.open().reply = Some(reply);
        self.poll()
    }

    fn trace_call(&mut self, frame: usize) {
        self.mailbox.open().frame = Some(frame);
    }

    fn ink(&mut self) -> u64 {
        self.ended.as_ref().map_or(0, |ended| ended.ink)
    }

    fn take_trace(&mut self) -> Vec<HostIo> {
        self.ended.as_mut().map(|ended| core::mem::take(&mut ended.trace)).unwrap_or_default()
    }
}

fn function_type(engine: &wasmtime::Engine, declaration: &Declaration) -> FuncType {
    let types = |letters: &str| -> Vec<ValType> {
        let ty = |letter| match letter {
            'l' => ValType::I64,
            'f' => ValType::F32,
            'd' => ValType::F64,
            _ => ValType::I32,
        };
        letters.chars().map(ty).collect()
    };
    FuncType::new(engine, types(declaration.parameters), types(declaration.result))
}

fn raw(value: &Val) -> u64 {
    match value {
        Val::I32(value) => u64::from(value.cast_unsigned()),
        Val::I64(value) => value.cast_unsigned(),
        Val::F32(bits) => u64::from(*bits),
        Val::F64(bits) => *bits,
        _ => 0,
    }
}

fn value(letters: &str, raw: u64) -> Option<Val> {
    let low = u32::try_from(raw & u64::from(u32::MAX)).unwrap_or_default();
    match letters {
        "i" => Some(Val::I32(low.cast_signed())),
        "l" => Some(Val::I64(raw.cast_signed())),
        "f" => Some(Val::F32(low)),
        "d" => Some(Val::F64(raw)),
        _ => None,
    }
}

/// Runs a host function inside the program, across the chain's answer if it needs one.
async fn dispatch(
    declaration: &'static Declaration,
    mut caller: Caller<'_, Context>,
    values: &[Val],
    results: &mut [Val],
) -> wasmtime::Result<()> {
    let mut args = [0; 6];
    for (slot, value) in args.iter_mut().zip(values) {
        *slot = raw(value);
    }
    let Some(handles) = caller.data().handles else {
        return Err(wasmtime::Error::new(Leave));
    };
    let mut guest = InStore { store: &mut caller, handles };
    if guest.state().environment.tracing {
        let ink = guest.ink();
        guest.state().trace_start(ink);
    }
    let result = match hostio::begin(declaration.function, &mut guest, Args(args)) {
        Ok(Step::Done(result)) => Ok(result),
        Ok(Step::Ask(request, key, gas)) => {
            let mailbox = guest.store.data().mailbox.clone();
            mailbox.open().request = Some(request);
            let reply = Answered(&mailbox).await;
            if let Some(frame) = mailbox.open().frame.take() {
                guest.state().trace_call(frame);
            }
            let pending = Pending { function: declaration.function, args, gas, key };
            hostio::finish(pending, reply, &mut guest)
        }
        Err(stop) => Err(stop),
    };
    match result {
        Ok(result) => {
            hostio::record(&mut guest, declaration);
            if let (Some(slot), Some(value)) =
                (results.first_mut(), value(declaration.result, result))
            {
                *slot = value;
            }
            Ok(())
        }
        Err(stop) => {
            if matches!(stop, Stop::Exit(_)) {
                hostio::record(&mut guest, declaration);
            }
            caller.data_mut().stop = Some(stop);
            Err(wasmtime::Error::new(Leave))
        }
    }
}

/// A program in its store.
struct InStore<S> {
    store: S,
    handles: Handles,
}

impl<S: AsContextMut<Data = Context>> Guest for InStore<S> {
    fn ink(&mut self) -> u64 {
        raw(&self.handles.ink.get(self.store.as_context_mut()))
    }

    fn set_ink(&mut self, ink: u64) {
        // The global is a mutable i64 that the instrumentation added.
        let _ = self.handles.ink.set(self.store.as_context_mut(), Val::I64(ink.cast_signed()));
    }

    fn set_exhausted(&mut self) {
        let _ = self.handles.status.set(self.store.as_context_mut(), Val::I32(1));
    }

    fn memory_and_state(&mut self) -> (&mut [u8], &mut State) {
        let (data, context) = self.handles.memory.data_and_store_mut(self.store.as_context_mut());
        (data, &mut context.state)
    }
}
