//! Programs on wasmi: a call runs until it ends or needs the chain, and resumes with the reply.

use alloc::sync::Arc;
use core::fmt;

use wasmi::{
    AsContextMut, Caller, CompilationMode, Config, FuncType, Global, Linker, Memory, Module,
    ResumableCall, Store, Val, ValType,
};

use super::{
    engine::{Engine, EngineError, Event, Outcome, Program, Running},
    functions::{DECLARATIONS, Declaration},
    guest::{Guest, Stop},
    hostio::{self, Args, Step},
    request::Reply,
    state::{HostIo, Pending, State},
};
use crate::wasm::{DEPTH_GLOBAL, INK_GLOBAL, STATUS_GLOBAL};

impl From<wasmi::Error> for EngineError {
    fn from(error: wasmi::Error) -> Self {
        Self(error.to_string())
    }
}

/// The interpreter with all host functions; compiled programs belong to it.
#[derive(Debug)]
pub(crate) struct Interpreter {
    engine: wasmi::Engine,
    linker: Arc<Linker<Context>>,
}

/// A program translated as it runs.
#[derive(Debug)]
struct Translated {
    linker: Arc<Linker<Context>>,
    module: Module,
}

/// What the store holds: the call's state, and handles into the instance.
#[derive(Debug)]
struct Context {
    state: State,
    handles: Option<Handles>,
    stop: Option<Stop>,
}

#[derive(Debug, Clone, Copy)]
struct Handles {
    memory: Memory,
    ink: Global,
    status: Global,
    depth: Global,
}

/// Leaves the program: a request or a stop waits in the store.
#[derive(Debug)]
struct Leave;

impl fmt::Display for Leave {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("host function leaves the program")
    }
}

impl wasmi::errors::HostError for Leave {}

/// A program in the middle of a call.
#[derive(Debug)]
struct Suspendable {
    store: Store<Context>,
    handles: Handles,
    entry: wasmi::Func,
    suspended: Option<Waiting>,
    calldata_length: u32,
}

/// What waits for the chain's reply.
#[derive(Debug)]
enum Waiting {
    /// Code of the program that called a host function.
    Program(wasmi::ResumableCallHostTrap),
    /// Nothing: the entry point is the host function itself.
    Nobody,
}

impl Interpreter {
    pub(crate) fn new() -> Self {
        let mut config = Config::default();
        config
            .compilation_mode(CompilationMode::LazyTranslation)
            .set_max_stack_height(64 << 20)
            .set_max_recursion_depth(1 << 20)
            .wasm_reference_types(false)
            .wasm_tail_call(false)
            .wasm_extended_const(false)
            .wasm_multi_memory(false);
        let engine = wasmi::Engine::new(&config);
        let mut linker = Linker::new(&engine);
        for declaration in DECLARATIONS {
            // Names are distinct, so no definition can clash.
            let _ = linker.func_new(
                declaration.module,
                declaration.name,
                function_type(declaration),
                move |caller, args, results| dispatch(declaration, caller, args, results),
            );
        }
        Self { engine, linker: Arc::new(linker) }
    }
}

impl Engine for Interpreter {
    fn compile(&self, wasm: &[u8]) -> Result<Arc<dyn Program>, EngineError> {
        let module = Module::new(&self.engine, wasm)?;
        Ok(Arc::new(Translated { linker: Arc::clone(&self.linker), module }))
    }
}

impl Program for Translated {
    fn start(&self, state: State, ink: u64, depth: u32) -> Result<Box<dyn Running>, EngineError> {
        let calldata_length = u32::try_from(state.environment.calldata.len()).unwrap_or(u32::MAX);
        let context = Context { state, handles: None, stop: None };
        let mut store = Store::new(self.module.engine(), context);
        let instance = self.linker.instantiate_and_start(&mut store, &self.module)?;
        let missing = EngineError::missing;
        let global = |name: &str| instance.get_global(&store, name).ok_or_else(|| missing(name));
        let handles = Handles {
            memory: instance.get_memory(&store, "memory").ok_or_else(|| missing("memory"))?,
            ink: global(INK_GLOBAL)?,
            status: global(STATUS_GLOBAL)?,
            depth: global(DEPTH_GLOBAL)?,
        };
        let entry = instance
            .get_func(&store, "user_entrypoint")
            .ok_or_else(|| missing("user_entrypoint"))?;
        store.data_mut().handles = Some(handles);
        let mut running = Suspendable { store, handles, entry, suspended: None, calldata_length };
        running.guest().set_ink(ink);
        let depth = Val::I32(depth.cast_signed());
        running
            .handles
            .depth
            .set(&mut running.store, depth)
            .map_err(|error| EngineError(error.to_string()))?;
        Ok(Box::new(running))
    }
}

fn function_type(declaration: &Declaration) -> FuncType {
    let types = |letters: &str| -> Vec<ValType> {
        let ty = |letter| match letter {
            'l' => ValType::I64,
            'f' => ValType::F32,
            'd' => ValType::F64,
            _ => ValType::I32,
        };
        letters.chars().map(ty).collect()
    };
    FuncType::new(types(declaration.parameters), types(declaration.result))
}

fn raw(value: &Val) -> u64 {
    match value {
        Val::I32(value) => u64::from(value.cast_unsigned()),
        Val::I64(value) => value.cast_unsigned(),
        Val::F32(value) => u64::from(value.to_bits()),
        Val::F64(value) => value.to_bits(),
        _ => 0,
    }
}

fn value(letters: &str, raw: u64) -> Option<Val> {
    let low = u32::try_from(raw & u64::from(u32::MAX)).unwrap_or_default();
    match letters {
        "i" => Some(Val::I32(low.cast_signed())),
        "l" => Some(Val::I64(raw.cast_signed())),
        "f" => Some(Val::F32(wasmi::F32::from_bits(low))),
        "d" => Some(Val::F64(wasmi::F64::from_bits(raw))),
        _ => None,
    }
}

