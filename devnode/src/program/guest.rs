//! The program as its host functions see it: ink, memory and the state of the call.

use alloy_primitives::{Address, B256, U256};

use super::state::State;
use crate::wasm::size;

/// Ink of one unit of gas.
pub(crate) const INK_PER_GAS: u64 = 10_000;

/// Ink of any host function.
pub(super) const BASE: u64 = 8_400;
/// Ink of each pointer that a host function takes.
pub(super) const POINTER: u64 = 5_040;
/// Ink of asking the chain.
pub(super) const API: u64 = 59_673;

const READ: u64 = 16_381;
const READ_PER_BYTE: u64 = 55;
const WRITE: u64 = 5_040;
const WRITE_PER_BYTE: u64 = 30;
/// Bytes that are read or written without a further charge.
const FREE_BYTES: u32 = 32;

/// Why a program ends inside a host function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It has no ink left.
    OutOfInk,
    /// A host function refused: bad pointer, write in a static call, bad arguments.
    Failure,
    /// It asked to end with a status.
    Exit(u32),
}

/// Access to a program that called a host function.
pub(super) trait Guest {
    fn ink(&mut self) -> u64;
    fn set_ink(&mut self, ink: u64);
    /// Sets the meter's status to out of ink.
    fn set_exhausted(&mut self);
    /// The program's memory and the state of the call.
    fn memory_and_state(&mut self) -> (&mut [u8], &mut State);

    /// Marks the program as out of ink.
    fn exhaust(&mut self) {
        self.set_ink(0);
        self.set_exhausted();
    }

    fn read(&mut self, pointer: u32, length: u32) -> Result<Vec<u8>, Stop> {
        let from = size(pointer);
        let to = from.saturating_add(size(length));
        let (data, _) = self.memory_and_state();
        data.get(from..to).map(<[u8]>::to_vec).ok_or(Stop::Failure)
    }

    fn write(&mut self, pointer: u32, bytes: &[u8]) -> Result<(), Stop> {
        let from = size(pointer);
        let to = from.saturating_add(bytes.len());
        let (data, _) = self.memory_and_state();
        data.get_mut(from..to).ok_or(Stop::Failure)?.copy_from_slice(bytes);
        Ok(())
    }

    fn state(&mut self) -> &mut State {
        self.memory_and_state().1
    }

    fn buy_ink(&mut self, ink: u64) -> Result<(), Stop> {
        if let Some(left) = self.ink().checked_sub(ink) {
            self.set_ink(left);
            return Ok(());
        }
        self.exhaust();
        Err(Stop::OutOfInk)
    }

    fn buy_gas(&mut self, gas: u64) -> Result<(), Stop> {
        self.buy_ink(gas.saturating_mul(INK_PER_GAS))
    }

    /// Fails without spending anything if less gas is left.
    fn require_gas(&mut self, gas: u64) -> Result<(), Stop> {
        if self.ink() < gas.saturating_mul(INK_PER_GAS) {
            self.exhaust();
            return Err(Stop::OutOfInk);
        }
        Ok(())
    }

    fn gas_left(&mut self) -> u64 {
        self.ink().checked_div(INK_PER_GAS).unwrap_or_default()
    }

    fn pay_for_read(&mut self, bytes: u32) -> Result<(), Stop> {
        let extra = u64::from(bytes.saturating_sub(FREE_BYTES)).saturating_mul(READ_PER_BYTE);
        self.buy_ink(READ.saturating_add(extra))
    }

    fn pay_for_write(&mut self, bytes: u32) -> Result<(), Stop> {
        let extra = u64::from(bytes.saturating_sub(FREE_BYTES)).saturating_mul(WRITE_PER_BYTE);
        self.buy_ink(WRITE.saturating_add(extra))
    }

    fn read_word(&mut self, pointer: u32) -> Result<B256, Stop> {
        let bytes = self.read(pointer, 32)?;
        B256::try_from(bytes.as_slice()).map_err(|_| Stop::Failure)
    }

    fn read_number(&mut self, pointer: u32) -> Result<U256, Stop> {
        self.read_word(pointer).map(Into::into)
    }

    fn read_address(&mut self, pointer: u32) -> Result<Address, Stop> {
        let bytes = self.read(pointer, 20)?;
        Address::try_from(bytes.as_slice()).map_err(|_| Stop::Failure)
    }
}

/// Length of host data as the guest counts it.
pub(super) fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}
