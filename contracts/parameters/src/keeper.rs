//! Reading margin's words and writing them.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;
use novate_abi::{
    IMargin::{wordCall, writeCall},
    parameters::{Place, Root, read_sets, read_table},
};
use novate_common::{Revert, address, ask, selected, tell};
use novate_risk::{Extensions, Parameters, scenario::Scenario};

use crate::router::MARGIN;

/// The root word and the shared parameters.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    pub(crate) root: Root,
    pub(crate) parameters: Parameters,
    pub(crate) extensions: Extensions,
}

/// Reads the shared parameters.
///
/// # Errors
/// What margin reverts with.
pub(crate) fn shared() -> Result<Shared, Revert> {
    let root = root()?;
    let mut shared =
        Shared { root, parameters: Parameters::default(), extensions: Extensions::default() };
    read_sets(root, &mut shared.parameters, &mut shared.extensions, &mut word)?;
    Ok(shared)
}

/// Reads the scenario table.
///
/// # Errors
/// What margin reverts with.
pub(crate) fn table(root: Root) -> Result<Vec<Scenario>, Revert> {
    let mut table = Scenario::defaults();
    read_table(root, &mut table, &mut word)?;
    Ok(table)
}

/// Reads the root word.
///
/// # Errors
/// What margin reverts with.
pub(crate) fn root() -> Result<Root, Revert> {
    Ok(Root::unpack(word(Place::Root)?))
}

/// Reads a word.
///
/// # Errors
/// What margin reverts with.
#[inline(never)]
pub(crate) fn word(place: Place) -> Result<U256, Revert> {
    ask(&margin(), &selected![wordCall::SELECTOR, place.encode()])?.u256(0)
}

/// Writes a word.
///
/// # Errors
/// What margin reverts with.
#[inline(never)]
pub(crate) fn write(place: Place, word: U256) -> Result<(), Revert> {
    tell(&margin(), &selected![writeCall::SELECTOR, place.encode(), B256::from(word)])
}

/// The margin contract.
pub(crate) fn margin() -> Address {
    address(&MARGIN.get())
}
