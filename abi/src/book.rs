//! A portfolio as a sequence of 32-byte words: the argument of `IMargin`, the answer of `IClearing.book`.
//!
//! ```text
//! word 0            cash, int256
//! word 1            pool shares at value (uint128) << 128 | positions count (uint16) << 16 | collateral count (uint8)
//! ceil(n/2) words   positions, two a word, the first in the high half:
//!                   instrument id (uint64) << 64 | quantity (int64, millionths)
//! one word each     perpetual or future, in order: reference price (uint128) << 128 | funding reference (int128)
//! one word each     collateral: number (uint8) << 248 | amount (uint128)
//! ```
//!
//! The unused byte before the collateral count may be 1: the book is then a bidder's ([`for_bid`]).
//!
//! Unpacking accepts one form of each book only: ids ascend, no quantity or amount is zero, unused bits are zero and no
//! byte is left over. So equal books have equal bytes.

use alloc::vec::Vec;

use alloy_primitives::I256;

use novate_risk::{CollateralBalance, Instrument, Reference};

use crate::{
    IErrors, IMargin,
    words::{Malformed, WORD, Words, halves, low_u64},
};

/// Most positions of an account.
pub const MAXIMUM_POSITIONS: usize = 256;

/// A held position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Instrument id: its terms.
    pub instrument: u64,
    /// Signed millionths of a contract; above zero is long.
    pub quantity: i64,
    /// Price to which gains are already paid, 18 decimals; zero for options.
    pub reference_price: u128,
    /// Funding index to which funding is already paid, 18 decimals; zero for options.
    pub funding_reference: i128,
}

impl Position {
    /// Whether it carries a reference price: a perpetual or a future.
    pub const fn is_delta_one(&self) -> bool {
        is_delta_one(self.instrument)
    }
}

/// Where a packed book says that it is a bidder's.
const BID: usize = 62;

/// Makes a packed book a bidder's: `IMargin.assess` charges him for no data that the account which he takes from isn't charged for.
pub fn for_bid(packed: &mut [u8]) {
    if let Some(byte) = packed.get_mut(BID) {
        *byte = 1;
    }
}

/// The packed book of a bidder as everybody else's; `None` if it isn't one.
pub fn of_bid(packed: &[u8]) -> Option<Vec<u8>> {
    if packed.get(BID) != Some(&1) {
        return None;
    }
    let mut plain = packed.to_vec();
    if let Some(byte) = plain.get_mut(BID) {
        *byte = 0;
    }
    Some(plain)
}

/// Whether an instrument id is of the kind perpetual (0) or future (1): bit 55 is clear.
pub const fn is_delta_one(instrument: u64) -> bool {
    instrument & (1 << 55) == 0
}

/// A collateral balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collateral {
    /// The token's number in clearing and margin, from 1.
    pub number: u8,
    /// Amount, 18 decimals.
    pub amount: u128,
}

/// A portfolio.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Book {
    /// Cash, quote currency, 18 decimals.
    pub cash: I256,
    /// Pool shares at value, quote currency, 18 decimals.
    pub pool: u128,
    /// Positions, ascending by instrument id, distinct, none of quantity zero.
    pub positions: Vec<Position>,
    /// Collateral, ascending by number, distinct, none of amount zero.
    pub collateral: Vec<Collateral>,
}

/// Why bytes aren't a book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BookError {
    /// Malformed at a byte offset.
    Malformed(Malformed),
    /// The id isn't canonical.
    InvalidInstrument(u64),
    /// More than [`MAXIMUM_POSITIONS`].
    TooLarge(usize),
}

