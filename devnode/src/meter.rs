//! Measures plain WASM: runs exported functions under the chain's metering and tells the ink that they used.

use wasmi::{Engine, Global, Instance, Linker, Memory, Store, Val};

use crate::wasm::{
    DEPTH_GLOBAL, Exports, Features, INK_GLOBAL, Module, STATUS_GLOBAL, WasmError, instrument,
};

/// Ink that a measured call starts with; more than any call uses.
const INK: i64 = i64::MAX;
/// Stack words that a measured call starts with: what programs have.
const STACK: i32 = 22_000;

/// Why a module or a function cannot be measured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MeterError {
    /// The chain would refuse the code.
    #[error(transparent)]
    Wasm(#[from] WasmError),
    /// The module cannot be instantiated: it imports something, for example.
    #[error("cannot instantiate: {0}")]
    Instantiate(String),
    /// There is no such exported function.
    #[error("no exported function {0}")]
    NoFunction(String),
    /// The call trapped or had wrong arguments.
    #[error("call failed: {0}")]
    Call(String),
    /// A range of memory does not exist.
    #[error("memory {offset}..+{length} does not exist")]
    Memory {
        /// Where it starts.
        offset: usize,
        /// How long it is.
        length: usize,
    },
}

/// A value that a measured function takes or returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// A 32-bit integer.
    I32(i32),
    /// A 64-bit integer.
    I64(i64),
}

/// Result of a measured call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// What the function returned.
    pub results: Vec<Value>,
    /// Ink that it used; 10,000 ink are one unit of gas.
    pub ink: u64,
}

/// An instance of a metered module; its memory lives from call to call.
#[derive(Debug)]
pub struct Meter {
    store: Store<()>,
    instance: Instance,
}

impl Meter {
    /// Meters and instantiates a module that imports nothing.
    ///
    /// # Errors
    /// Code that the chain refuses, or imports.
    pub fn new(wasm: &[u8]) -> Result<Self, MeterError> {
        let features = Features { stylus_version: 2, debug: false };
        let module = Module::parse(wasm, features)?;
        let metered = instrument(&module, Exports::AllFunctions)?;
        let failed = |error: wasmi::Error| MeterError::Instantiate(error.to_string());
        let engine = Engine::default();
        let module = wasmi::Module::new(&engine, &metered.wasm).map_err(failed)?;
        let mut store = Store::new(&engine, ());
        let instance =
            Linker::new(&engine).instantiate_and_start(&mut store, &module).map_err(failed)?;
        Ok(Self { store, instance })
    }

    /// Calls an exported function.
    ///
    /// # Errors
    /// An unknown name, wrong arguments, a trap.
    pub fn call(&mut self, name: &str, arguments: &[Value]) -> Result<Measured, MeterError> {
        let function = self
            .instance
            .get_func(&self.store, name)
            .ok_or_else(|| MeterError::NoFunction(name.to_owned()))?;
        self.set(INK_GLOBAL, Val::I64(INK))?;
        self.set(STATUS_GLOBAL, Val::I32(0))?;
        self.set(DEPTH_GLOBAL, Val::I32(STACK))?;
        let arguments: Vec<Val> = arguments.iter().copied().map(Val::from).collect();
        let ty = function.ty(&self.store);
        let mut results = vec![Val::I32(0); ty.results().len()];
        function
            .call(&mut self.store, &arguments, &mut results)
            .map_err(|error| MeterError::Call(error.to_string()))?;
        let left = match self.global(INK_GLOBAL)?.get(&self.store) {
            Val::I64(left) => left,
            _ => 0,
        };
        let results = results.iter().filter_map(Value::from_val).collect();
        Ok(Measured { results, ink: INK.abs_diff(left) })
    }

    /// Reads the module's memory.
    ///
    /// # Errors
    /// A range that does not exist.
    pub fn read(&self, offset: usize, length: usize) -> Result<Vec<u8>, MeterError> {
        let end = offset.saturating_add(length);
        let memory = self.memory(offset, length)?;
        let bytes = memory.data(&self.store).get(offset..end);
        bytes.map(<[u8]>::to_vec).ok_or(MeterError::Memory { offset, length })
    }

