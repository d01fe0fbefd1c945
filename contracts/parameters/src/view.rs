//! Values by their names.

use alloy_primitives::{B256, I256};
use novate_abi::IRiskParameters;
use novate_abi::parameters::{GROUPS, Place, SETS, Set, unpack_collateral, unpack_underlying};
use novate_common::{Answer, Input, Revert, answers, name, refuse, timestamp};

use crate::{
    change::{lane, unsigned},
    keeper::{shared, word},
    listed::{COLLATERAL, ramp},
};

/// `value(name, subject)`.
pub(crate) fn value(input: &mut Input<'_>) -> Answer {
    let (wanted, subject) = (input.bytes32()?, input.u8()?);
    if let Some(found) = of_collateral(&wanted, subject)? {
        return answers![found];
    }
    if let Some(found) = of_underlying(&wanted, subject)? {
        return answers![found];
    }
    answers![of_all(&wanted, subject)?]
}

/// Of a collateral token.
fn of_collateral(wanted: &B256, subject: u8) -> Result<Option<I256>, Revert> {
    for (known, value) in COLLATERAL {
        if name(known.as_bytes()) == *wanted {
            let listed = unpack_collateral(subject, word(Place::Collateral(subject))?);
            return Ok(Some(listed.map_or(I256::ZERO, |token| value(&token))));
        }
    }
    Ok(None)
}

/// Of an underlying. Its range is where it goes, `ramp.range` where it has come.
fn of_underlying(wanted: &B256, subject: u8) -> Result<Option<I256>, Revert> {
    const KNOWN: [&str; 6] =
        ["range", "volatility_up", "volatility_down", "group", "ramp.length", "ramp.range"];
    let Some(place) = KNOWN.iter().position(|known| name(known.as_bytes()) == *wanted) else {
        return Ok(None);
    };
    let Some((listed, moves)) = unpack_underlying(subject, word(Place::Underlying(subject))?)
    else {
        return Ok(Some(I256::ZERO));
    };
    let found = match place {
        0 => listed.range,
        1 => listed.volatility_up,
        2 => listed.volatility_down,
        3 => listed.group.into(),
        4 => ramp(&listed, moves)?.length,
        _ => ramp(&listed, moves)?.at(timestamp()),
    };
    Ok(Some(unsigned(found)))
}

/// Of all, or of a group; 0 for a subject that has none.
///
/// # Errors
/// `UnknownParameter`.
fn of_all(wanted: &B256, subject: u8) -> Result<I256, Revert> {
    for set in SETS {
        let Some(first) = set.names().iter().position(|known| name(known.as_bytes()) == *wanted)
        else {
            continue;
        };
        let place = match (set, subject) {
            // All four places have one name.
            (Set::Offsets, 1..=GROUPS) => usize::from(subject.saturating_sub(1)),
            (Set::Offsets, _) | (_, 1..) => return Ok(I256::ZERO),
            (_, 0) => first,
        };
        let state = shared()?;
        let word = set.word(&state.parameters, &state.extensions);
        return Ok(lane(word, place, set.is_signed(place)));
    }
    Err(refuse!(IRiskParameters::UnknownParameter { name: *wanted }))
}