impl From<Malformed> for BookError {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl BookError {
    /// The Solidity error, ABI-encoded.
    pub fn abi_encode(self) -> Vec<u8> {
        use alloy_sol_types::SolError;
        match self {
            Self::Malformed(malformed) => IErrors::MalformedBytes::from(malformed).abi_encode(),
            Self::InvalidInstrument(id) => IErrors::InvalidInstrument { id }.abi_encode(),
            Self::TooLarge(positions) => IMargin::BookTooLarge {
                positions: alloy_primitives::U256::from(positions),
                limit: alloy_primitives::U256::from(MAXIMUM_POSITIONS),
            }
            .abi_encode(),
        }
    }
}

impl Book {
    /// Packs the book.
    ///
    /// # Domain
    /// At most 65,535 positions and 255 collaterals: more can't be packed and are counted modulo the field, which
    /// [`Book::unpack`] refuses. Order and zeros aren't checked here.
    pub fn pack(&self) -> Vec<u8> {
        let words = self.positions.len().saturating_mul(2).saturating_add(self.collateral.len());
        let mut bytes = Vec::with_capacity(words.saturating_add(3).saturating_mul(WORD));
        bytes.extend_from_slice(&self.cash.to_be_bytes::<WORD>());
        bytes.extend_from_slice(&self.pool.to_be_bytes());
        bytes.extend_from_slice(&[0; 12]);
        let [.., high, low] = self.positions.len().to_be_bytes();
        let [.., collaterals] = self.collateral.len().to_be_bytes();
        bytes.extend_from_slice(&[high, low, 0, collaterals]);
        for position in &self.positions {
            bytes.extend_from_slice(&position.instrument.to_be_bytes());
            bytes.extend_from_slice(&position.quantity.to_be_bytes());
        }
        if !self.positions.len().is_multiple_of(2) {
            bytes.extend_from_slice(&[0; 16]);
        }
        for position in self.positions.iter().filter(|position| position.is_delta_one()) {
            bytes.extend_from_slice(&position.reference_price.to_be_bytes());
            bytes.extend_from_slice(&position.funding_reference.to_be_bytes());
        }
        for collateral in &self.collateral {
            bytes.push(collateral.number);
            bytes.extend_from_slice(&[0; 15]);
            bytes.extend_from_slice(&collateral.amount.to_be_bytes());
        }
        bytes
    }

    /// Reads a packed book.
    ///
    /// # Errors
    /// [`BookError::TooLarge`] beyond [`MAXIMUM_POSITIONS`]; [`BookError::InvalidInstrument`] for an id that isn't
    /// canonical; [`BookError::Malformed`] with the offset of the first word that is missing, out of order, zero where
    /// it may not be, or followed by bytes that belong to nothing.
    pub fn unpack(bytes: &[u8]) -> Result<Self, BookError> {
        let mut words = Words::new(bytes);
        let cash = I256::from_be_bytes(*words.take()?);
        let (pool, positions, collaterals) = counts(&mut words)?;
        let mut positions = take_positions(&mut words, positions)?;
        take_references(&mut words, &mut positions)?;
        let collateral = take_collateral(&mut words, collaterals)?;
        words.finish()?;
        Ok(Self { cash, pool, positions, collateral })
    }
}

impl From<&novate_risk::Book> for Book {
    fn from(book: &novate_risk::Book) -> Self {
        let positions = book.holdings().map(|held| Position {
            instrument: held.instrument.id(),
            quantity: held.quantity,
            reference_price: held.reference.price,
            funding_reference: held.reference.funding,
        });
        let collateral = book
            .collateral()
            .iter()
            .map(|held| Collateral { number: held.collateral, amount: held.amount });
        Self {
            cash: book.cash(),
            pool: book.pool(),
            positions: positions.collect(),
            collateral: collateral.collect(),
        }
    }
}

impl TryFrom<Book> for novate_risk::Book {
    type Error = novate_risk::Error;

