//! Which cheat codes there are, by signature.

use std::collections::HashMap;

use alloy_dyn_abi::{DynSolType, DynSolValue};
use alloy_primitives::keccak256;

use super::{Args, Code, Failure};

/// A cheat code by name.
#[derive(Debug)]
pub(in crate::forge) struct Entry {
    pub(super) name: String,
    signature: String,
    inputs: DynSolType,
    pub(super) code: Code,
    /// Its failures are the whole message, as those of assertions.
    bare: bool,
}

impl Entry {
    pub(super) fn decode(&self, data: &[u8]) -> Result<Args, String> {
        match self.inputs.abi_decode_params(data) {
            Ok(DynSolValue::Tuple(values)) => Ok(Args(values)),
            Ok(value) => Ok(Args(vec![value])),
            Err(error) => Err(format!("failed to decode the arguments: {error}")),
        }
    }

    pub(super) fn prefix(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Message(text) if !self.bare => {
                Failure::Message(format!("vm.{}: {text}", self.name))
            }
            other => other,
        }
    }
}

/// All cheat codes.
#[derive(Debug)]
pub(in crate::forge) struct Registry(HashMap<[u8; 4], Entry>);

impl Default for Registry {
    fn default() -> Self {
        let mut registry = Self(HashMap::new());
        let tables = [
            super::accounts::CODES,
            super::block::CODES,
            super::deploy::CODES,
            super::expect_call::CODES,
            super::expect_emit::CODES,
            super::expect_revert::CODES,
            super::files::CODES,
            super::keys::CODES,
            super::logs::CODES,
            super::mock::CODES,
            super::numbers::CODES,
            super::prank::CODES,
            super::random::CODES,
            super::snapshots::CODES,
            super::strings::CODES,
            super::variables::CODES,
        ];
        for (signature, code) in tables.into_iter().flatten() {
            registry.add(signature, *code, false);
        }
        for (signature, code) in super::assertions::codes() {
            registry.add(&signature, code, true);
        }
        registry
    }
}

impl Registry {
    pub(super) fn get(&self, selector: [u8; 4]) -> Option<&Entry> {
        self.0.get(&selector)
    }

    /// All signatures, in order.
    pub(in crate::forge) fn signatures(&self) -> Vec<&str> {
        let mut all: Vec<_> = self.0.values().map(|entry| entry.signature.as_str()).collect();
        all.sort_unstable();
        all
    }

    /// A signature that does not parse is left out; a test holds that none is.
    fn add(&mut self, signature: &str, code: Code, bare: bool) {
        let Some(open) = signature.find('(') else { return };
        let (name, inputs) = signature.split_at(open);
        let Ok(inputs) = DynSolType::parse(inputs) else { return };
        let selector = keccak256(signature).first_chunk().copied().unwrap_or_default();
        let entry = Entry { name: name.into(), signature: signature.into(), inputs, code, bare };
        self.0.insert(selector, entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signature_of_every_table_is_known() {
        let registry = Registry::default();
        let assertions = super::super::assertions::codes().len();
        assert!(registry.signatures().len() > assertions + 150);
        for signature in ["prank(address)", "assertEq(uint256,uint256,string)", "getRecordedLogs()"]
        {
            let selector = keccak256(signature).first_chunk().copied().unwrap();
            assert_eq!(registry.get(selector).unwrap().signature, signature);
        }
    }
}
