//! Numbers within bounds, and sorted lists.

use alloy_dyn_abi::DynSolValue;
use alloy_primitives::U256;

use super::{Args, Code, Failure, Reply, Session, args};

pub(super) const CODES: &[(&str, Code)] = &[("sort(uint256[])", Code::Plain(sort))];

/// A number of the range, the number itself if it lies there.
pub(super) fn into_range(number: U256, low: U256, high: U256) -> Result<U256, Failure> {
    if low > high {
        return Err("minimum value must be less than or equal to maximum value".into());
    }
    if (low..=high).contains(&number) {
        return Ok(number);
    }
    // The whole range of 256 bits has every number.
    let size = high.saturating_sub(low).saturating_add(U256::ONE);
    let offset = number.wrapping_sub(low).checked_rem(size).unwrap_or_default();
    Ok(low.saturating_add(offset))
}

fn sort(_: &mut Session<'_>, args: &Args) -> Reply {
    let numbers = args.items(0)?.iter().filter_map(DynSolValue::as_uint).map(|number| number.0);
    let mut numbers: Vec<U256> = numbers.collect();
    numbers.sort_unstable();
    Ok(vec![DynSolValue::Array(numbers.into_iter().map(args::uint).collect())])
}
