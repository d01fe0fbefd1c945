//! `console.log`: calls to an address that prints.

use alloc::collections::BTreeMap;
use std::sync::OnceLock;

use alloy_dyn_abi::{DynSolType, DynSolValue};
use alloy_primitives::{Address, address, keccak256};

use super::text;

/// Where console libraries send their lines: the ASCII of "console.log".
pub(super) const CONSOLE: Address = address!("000000000000000000636F6e736F6c652e6c6f67");

type Kinds = BTreeMap<[u8; 4], DynSolType>;

/// Arguments by selector: up to four of the common types in any order, and single ones of all types.
fn kinds() -> &'static Kinds {
    static KINDS: OnceLock<Kinds> = OnceLock::new();
    KINDS.get_or_init(|| {
        let mut kinds = Kinds::new();
        let mut lists = vec![Vec::new()];
        add(&mut kinds, &[], "");
        for _ in 0..4 {
            let mut longer = Vec::new();
            for list in &lists {
                for kind in ["uint256", "string", "bool", "address"] {
                    let mut list: Vec<&str> = list.clone();
                    list.push(kind);
                    add(&mut kinds, &list, "");
                    longer.push(list);
                }
            }
            lists = longer;
        }
        let mut others = vec!["int256".to_owned(), "bytes".to_owned()];
        others.extend((1..=32).map(|size| format!("bytes{size}")));
        for kind in &others {
            add(&mut kinds, &[kind], "");
        }
        add(&mut kinds, &["string", "int256"], "");
        for kind in ["Int", "Uint", "String", "Bool", "Address", "Bytes"] {
            let inputs = match kind {
                "Int" | "Uint" => format!("{}256", kind.to_lowercase()),
                _ => kind.to_lowercase(),
            };
            add(&mut kinds, &[&inputs], kind);
        }
        kinds
    })
}

fn add(kinds: &mut Kinds, list: &[&str], suffix: &str) {
    let inputs = format!("({})", list.join(","));
    let selector = keccak256(format!("log{suffix}{inputs}")).first_chunk().copied();
    if let (Some(selector), Ok(kind)) = (selector, DynSolType::parse(&inputs)) {
        kinds.insert(selector, kind);
    }
}

/// The line that a call prints.
pub(super) fn line(input: &[u8]) -> String {
    let raw = || alloy_primitives::hex::encode_prefixed(input);
    let Some((selector, data)) = input.split_first_chunk::<4>() else { return raw() };
    let Some(kind) = kinds().get(selector) else { return raw() };
    match kind.abi_decode_params(data) {
        Ok(DynSolValue::Tuple(values)) => format(&values),
        Ok(value) => text::value(&value),
        Err(_) => raw(),
    }
}

/// `%s`, `%d`, `%i`, `%o` and `%x` take the next value; the rest follows after spaces.
fn format(values: &[DynSolValue]) -> String {
    let mut rest = values.iter();
    let mut out = String::new();
    if let Some(DynSolValue::String(pattern)) = values.first() {
        rest.next();
        let mut chars = pattern.chars().peekable();
        while let Some(char) = chars.next() {
            let mark = chars.peek().copied().filter(|_| char == '%');
            match mark {
                Some('%') => {
                    chars.next();
                    out.push('%');
                }
                Some(mark @ ('s' | 'd' | 'i' | 'o' | 'x')) if rest.len() > 0 => {
                    chars.next();
                    let value = rest.next().map(|value| marked(value, mark));
                    out.push_str(&value.unwrap_or_default());
                }
                _ => out.push(char),
            }
        }
    }
    for value in rest {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&text::value(value));
    }
    out
}

fn marked(value: &DynSolValue, mark: char) -> String {
    match (value, mark) {
        (DynSolValue::Uint(number, _), 'x') => format!("{number:#x}"),
        (value, _) => text::value(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(signature: &str, values: Vec<DynSolValue>) -> String {
        let mut input = keccak256(signature)[..4].to_vec();
        input.extend(DynSolValue::Tuple(values).abi_encode_params());
        line(&input)
    }

    #[test]
    fn lines_are_formatted_as_consoles_do() {
        let text = |text: &str| DynSolValue::String(text.into());
        let number = |number: u64| DynSolValue::Uint(alloy_primitives::U256::from(number), 256);
        assert_eq!(log("log(string)", vec![text("100%")]), "100%");
        let two = vec![text("price %d of %s,"), number(7), text("ether")];
        assert_eq!(log("log(string,uint256,string)", two), "price 7 of ether,");
        assert_eq!(log("log(string,uint256)", vec![text("n"), number(7)]), "n 7");
        assert_eq!(log("log(bool)", vec![DynSolValue::Bool(true)]), "true");
        assert_eq!(line(&[1, 2]), "0x0102");
    }
}