/// Runs a host function inside the program.
fn dispatch(
    declaration: &'static Declaration,
    mut caller: Caller<'_, Context>,
    values: &[Val],
    results: &mut [Val],
) -> Result<(), wasmi::Error> {
    let mut args = [0; 6];
    for (slot, value) in args.iter_mut().zip(values) {
        *slot = raw(value);
    }
    let Some(handles) = caller.data().handles else {
        return Err(wasmi::Error::host(Leave));
    };
    let mut guest = InStore { store: &mut caller, handles };
    if guest.state().environment.tracing {
        let ink = guest.ink();
        guest.state().trace_start(ink);
    }
    let stop = match hostio::begin(declaration.function, &mut guest, Args(args)) {
        Ok(Step::Done(result)) => {
            if let (Some(slot), Some(value)) =
                (results.first_mut(), value(declaration.result, result))
            {
                *slot = value;
            }
            hostio::record(&mut guest, declaration);
            return Ok(());
        }
        Ok(Step::Ask(request, key, gas)) => {
            let pending = Pending { function: declaration.function, args, gas, key };
            let state = guest.state();
            state.pending = Some(pending);
            state.request = Some(request);
            None
        }
        Err(stop) => {
            if matches!(stop, Stop::Exit(_)) {
                hostio::record(&mut guest, declaration);
            }
            Some(stop)
        }
    };
    caller.data_mut().stop = stop;
    Err(wasmi::Error::host(Leave))
}

impl Running for Suspendable {
    fn run(&mut self) -> Event {
        let argument = Val::I32(self.calldata_length.cast_signed());
        let mut status = [Val::I32(0)];
        let result = self.entry.call_resumable(&mut self.store, &[argument], &mut status);
        self.event(result, &status)
    }

    fn resume(&mut self, reply: Reply) -> Event {
        let (Some(pending), Some(suspended)) = (self.state().pending.take(), self.suspended.take())
        else {
            return Event::End(Outcome::Failure);
        };
        let declaration = DECLARATIONS.iter().find(|known| known.function == pending.function);
        let Some(declaration) = declaration else { return Event::End(Outcome::Failure) };
        let mut guest = self.guest();
        let result = match hostio::finish(pending, reply, &mut guest) {
            Ok(result) => {
                hostio::record(&mut guest, declaration);
                result
            }
            Err(stop) => return Event::End(hostio::stopped(self.state(), stop)),
        };
        let Waiting::Program(suspended) = suspended else {
            let status = u32::try_from(result).unwrap_or(u32::MAX);
            return Event::End(hostio::ended(self.state(), status));
        };
        let inputs: Vec<Val> = value(declaration.result, result).into_iter().collect();
        let mut status = [Val::I32(0)];
        let result = suspended.resume(&mut self.store, &inputs, &mut status);
        self.event(result, &status)
    }

    fn trace_call(&mut self, frame: usize) {
        self.state().trace_call(frame);
    }

    fn ink(&mut self) -> u64 {
        if self.is_exhausted() { 0 } else { self.guest().ink() }
    }

    fn take_trace(&mut self) -> Vec<HostIo> {
        core::mem::take(&mut self.state().trace.records)
    }
}

impl Suspendable {
    const fn guest(&mut self) -> InStore<&mut Store<Context>> {
        InStore { store: &mut self.store, handles: self.handles }
    }

    fn state(&mut self) -> &mut State {
        &mut self.store.data_mut().state
    }

    fn is_exhausted(&self) -> bool {
        !matches!(self.handles.status.get(&self.store), Val::I32(0))
    }

    fn event(&mut self, result: Result<ResumableCall, wasmi::Error>, status: &[Val]) -> Event {
        match result {
            Ok(ResumableCall::Finished) => {
                let status = status.first().and_then(Val::i32).unwrap_or(1);
                Event::End(hostio::ended(self.state(), status.cast_unsigned()))
            }
            Ok(ResumableCall::HostTrap(trap)) => self.left(Waiting::Program(trap)),
            Ok(ResumableCall::OutOfFuel(_)) => Event::End(Outcome::Failure),
            Err(error) if error.downcast_ref::<Leave>().is_some() => self.left(Waiting::Nobody),
            Err(error) => Event::End(self.trapped(&error)),
        }
    }

    /// A host function left the program, to ask the chain or for good.
    fn left(&mut self, waiting: Waiting) -> Event {
        if let Some(request) = self.state().request.take() {
            self.suspended = Some(waiting);
            return Event::Ask(request);
        }
        let stop = self.store.data_mut().stop.take().unwrap_or(Stop::Failure);
        Event::End(hostio::stopped(self.state(), stop))
    }

    /// A trap is told apart by what the meters left behind.
    fn trapped(&self, error: &wasmi::Error) -> Outcome {
        let Some(trap) = error.as_trap_code() else {
            return Outcome::Fault(error.to_string());
        };
        if self.is_exhausted() {
            Outcome::OutOfInk
        } else if trap == wasmi::TrapCode::StackOverflow
            || matches!(self.handles.depth.get(&self.store), Val::I32(0))
        {
            Outcome::OutOfStack
        } else {
            Outcome::Failure
        }
    }
}

/// A program in its store, whether it runs or waits.
struct InStore<S> {
    store: S,
    handles: Handles,
}

impl<S: AsContextMut<Data = Context>> Guest for InStore<S> {
    fn ink(&mut self) -> u64 {
        raw(&self.handles.ink.get(self.store.as_context()))
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