    fn try_from(book: Book) -> Result<Self, Self::Error> {
        let references =
            book.positions.iter().filter(|position| position.is_delta_one()).map(|position| {
                Reference { price: position.reference_price, funding: position.funding_reference }
            });
        let positions = book.positions.iter().map(|position| novate_risk::Position {
            instrument: position.instrument,
            quantity: position.quantity,
        });
        let collateral = book
            .collateral
            .iter()
            .map(|held| CollateralBalance { collateral: held.number, amount: held.amount });
        let pool = book.pool;
        Self::new(book.cash, positions.collect(), references.collect(), collateral.collect())
            .map(|book| book.with_pool(pool))
    }
}

/// Word 1.
fn counts(words: &mut Words<'_>) -> Result<(u128, usize, usize), BookError> {
    let word = words.take()?;
    let (pool, low) = halves(word);
    let [unused @ .., positions_high, positions_low, gap, collaterals] = low.to_be_bytes();
    if unused != [0; 12] || gap != 0 {
        return Err(words.malformed().into());
    }
    let positions = usize::from(u16::from_be_bytes([positions_high, positions_low]));
    if positions > MAXIMUM_POSITIONS {
        return Err(BookError::TooLarge(positions));
    }
    Ok((pool, positions, usize::from(collaterals)))
}

fn take_positions(words: &mut Words<'_>, count: usize) -> Result<Vec<Position>, BookError> {
    let mut positions: Vec<Position> = Vec::with_capacity(count);
    while positions.len() < count {
        let (high, low) = halves(words.take()?);
        push_position(words, &mut positions, high)?;
        if positions.len() < count {
            push_position(words, &mut positions, low)?;
        } else if low != 0 {
            return Err(words.malformed().into());
        }
    }
    Ok(positions)
}

fn push_position(
    words: &Words<'_>,
    positions: &mut Vec<Position>,
    half: u128,
) -> Result<(), BookError> {
    let instrument = low_u64(half >> 64);
    let quantity = low_u64(half).cast_signed();
    let ascends = positions.last().is_none_or(|last| last.instrument < instrument);
    if quantity == 0 || !ascends {
        return Err(words.malformed().into());
    }
    Instrument::decode(instrument).map_err(|_| BookError::InvalidInstrument(instrument))?;
    positions.push(Position { instrument, quantity, reference_price: 0, funding_reference: 0 });
    Ok(())
}

fn take_references(words: &mut Words<'_>, positions: &mut [Position]) -> Result<(), BookError> {
    for position in positions.iter_mut().filter(|position| position.is_delta_one()) {
        let (price, funding) = halves(words.take()?);
        position.reference_price = price;
        position.funding_reference = funding.cast_signed();
    }
    Ok(())
}

fn take_collateral(words: &mut Words<'_>, count: usize) -> Result<Vec<Collateral>, BookError> {
    let mut collateral: Vec<Collateral> = Vec::with_capacity(count);
    for _ in 0..count {
        let (high, amount) = halves(words.take()?);
        let [number, unused @ ..] = high.to_be_bytes();
        let ascends = collateral.last().is_none_or(|last| last.number < number);
        if unused != [0; 15] || number == 0 || amount == 0 || !ascends {
            return Err(words.malformed().into());
        }
        collateral.push(Collateral { number, amount });
    }
    Ok(collateral)
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    const PERPETUAL: u64 = 1 << 56;
    const CALL: u64 = (1 << 56) | (2 << 54) | (490_000 << 32) | (19 << 27) | 4;

    fn sample() -> Book {
        Book {
            cash: I256::try_from(-5).unwrap(),
            pool: u128::MAX - 7,
            positions: vec![
                Position {
                    instrument: PERPETUAL,
                    quantity: -7,
                    reference_price: 3_000,
                    funding_reference: -11,
                },
                Position {
                    instrument: CALL,
                    quantity: i64::MAX,
                    reference_price: 0,
                    funding_reference: 0,
                },
                Position {
                    instrument: CALL + 1,
                    quantity: i64::MIN,
                    reference_price: 0,
                    funding_reference: 0,
                },
            ],
            collateral: vec![
                Collateral { number: 1, amount: 9 },
                Collateral { number: 3, amount: u128::MAX },
            ],
        }
    }

    fn malformed(offset: usize) -> BookError {
        BookError::Malformed(Malformed { offset })
    }

    #[test]
    fn packing_round_trips() {
        for book in [Book::default(), sample()] {
            assert_eq!(Book::unpack(&book.pack()), Ok(book));
        }
    }

    #[test]
    fn books_of_risk_convert_both_ways() {
        let book = novate_risk::Book::try_from(sample()).unwrap();
        assert_eq!(Book::from(&book), sample());
        let cash = I256::MAX;
        let error = novate_risk::Book::try_from(Book { cash, ..sample() });
        assert_eq!(error, Err(novate_risk::Error::CashOutOfRange));
    }

    #[test]
    fn packed_words_stand_where_the_interface_says() {
        let bytes = sample().pack();
        assert_eq!(bytes.len(), 32 * (2 + 2 + 1 + 2));
        assert_eq!(&bytes[60..64], &[0, 3, 0, 2]);
        assert_eq!(&bytes[64..72], &PERPETUAL.to_be_bytes());
        assert_eq!(&bytes[72..80], &(-7_i64).to_be_bytes());
        assert_eq!(&bytes[80..88], &CALL.to_be_bytes());
        assert_eq!(&bytes[128..144], &3_000_u128.to_be_bytes());
        assert_eq!(&bytes[144..160], &(-11_i128).to_be_bytes());
        assert_eq!(bytes[160], 1);
    }

    #[test]
    fn every_truncation_is_malformed() {
        let bytes = sample().pack();
        for length in 0..bytes.len() {
            assert_eq!(Book::unpack(&bytes[..length]), Err(malformed(length / 32 * 32)));
        }
    }

    #[test]
    fn left_over_bytes_are_malformed() {
        let mut bytes = sample().pack();
        let length = bytes.len();
        bytes.push(0);
        assert_eq!(Book::unpack(&bytes), Err(malformed(length)));
    }

    #[test]
    fn unordered_or_repeated_positions_are_malformed() {
        let mut book = sample();
        book.positions.swap(1, 2);
        assert_eq!(Book::unpack(&book.pack()), Err(malformed(96)));
        book.positions[2] = book.positions[1];
        assert_eq!(Book::unpack(&book.pack()), Err(malformed(96)));
    }

    #[test]
    fn zero_quantities_and_amounts_are_malformed() {
        let mut book = sample();
        book.positions[0].quantity = 0;
        assert_eq!(Book::unpack(&book.pack()), Err(malformed(64)));
        let mut book = sample();
        book.collateral[1].amount = 0;
        assert_eq!(Book::unpack(&book.pack()), Err(malformed(192)));
    }

    #[test]
    fn unused_bits_are_malformed() {
        for (byte, offset) in [(48, 32), (59, 32), (62, 32), (127, 96), (161, 160), (175, 160)] {
            let mut bytes = sample().pack();
            bytes[byte] = 1;
            assert_eq!(Book::unpack(&bytes), Err(malformed(offset)), "byte {byte}");
        }
    }

    #[test]
    fn a_bidders_book_is_one_byte_apart() {
        let plain = sample().pack();
        let mut bid = plain.clone();
        for_bid(&mut bid);
        assert_eq!(Book::unpack(&bid), Err(malformed(32)));
        assert_eq!((of_bid(&bid), of_bid(&plain)), (Some(plain.clone()), None));
        for_bid(&mut []);
        assert_eq!(of_bid(&[1; 3]), None);
    }

    #[test]
    fn ids_that_are_not_canonical_are_refused() {
        let mut book = sample();
        book.positions[1].instrument = PERPETUAL + 1;
        assert_eq!(Book::unpack(&book.pack()), Err(BookError::InvalidInstrument(PERPETUAL + 1)));
    }

    #[test]
    fn too_many_positions_are_refused_before_they_are_read() {
        let mut bytes = sample().pack();
        bytes[60..62].copy_from_slice(&257_u16.to_be_bytes());
        assert_eq!(Book::unpack(&bytes), Err(BookError::TooLarge(257)));
    }
}
