//! What governance decided, as storage words: where each stands, what it holds, and how they are read in one go. Margin reads its
//! storage, its lens and clients read the answer of `IMargin.parameters`; the words and their order are the same.
//!
//! ```text
//! root          start of the last flight, Unix seconds, 0: none yet (uint40) << 216
//!               | first scenario of the table, 0: the default table (uint32) << 184 | words of the others (uint8) << 176
//!               | shared sets that are stored, one bit each (uint16) << 160 | oracle (address)
//! shared set    four lanes of 64 bits, the first highest: see [`Set`]; a set that isn't stored has its defaults
//! table         eight scenarios: see [`pack_scenario`]
//! collateral    underlying (uint8) << 136 | cancels risk (bool) << 128 | haircut maintenance (uint64) << 64 | initial (uint64)
//! underlying    range moves (bool) << 200 | group (uint8) << 192 | range (uint64) << 128 | volatility up (uint64) << 64 | down (uint64)
//! ramp          range at the start (uint64) << 128 | start, Unix seconds (uint64) << 64 | seconds that it takes (uint64)
//! ```
//!
//! Read are, in this order: the root; each stored set, ascending; the words of the table; each collateral asked for, ascending; each underlying asked for or
//! belonging to one of those, ascending, and after it its ramp if its range moves. What isn't listed is left out.
//!
//! **Flights.** A change of parameters sets out on a flight of [`FLIGHT`] seconds, on which the words before it are kept (see [`keeps`]). While it lasts the
//! same are then read once more as they were before: the root, and all that it calls for. A word is asked for in its version
//! [`Version::Before`], which is the bitwise complement of the word that the flight found, or 0 for one that it hasn't touched:
//! that is asked for again in its [`Version::Current`].

use alloc::vec::Vec;

use alloy_primitives::{Address, U256};
use novate_risk::{
    Extensions, Parameters, Rules,
    adaptive::{Flight, Ramp},
    parameters::{CollateralParameters, UnderlyingParameters},
    rules::Decided,
    scenario::Scenario,
};

use crate::words::{join, low_u8, low_u64, split, wide};

mod sets;
mod table;

pub use sets::{GROUPS, SETS, Set};
pub use table::{TABLE_WORDS, pack_scenario, pack_table, unpack_scenario, unpack_table};

/// Where a word stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The root.
    Root,
    /// A shared set.
    Set(Set),
    /// A collateral token, by number.
    Collateral(u8),
    /// An underlying, by number.
    Underlying(u8),
    /// The ramp of an underlying's range.
    Ramp(u8),
    /// A word of the scenario table, by number below [`TABLE_WORDS`].
    Table(u8),
}

impl Place {
    /// The place as a `uint16`: kind and number.
    pub const fn encode(self) -> u16 {
        let (kind, number) = match self {
            Self::Root => (0, 0),
            Self::Set(set) => (1, set.number()),
            Self::Collateral(number) => (2, number),
            Self::Underlying(number) => (3, number),
            Self::Ramp(number) => (4, number),
            Self::Table(number) => (5, number),
        };
        u16::from_be_bytes([kind, number])
    }

    /// Reads a place.
    pub fn decode(place: u16) -> Option<Self> {
        match place.to_be_bytes() {
            [0, 0] => Some(Self::Root),
            [1, number] => Set::from_number(number).map(Self::Set),
            [2, number] => Some(Self::Collateral(number)),
            [3, number] => Some(Self::Underlying(number)),
            [4, number] => Some(Self::Ramp(number)),
            [5, number] if number < TABLE_WORDS => Some(Self::Table(number)),
            _ => None,
        }
    }
}

/// How long maintenance takes from the requirement before a change to the one after it, seconds.
pub const FLIGHT: u64 = 86_400;

/// Which of a place's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// The one that stands there.
    Current,
    /// The complement of the one that the flight which started then found there; 0: it stands there still.
    Before(u64),
}

/// Whether a flight keeps the word that it finds: a listing has nothing before it, and counts at once.
pub fn keeps(place: Place, previous: U256) -> bool {
    !previous.is_zero() || matches!(place, Place::Set(_))
}

