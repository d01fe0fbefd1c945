//! What margin keeps, and which function answers which selector.
//!
//! | slot | content |
//! | --- | --- |
//! | 0 | keeper; zero: the contract isn't initialised |
//! | 1 | root: oracle, which shared sets are stored, when the last flight started |
//! | 2 | mapping: collateral => word |
//! | 3 | mapping: underlying => word |
//! | 4 | mapping: underlying => ramp of its range |
//! | 5 | mapping: start of a flight << 16 and place => complement of the word that the flight found there; zero: it hasn't touched it |
//! | 16.. | shared sets, by number |
//! | 32..40 | words of the scenario table |
//!
//! The words are those of `novate_abi::parameters`. A shared set at its defaults costs no storage read, nor does a range that stands still,
//! nor a flight that is over.

#[allow(unused_imports, reason = "the storage macro names them")]
use alloc::{vec, vec::Vec};

use alloy_primitives::U256;
use alloy_sol_types::SolCall;
use novate_abi::{
    IMargin::{
        assessCall, flightCall, initializeCall, keeperCall, maintenanceExcessUnderCall, oracleCall,
        parametersCall, wordCall, writeCall,
    },
    parameters::{FLIGHT, Place, Version},
};
use novate_common::session::Refused;
use novate_common::{Answer, Contract, Fixed, Input, Slot, address, answers};
use stylus_sdk::prelude::*;

use crate::{admin, view};

pub(crate) const KEEPER: Fixed = Fixed::at(0);
const ROOT: u8 = 1;
const COLLATERALS: Fixed = Fixed::at(2);
const UNDERLYINGS: Fixed = Fixed::at(3);
const RAMPS: Fixed = Fixed::at(4);
const BEFORE: Fixed = Fixed::at(5);
const SETS: u8 = 16;
const TABLE: u8 = 32;

/// The slot of a place.
#[inline(never)]
pub(crate) fn slot(place: Place) -> Slot {
    let (mapping, key) = match place {
        Place::Root => return Fixed::at(ROOT).slot(),
        Place::Set(set) => return Fixed::at(SETS.saturating_add(set.number())).slot(),
        Place::Table(number) => return Fixed::at(TABLE.saturating_add(number)).slot(),
        Place::Collateral(number) => (COLLATERALS, number),
        Place::Underlying(number) => (UNDERLYINGS, number),
        Place::Ramp(number) => (RAMPS, number),
    };
    mapping.of(&key)
}

/// The slot of what a flight found at a place.
pub(crate) fn before(place: Place, flight: u64) -> Slot {
    // A start has 40 bits.
    BEFORE.of(&(flight << 16 | u64::from(place.encode())))
}

/// The word of a place.
///
/// # Errors
/// None: the type is that of a reader.
#[allow(clippy::unnecessary_wraps, reason = "readers of other sources fail")]
pub(crate) fn word(place: Place, version: Version) -> Result<U256, Refused> {
    let slot = match version {
        Version::Current => slot(place),
        Version::Before(flight) => before(place, flight),
    };
    Ok(slot.get().into())
}

/// Margin: its storage is the table above.
#[storage]
pub struct Margin {}

impl core::fmt::Debug for Margin {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("Margin")
    }
}

impl Contract for Margin {
    fn route(&mut self, selector: [u8; 4], input: &mut Input<'_>) -> Answer {
        match selector {
            assessCall::SELECTOR => view::assess(input),
            maintenanceExcessUnderCall::SELECTOR => view::maintenance_excess_under(input),
            parametersCall::SELECTOR => view::parameters(input),
            flightCall::SELECTOR => answers![admin::root().flight, FLIGHT],
            keeperCall::SELECTOR => answers![address(&KEEPER.get())],
            oracleCall::SELECTOR => answers![admin::root().oracle],
            wordCall::SELECTOR => answers![slot(admin::place(input)?).get()],
            writeCall::SELECTOR => admin::write(input),
            initializeCall::SELECTOR => admin::initialize(input),
            _ => Err(novate_common::unknown_selector(&selector)),
        }
    }
}
