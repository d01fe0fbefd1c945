//! The host functions that a program imports, over the call that runs in this thread.
//!
//! Signatures are those of the Stylus SDK's `hostio` module. What no Novate contract uses answers zero.

#![allow(unsafe_code, reason = "host functions are C functions on raw pointers")]
#![allow(unreachable_pub, reason = "exported to the linker, not to Rust")]

use std::{cell::RefCell, slice, vec::Vec};

use alloy_primitives::{Address, B256, U256, keccak256};

use super::{Message, Outcome, World};

/// A running call.
struct Frame {
    world: World,
    message: Message,
    /// Return data of the last call that it made.
    answer: Vec<u8>,
}

thread_local! {
    static FRAMES: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
}

/// A call begins.
pub(super) fn enter(world: &World, message: Message) {
    let frame = Frame { world: world.clone(), message, answer: Vec::new() };
    FRAMES.with_borrow_mut(|frames| frames.push(frame));
}

/// The call that began last ends.
pub(super) fn leave() {
    FRAMES.with_borrow_mut(Vec::pop);
}

/// Reads from the running call; outside of any call the answer is `T`'s default.
fn frame<T: Default>(read: impl FnOnce(&mut Frame) -> T) -> T {
    FRAMES.with_borrow_mut(|frames| frames.last_mut().map(read).unwrap_or_default())
}

fn world() -> World {
    frame(|frame| frame.world.clone())
}

/// # Safety
/// `bytes.len()` bytes at `to` can be written.
unsafe fn write(to: *mut u8, bytes: &[u8]) {
    // SAFETY: the caller's promise; the host never hands out overlapping buffers.
    unsafe { to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) }
}

/// # Safety
/// 32 bytes at `from` can be read.
unsafe fn word(from: *const u8) -> B256 {
    // SAFETY: the caller's promise.
    B256::from_slice(unsafe { slice::from_raw_parts(from, 32) })
}

/// # Safety
/// 20 bytes at `from` can be read.
unsafe fn address(from: *const u8) -> Address {
    // SAFETY: the caller's promise.
    Address::from_slice(unsafe { slice::from_raw_parts(from, 20) })
}

fn finish(outcome: Outcome, length: &mut usize) -> u8 {
    let (data, status) = match outcome {
        Ok(data) => (data, 0),
        Err(data) => (data, 1),
    };
    *length = data.len();
    frame(|frame| frame.answer = data);
    status
}

/// Defines host functions; every pointer is valid for the bytes that the SDK documents.
macro_rules! hooks {
    ($(fn $name:ident($($argument:ident: $type:ty),*) $(-> $answer:ty)? $body:block)*) => {
        $(
            #[unsafe(no_mangle)]
            unsafe extern "C" fn $name($($argument: $type),*) $(-> $answer)? {
                // SAFETY: the SDK's wrappers pass pointers to buffers of the documented sizes.
                #[allow(unused_unsafe, reason = "not every hook touches a pointer")]
                unsafe { $body }
            }
        )*
    };
}

