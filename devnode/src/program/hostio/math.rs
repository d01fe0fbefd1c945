//! Hashing and 256-bit arithmetic.

use alloy_primitives::{U256, keccak256};

use super::Args;
use crate::program::{
    functions::HostFunction as F,
    guest::{BASE, Guest, POINTER, Stop},
};

const KECCAK: u64 = 121_800;
const KECCAK_PER_WORD: u64 = 21_000;
/// Words that the base price of a hash covers.
const KECCAK_FREE_WORDS: u64 = 2;

const DIV: u64 = 20_000;
const ADD_MOD: u64 = 21_000;
const MUL_MOD: u64 = 24_100;
const POW: u64 = 3_000;
const POW_PER_BYTE: u64 = 17_500;

pub(super) fn run(function: F, guest: &mut impl Guest, args: Args) -> Result<(), Stop> {
    match function {
        F::Keccak256 => keccak(guest, args),
        F::MathAddMod | F::MathMulMod => three_operands(function, guest, args),
        _ => two_operands(function, guest, args),
    }
}

fn keccak(guest: &mut impl Guest, args: Args) -> Result<(), Stop> {
    let (pointer, size) = (args.int(0), args.int(1));
    let words = u64::from(size).div_ceil(32);
    let extra = words.saturating_sub(KECCAK_FREE_WORDS).saturating_mul(KECCAK_PER_WORD);
    guest.buy_ink(KECCAK.saturating_add(extra))?;
    let preimage = guest.read(pointer, size)?;
    let digest = keccak256(&preimage);
    guest.write(args.int(2), digest.as_slice())?;
    guest.state().trace_args(&[&preimage]);
    guest.state().trace_outs(&[digest.as_slice()]);
    Ok(())
}

fn two_operands(function: F, guest: &mut impl Guest, args: Args) -> Result<(), Stop> {
    let fixed = if function == F::MathPow { 0 } else { DIV };
    guest.buy_ink(BASE.saturating_add(POINTER.saturating_mul(3)).saturating_add(fixed))?;
    let a = guest.read_number(args.int(0))?;
    let b = guest.read_number(args.int(1))?;
    let result = match function {
        F::MathDiv => a.checked_div(b).unwrap_or_default(),
        F::MathMod => a.checked_rem(b).unwrap_or_default(),
        _ => {
            // The number of bytes of the exponent that are not leading zeros, plus one.
            let bytes = U256::BYTES.saturating_sub(b.leading_zeros().div_euclid(8));
            let bytes = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_add(1);
            guest.buy_ink(POW.saturating_add(POW_PER_BYTE.saturating_mul(bytes)))?;
            a.wrapping_pow(b)
        }
    };
    settle(guest, args.int(0), &[a, b], result)
}

fn three_operands(function: F, guest: &mut impl Guest, args: Args) -> Result<(), Stop> {
    let fixed = if function == F::MathAddMod { ADD_MOD } else { MUL_MOD };
    guest.buy_ink(BASE.saturating_add(POINTER.saturating_mul(4)).saturating_add(fixed))?;
    let a = guest.read_number(args.int(0))?;
    let b = guest.read_number(args.int(1))?;
    let modulus = guest.read_number(args.int(2))?;
    let result = match function {
        F::MathAddMod => a.add_mod(b, modulus),
        _ => a.mul_mod(b, modulus),
    };
    settle(guest, args.int(0), &[a, b, modulus], result)
}

fn settle(
    guest: &mut impl Guest,
    destination: u32,
    operands: &[U256],
    result: U256,
) -> Result<(), Stop> {
    let bytes = result.to_be_bytes::<32>();
    guest.write(destination, &bytes)?;
    for operand in operands {
        guest.state().trace_args(&[&operand.to_be_bytes::<32>()]);
    }
    guest.state().trace_outs(&[&bytes]);
    Ok(())
}