    /// Writes the module's memory.
    ///
    /// # Errors
    /// A range that does not exist.
    pub fn write(&mut self, offset: usize, bytes: &[u8]) -> Result<(), MeterError> {
        let length = bytes.len();
        let memory = self.memory(offset, length)?;
        memory
            .write(&mut self.store, offset, bytes)
            .map_err(|_| MeterError::Memory { offset, length })
    }

    fn memory(&self, offset: usize, length: usize) -> Result<Memory, MeterError> {
        let memory = self.instance.get_memory(&self.store, "memory");
        memory.ok_or(MeterError::Memory { offset, length })
    }

    fn global(&self, name: &str) -> Result<Global, MeterError> {
        let global = self.instance.get_global(&self.store, name);
        global.ok_or_else(|| MeterError::Instantiate(format!("no global {name}")))
    }

    fn set(&mut self, name: &str, value: Val) -> Result<(), MeterError> {
        let global = self.global(name)?;
        global.set(&mut self.store, value).map_err(|error| MeterError::Call(error.to_string()))
    }
}

impl From<Value> for Val {
    fn from(value: Value) -> Self {
        match value {
            Value::I32(value) => Self::I32(value),
            Value::I64(value) => Self::I64(value),
        }
    }
}

impl Value {
    const fn from_val(value: &Val) -> Option<Self> {
        match value {
            Val::I32(value) => Some(Self::I32(*value)),
            Val::I64(value) => Some(Self::I64(*value)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ink(body: &str) -> u64 {
        let text = format!(
            r#"(module (memory (export "memory") 1 1) (global $g (mut i64) (i64.const 7))
                (func (export "f") (param i32) (result i64) (local i64) {body}))"#
        );
        let mut meter = Meter::new(&wat::parse_str(text).unwrap()).unwrap();
        meter.call("f", &[Value::I32(3)]).unwrap().ink
    }

    #[test]
    fn a_basic_block_pays_its_header_and_operators() {
        // 2450 header + 1 const + 1 end.
        assert_eq!(ink("i64.const 5"), 2_452);
        // 2450 + 2 * 1 const + 160 mul + 225 global.get + 100 add + 1 end.
        assert_eq!(ink("i64.const 5 i64.const 6 i64.mul global.get $g i64.add"), 2_938);
    }

    #[test]
    fn bulk_memory_pays_per_byte() {
        // 2450 + 4 * 1 const + 950 fill + 1 end, and 100 for each of 300 bytes.
        let body = "i32.const 0 i32.const 1 i32.const 300 memory.fill i64.const 0";
        assert_eq!(ink(body), 2_450 + 4 + 950 + 1 + 30_000);
    }

    #[test]
    fn a_loop_pays_each_round() {
        // Block 1: header 2450 + block 1 + loop 1.
        // Each of 3 rounds: header 2450 + local.get 75 + const 1 + sub 70 + local.tee 75 + br_if 765.
        // End of the loop: header 2450 + end 1; end of the block the same;
        // last block: header 2450 + const 1 + end 1.
        let body = "(block (loop local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0)) i64.const 0";
        let expected = 2_452 + 3 * (2_450 + 75 + 1 + 70 + 75 + 765) + 2 * 2_451 + 2_452;
        assert_eq!(ink(body), expected);
    }

    #[test]
    fn errors_are_typed() {
        let module = wat::parse_str(r#"(module (import "a" "b" (func)) (func (export "f")))"#);
        assert!(matches!(Meter::new(&module.unwrap()), Err(MeterError::Instantiate(_))));
        let float = r#"(module (func (export "f") (result f64) f64.const 1 f64.const 2 f64.add))"#;
        let error = Meter::new(&wat::parse_str(float).unwrap()).unwrap_err();
        assert_eq!(error, WasmError::UnsupportedOperator("F64Add".to_owned()).into());
        let mut meter = Meter::new(&wat::parse_str("(module)").unwrap()).unwrap();
        assert_eq!(meter.call("g", &[]), Err(MeterError::NoFunction("g".to_owned())));
    }
}