/// The root word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Root {
    /// The oracle.
    pub oracle: Address,
    /// One bit for each shared set that is stored.
    pub stored: u16,
    /// The first scenario of the table, packed; 0 for the default table. It stands here so that a table of 33, as the peers' one,
    /// takes four words more.
    pub first: u32,
    /// Words of the other scenarios, at most [`TABLE_WORDS`].
    pub table: u8,
    /// When the last flight started, Unix seconds of 40 bits; 0: there was none. Margin's own: a keeper's is passed over.
    pub flight: u64,
}

impl Root {
    /// Packs it.
    pub fn pack(self) -> U256 {
        let Self { oracle, stored, first, table, flight } = self;
        let head = u128::from(flight) << 56
            | u128::from(first) << 24
            | u128::from(table) << 16
            | u128::from(stored);
        let mut bytes = [0; 32];
        // The low 96 bits of the head.
        let content = head.to_be_bytes().into_iter().skip(4).chain(oracle);
        for (to, from) in bytes.iter_mut().zip(content) {
            *to = from;
        }
        U256::from_be_bytes(bytes)
    }

    /// Reads it.
    pub fn unpack(word: U256) -> Self {
        let (high, _) = split(word);
        let head = high >> 32;
        let low = |bits: u128, mask: u64| low_u64(head >> bits) & mask;
        Self {
            oracle: Address::from_word(word.into()),
            stored: u16::try_from(low(0, 0xffff)).unwrap_or_default(),
            first: u32::try_from(low(24, 0xffff_ffff)).unwrap_or_default(),
            table: low_u8(head >> 16),
            flight: low_u64(head >> 56),
        }
    }

    /// The start of the flight that runs at `now`.
    pub fn in_flight(self, now: u64) -> Option<u64> {
        let runs = self.flight != 0 && now < self.flight.saturating_add(FLIGHT);
        runs.then_some(self.flight)
    }
}

/// An underlying's parameters and whether its range moves.
pub fn pack_underlying(parameters: &UnderlyingParameters, moves: bool) -> U256 {
    let top = u64::from(u16::from_be_bytes([u8::from(moves), parameters.group]));
    join(wide(top, parameters.range), wide(parameters.volatility_up, parameters.volatility_down))
}

/// Reads an underlying's parameters; `None` if it isn't listed.
pub fn unpack_underlying(underlying: u8, word: U256) -> Option<(UnderlyingParameters, bool)> {
    let (high, low) = split(word);
    let range = low_u64(high);
    let parameters = UnderlyingParameters {
        volatility_up: low_u64(low >> 64),
        volatility_down: low_u64(low),
        group: low_u8(high >> 64),
        ..UnderlyingParameters::new(underlying, range)
    };
    (range != 0).then_some((parameters, low_u8(high >> 72) != 0))
}

/// A collateral token's parameters.
pub fn pack_collateral(parameters: &CollateralParameters) -> U256 {
    let high = u16::from_be_bytes([parameters.underlying, u8::from(parameters.cancels_risk)]);
    join(high.into(), wide(parameters.maintenance_haircut, parameters.initial_haircut))
}

/// Reads a collateral token's parameters; `None` if it isn't listed.
pub fn unpack_collateral(collateral: u8, word: U256) -> Option<CollateralParameters> {
    let (high, low) = split(word);
    let underlying = low_u8(high >> 8);
    (underlying != 0).then(|| CollateralParameters {
        collateral,
        underlying,
        maintenance_haircut: low_u64(low >> 64),
        initial_haircut: low_u64(low),
        cancels_risk: low_u8(high) != 0,
    })
}

/// A ramp: where it goes is the range of the underlying's own word.
pub fn pack_ramp(ramp: &Ramp) -> U256 {
    join(ramp.from.into(), wide(ramp.start, ramp.length))
}

