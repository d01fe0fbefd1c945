//! Simpler values than a given one, the simplest first.

use alloy_dyn_abi::DynSolValue;
use alloy_primitives::{Address, B256, I256, U256};

/// Values of the same type that are simpler.
pub(super) fn simpler(value: &DynSolValue) -> Vec<DynSolValue> {
    match value {
        DynSolValue::Bool(true) => vec![DynSolValue::Bool(false)],
        DynSolValue::Uint(number, bits) => {
            smaller(*number).into_iter().map(|number| DynSolValue::Uint(number, *bits)).collect()
        }
        DynSolValue::Int(number, bits) => {
            let magnitude = number.unsigned_abs();
            let mut all = Vec::new();
            if number.is_negative() {
                all.extend(I256::try_from(magnitude).ok().filter(|_| *bits > 1));
            }
            for smaller in smaller(magnitude) {
                let Ok(positive) = I256::try_from(smaller) else { continue };
                all.push(if number.is_negative() { positive.wrapping_neg() } else { positive });
            }
            // The positive twin of the least number of a type does not fit it.
            let top = bits.saturating_sub(1);
            let most = U256::ONE.wrapping_shl(top).saturating_sub(U256::ONE);
            all.retain(|number| number.is_negative() || number.into_raw() <= most);
            all.into_iter().map(|number| DynSolValue::Int(number, *bits)).collect()
        }
        DynSolValue::Address(address) if !address.is_zero() => {
            [Address::ZERO, Address::with_last_byte(1)]
                .into_iter()
                .filter(|simple| simple < address)
                .map(DynSolValue::Address)
                .collect()
        }
        DynSolValue::FixedBytes(word, size) if !word.is_zero() => {
            vec![DynSolValue::FixedBytes(B256::ZERO, *size)]
        }
        DynSolValue::Bytes(bytes) => shorter(bytes).into_iter().map(DynSolValue::Bytes).collect(),
        DynSolValue::String(text) => {
            let chars: Vec<char> = text.chars().collect();
            shorter(&chars)
                .into_iter()
                .map(|chars| DynSolValue::String(chars.into_iter().collect()))
                .collect()
        }
        DynSolValue::Array(items) => {
            let short = shorter(items).into_iter().map(DynSolValue::Array);
            short.chain(inner(items).into_iter().map(DynSolValue::Array)).collect()
        }
        DynSolValue::FixedArray(items) => {
            inner(items).into_iter().map(DynSolValue::FixedArray).collect()
        }
        DynSolValue::Tuple(items) => inner(items).into_iter().map(DynSolValue::Tuple).collect(),
        _ => Vec::new(),
    }
}

fn smaller(number: U256) -> Vec<U256> {
    let mut all = vec![U256::ZERO];
    // Steps of half, a quarter, an eighth... find the edge as bisection does.
    let mut step = number.wrapping_shr(1);
    while !step.is_zero() {
        all.push(number.saturating_sub(step));
        step = step.wrapping_shr(1);
    }
    all.retain(|smaller| *smaller < number);
    all
}

fn shorter<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    if items.is_empty() {
        return Vec::new();
    }
    let (front, back) = items.split_at(items.len() >> 1);
    let mut all = vec![Vec::new(), front.to_vec(), back.to_vec()];
    all.extend(items.split_last().map(|(_, rest)| rest.to_vec()));
    all.extend(items.split_first().map(|(_, rest)| rest.to_vec()));
    all.retain(|shorter| shorter.len() < items.len());
    all
}

/// The list with one item made simpler.
fn inner(items: &[DynSolValue]) -> Vec<Vec<DynSolValue>> {
    let mut all = Vec::new();
    for (at, item) in items.iter().enumerate() {
        for simple in simpler(item) {
            let mut copy = items.to_vec();
            if let Some(slot) = copy.get_mut(at) {
                *slot = simple;
            }
            all.push(copy);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edge_of_a_failure_is_found() {
        let mut value = U256::from(1_234_567);
        while let Some(smaller) = smaller(value).into_iter().find(|n| *n >= U256::from(1_000)) {
            value = smaller;
        }
        assert_eq!(value, U256::from(1_000));
    }

    #[test]
    fn simpler_values_keep_their_type() {
        let kind = alloy_dyn_abi::DynSolType::parse("(int8,(string,bytes4)[])").unwrap();
        let value = DynSolValue::Tuple(vec![
            DynSolValue::Int(I256::try_from(-128).unwrap(), 8),
            DynSolValue::Array(vec![DynSolValue::Tuple(vec![
                DynSolValue::String("né".into()),
                DynSolValue::FixedBytes(B256::right_padding_from(&[1, 2, 3, 4]), 4),
            ])]),
        ]);
        let all = simpler(&value);
        assert!(all.len() > 10);
        assert!(all.iter().all(|value| kind.matches(value)));
    }
}
