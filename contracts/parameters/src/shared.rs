//! Setters of what all underlyings share.

use alloy_primitives::{Address, U256};
use novate_abi::{
    IRiskParameters,
    parameters::{GROUPS, Place, Root, Set},
};
use novate_common::{Answer, Input, Revert, empty, event, not_zero, refuse, session::refused};
use novate_risk::{Extensions, Parameters};

use crate::{
    RiskParameters,
    allowances::sync_all,
    change::{changed, lane},
    keeper::{Shared, root, shared, write},
};

impl RiskParameters {
    /// Sets `count` parameters of a set from the one at `first` on, which are the arguments.
    #[inline(never)]
    pub(crate) fn set_shared(
        &self,
        set: Set,
        first: usize,
        count: usize,
        input: &mut Input<'_>,
    ) -> Answer {
        self.governance.only_governor()?;
        let state = shared()?;
        let mut limbs = set.word(&state.parameters, &state.extensions).into_limbs();
        for (place, limb) in limbs.iter_mut().rev().enumerate().skip(first).take(count) {
            *limb =
                if set.is_signed(place) { input.i64()?.cast_unsigned() } else { input.u64()? };
        }
        store(set, state, U256::from_limbs(limbs))
    }

    /// `setOffset(group, offset)`.
    pub(crate) fn set_offset(&self, input: &mut Input<'_>) -> Answer {
        let group = input.u8()?;
        if !(1..=GROUPS).contains(&group) {
            return Err(refuse!(IRiskParameters::UnknownGroup { group }));
        }
        self.set_shared(Set::Offsets, usize::from(group.saturating_sub(1)), 1, input)
    }

    /// `setOracle(oracle)`.
    pub(crate) fn set_oracle(&self, input: &mut Input<'_>) -> Answer {
        self.governance.only_governor()?;
        let oracle: Address = input.address()?;
        not_zero(oracle)?;
        let previous = root()?;
        write(Place::Root, Root { oracle, ..previous }.pack())?;
        event!(IRiskParameters::OracleChanged { previous: previous.oracle, oracle; });
        sync_all()
    }
}

/// Checks a set's new word, writes it, and tells what changed.
fn store(set: Set, state: Shared, current: U256) -> Answer {
    let Shared { root, mut parameters, mut extensions } = state;
    let previous = set.word(&parameters, &extensions);
    set.store(current, &mut parameters, &mut extensions);
    check(&parameters, &extensions)?;
    // A set at its defaults isn't stored: then it costs trades nothing.
    let defaults = set.word(&Parameters::default(), &Extensions::default());
    let stored =
        if current == defaults { root.stored & !set.bit() } else { root.stored | set.bit() };
    write(Place::Set(set), current)?;
    if stored != root.stored {
        write(Place::Root, Root { stored, ..root }.pack())?;
    }
    for (place, name) in set.names().iter().enumerate() {
        let is_signed = set.is_signed(place);
        let subject = if set == Set::Offsets { group(place) } else { 0 };
        let (previous, current) =
            (lane(previous, place, is_signed), lane(current, place, is_signed));
        changed(name, subject, previous, current);
    }
    empty()
}

/// The group of a place among the offsets.
fn group(place: usize) -> u8 {
    u8::try_from(place).map_or(0, |place| place.saturating_add(1))
}

fn check(parameters: &Parameters, extensions: &Extensions) -> Result<(), Revert> {
    parameters.check().map_err(refused)?;
    parameters.corrections.check().map_err(refused)?;
    extensions.check().map_err(refused)
}