/// Reads a ramp to `to`.
pub fn unpack_ramp(to: u64, word: U256) -> Ramp {
    let (high, low) = split(word);
    Ramp { from: low_u64(high), to, start: low_u64(low >> 64), length: low_u64(low) }
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Governed {
    /// The oracle.
    pub oracle: Address,
    /// What governance decided; ranges are the targets of their ramps.
    pub decided: Decided,
    /// What it had decided before the flight that runs, and that flight.
    pub before: Option<(Decided, Flight)>,
}

impl Governed {
    /// As of `now`, Unix seconds.
    pub fn rules(self, now: u64) -> Rules {
        let rules = Rules::of(self.decided, now);
        match self.before {
            Some((before, flight)) => rules.in_flight(before, &flight),
            None => rules,
        }
    }
}

/// The words of places, by place and version.
pub type Source<'a, E> = &'a mut dyn FnMut(Place, Version) -> Result<U256, E>;

/// Reads the shared sets that are stored over the defaults.
///
/// # Errors
/// What `word` fails with.
#[inline]
pub fn read_sets<E>(
    root: Root,
    parameters: &mut Parameters,
    extensions: &mut Extensions,
    word: &mut dyn FnMut(Place) -> Result<U256, E>,
) -> Result<(), E> {
    if root.stored != 0 {
        for set in SETS {
            if root.stored & set.bit() != 0 {
                set.store(word(Place::Set(set))?, parameters, extensions);
            }
        }
    }
    Ok(())
}

/// Reads the scenario table, if one is stored, in the place of the default one.
///
/// # Errors
/// What `word` fails with.
#[inline]
pub fn read_table<E>(
    root: Root,
    scenarios: &mut Vec<Scenario>,
    word: &mut dyn FnMut(Place) -> Result<U256, E>,
) -> Result<(), E> {
    if let Some(first) = unpack_scenario(root.first) {
        scenarios.clear();
        scenarios.push(first);
        for number in 0..root.table.min(TABLE_WORDS) {
            unpack_table(word(Place::Table(number))?, scenarios);
        }
    }
    Ok(())
}

/// Reads what is asked for at `now` (Unix seconds), both lists ascending. What isn't listed is left out.
///
/// # Errors
/// What `word` fails with.
pub fn read<E>(
    underlyings: &[u8],
    collaterals: &[u8],
    now: u64,
    word: Source<'_, E>,
) -> Result<Governed, E> {
    let root = Root::unpack(word(Place::Root, Version::Current)?);
    let mut current = |place| word(place, Version::Current);
    let decided = decided(root, underlyings, collaterals, &mut current)?;
    let mut governed = Governed { oracle: root.oracle, decided, before: None };
    if let Some(start) = root.in_flight(now) {
        let mut before = |place| {
            let kept = word(place, Version::Before(start))?;
            if kept.is_zero() { word(place, Version::Current) } else { Ok(!kept) }
        };
        let root = Root::unpack(before(Place::Root)?);
        let before = self::decided(root, underlyings, collaterals, &mut before)?;
        governed.before = Some((before, Flight { start, length: FLIGHT }));
    }
    Ok(governed)
}

/// Reads what a root calls for and what is asked for.
#[inline(never)]
fn decided<E>(
    root: Root,
    underlyings: &[u8],
    collaterals: &[u8],
    word: &mut dyn FnMut(Place) -> Result<U256, E>,
) -> Result<Decided, E> {
    let mut decided = Decided::default();
    let Decided { parameters, extensions, ramps } = &mut decided;
    read_sets(root, parameters, extensions, word)?;
    read_table(root, &mut parameters.scenarios, word)?;
    let mut numbers = underlyings.to_vec();
    for number in collaterals {
        if let Some(listed) = unpack_collateral(*number, word(Place::Collateral(*number))?) {
            if let Err(place) = numbers.binary_search(&listed.underlying) {
                numbers.insert(place, listed.underlying);
            }
            parameters.collateral.push(listed);
        }
    }
    for number in numbers {
        let Some((listed, moves)) = unpack_underlying(number, word(Place::Underlying(number))?)
        else {
            continue;
        };
        if moves {
            ramps.push((number, unpack_ramp(listed.range, word(Place::Ramp(number))?)));
        }
        parameters.underlyings.push(listed);
    }
    Ok(decided)
}

#[cfg(test)]
mod tests;