hooks! {
    fn account_balance(_address: *const u8, dest: *mut u8) { write(dest, &[0; 32]) }
    fn account_code(_address: *const u8, _offset: usize, _size: usize, _dest: *mut u8) -> usize { 0 }
    fn account_code_size(account: *const u8) -> usize {
        usize::from(world().program(address(account)).is_some())
    }
    fn account_codehash(_address: *const u8, dest: *mut u8) { write(dest, &[0; 32]) }
    fn storage_load_bytes32(key: *const u8, dest: *mut u8) {
        let slot = U256::from_be_bytes(word(key).0);
        let value = frame(|frame| frame.world.storage(frame.message.target, slot));
        write(dest, value.as_slice());
    }
    fn storage_cache_bytes32(key: *const u8, value: *const u8) {
        let (slot, value) = (U256::from_be_bytes(word(key).0), word(value));
        frame(|frame| frame.world.set_storage(frame.message.target, slot, value));
    }
    fn storage_flush_cache(_clear: bool) {}
    fn block_basefee(dest: *mut u8) { write(dest, &[0; 32]) }
    fn chainid() -> u64 { frame(|frame| frame.world.0.borrow().chain) }
    fn block_coinbase(dest: *mut u8) { write(dest, &[0; 20]) }
    fn block_gas_limit() -> u64 { u64::MAX }
    fn block_number() -> u64 { 1 }
    fn block_timestamp() -> u64 { world().timestamp() }
    fn call_contract(
        to: *const u8,
        data: *const u8,
        length: usize,
        value: *const u8,
        _gas: u64,
        answer_length: *mut usize
    ) -> u8 {
        let sender = frame(|frame| frame.message.target);
        let value = U256::from_be_bytes(word(value).0);
        let data = slice::from_raw_parts(data, length);
        finish(world().call(sender, address(to), value, data), &mut *answer_length)
    }
    fn contract_address(dest: *mut u8) {
        write(dest, frame(|frame| frame.message.target).as_slice());
    }
    fn create1(
        _code: *const u8,
        _length: usize,
        _endowment: *const u8,
        _contract: *mut u8,
        _revert_length: *mut usize
    ) {}
    fn create2(
        _code: *const u8,
        _length: usize,
        _endowment: *const u8,
        _salt: *const u8,
        _contract: *mut u8,
        _revert_length: *mut usize
    ) {}
    fn delegate_call_contract(
        _to: *const u8,
        _data: *const u8,
        _length: usize,
        _gas: u64,
        _answer_length: *mut usize
    ) -> u8 { 1 }
    fn emit_log(data: *const u8, length: usize, topics: usize) {
        let bytes = slice::from_raw_parts(data, length);
        let (head, data) = bytes.split_at(topics.saturating_mul(32));
        let topics = head.chunks(32).map(B256::from_slice).collect();
        frame(|frame| {
            let log = (frame.message.target, topics, data.to_vec());
            frame.world.0.borrow_mut().logs.push(log);
        });
    }
    fn evm_gas_left() -> u64 { u64::MAX }
    fn evm_ink_left() -> u64 { u64::MAX }
    fn pay_for_memory_grow(_pages: u16) {}
    fn msg_reentrant() -> bool {
        FRAMES.with_borrow(|frames| {
            let target = frames.last().map(|frame| frame.message.target);
            frames.iter().filter(|frame| Some(frame.message.target) == target).count() > 1
        })
    }
    fn msg_sender(dest: *mut u8) { write(dest, frame(|frame| frame.message.sender).as_slice()) }
    fn msg_value(dest: *mut u8) {
        let value: U256 = frame(|frame| frame.message.value);
        write(dest, &value.to_be_bytes::<32>());
    }
    fn native_keccak256(bytes: *const u8, length: usize, dest: *mut u8) {
        write(dest, keccak256(slice::from_raw_parts(bytes, length)).as_slice());
    }
    fn read_args(dest: *mut u8) { write(dest, &frame(|frame| frame.message.data.clone())) }
    fn read_return_data(dest: *mut u8, offset: usize, size: usize) -> usize {
        let answer = frame(|frame| frame.answer.clone());
        let bytes: Vec<u8> = answer.into_iter().skip(offset).take(size).collect();
        write(dest, &bytes);
        bytes.len()
    }
    fn write_result(_data: *const u8, _length: usize) {}
    fn return_data_size() -> usize { frame(|frame| frame.answer.len()) }
    fn static_call_contract(
        to: *const u8,
        data: *const u8,
        length: usize,
        _gas: u64,
        answer_length: *mut usize
    ) -> u8 {
        let sender = frame(|frame| frame.message.target);
        let data = slice::from_raw_parts(data, length);
        finish(world().static_call(sender, address(to), data), &mut *answer_length)
    }
    fn tx_gas_price(dest: *mut u8) { write(dest, &[0; 32]) }
    fn tx_ink_price() -> u32 { 10_000 }
    fn tx_origin(dest: *mut u8) { write(dest, frame(|frame| frame.message.sender).as_slice()) }
}
