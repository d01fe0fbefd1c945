//! Governor, guardian and stops: storage and functions of `IGoverned`.
//!
//! A contract holds one [`Governance`] as its first field and passes it the selectors that it doesn't know itself, with its operations.
//! A stop ends by itself after its operation's time: nobody can hold a contract still by doing nothing. The guardian has one stop
//! of an operation in 30 days, also if the governor lifted it.

use alloy_primitives::{Address, B256, I256, U256};
use alloy_sol_types::SolCall;
use novate_abi::{
    IErrors, IGoverned,
    IGoverned::{
        acceptGovernorCall, governorCall, guardianCall, pauseCall, pausedMaskCall, pausedUntilCall,
        proposeGovernorCall, setGuardianCall, unpauseCall,
    },
};
use stylus_sdk::{
    host::VM,
    storage::{StorageGuard, StorageGuardMut, StorageType},
};

use crate::{
    Answer, Fixed, Input, Revert, Word, address, answers, empty, event, refuse, selected, sender,
    timestamp,
};

/// Seconds of a day.
pub const DAY: u64 = 86_400;
/// From one stop of an operation by the guardian to the next.
const AGAIN: u64 = 30 * DAY;
/// Most operations: their times fill a slot.
const OPERATIONS: u8 = 3;

/// An operation that may be stopped: its bit, one of the lowest three, and how long a stop lasts, seconds.
pub type Operation = (u8, u64);

/// Who may change parameters, who may stop operations, and until when operations are stopped: the contract's first four slots.
///
/// | slot | content |
/// | --- | --- |
/// | 0 | governor; zero: the contract isn't initialised |
/// | 1 | the governor that was proposed; zero: nobody |
/// | 2 | guardian |
/// | 3 | for the operation of bit b: until when it is stopped (uint40) << 80 b, when the guardian may stop it again (uint40) << 80 b + 40 |
#[derive(Debug)]
pub struct Governance(());

const GOVERNOR: Fixed = Fixed::at(0);
const PROPOSED: Fixed = Fixed::at(1);
const GUARDIAN: Fixed = Fixed::at(2);
const STOPS: Fixed = Fixed::at(3);

impl StorageType for Governance {
    type Wraps<'a> = StorageGuard<'a, Self>;
    type WrapsMut<'a> = StorageGuardMut<'a, Self>;
    const REQUIRED_SLOTS: usize = 4;

    #[allow(unsafe_code, reason = "the trait's method is unsafe")]
    unsafe fn new(root: U256, _offset: u8, _host: VM) -> Self {
        // It is the first field: the slots above are its own.
        debug_assert!(root.is_zero());
        Self(())
    }

    fn load<'a>(self) -> Self::Wraps<'a> {
        StorageGuard::new(self)
    }

    fn load_mut<'a>(self) -> Self::WrapsMut<'a> {
        StorageGuardMut::new(self)
    }
}

impl Governance {
    /// Sets the first governor and guardian. A guardian of zero means that the governor alone can pause.
    ///
    /// # Errors
    /// `AlreadyInitialized`, or `ZeroAddress` for a governor of zero.
    #[inline(never)]
    pub fn initialize(&mut self, governor: Address, guardian: Address) -> Result<(), Revert> {
        if !GOVERNOR.get().is_zero() {
            return Err(refuse!(IErrors::AlreadyInitialized {}));
        }
        not_zero(governor)?;
        change_governor(governor);
        change_guardian(guardian);
        Ok(())
    }

    /// Refuses everybody but the governor.
    ///
    /// # Errors
    /// `Unauthorized(caller)`.
    #[inline(never)]
    pub fn only_governor(&self) -> Result<(), Revert> {
        only(sender(), address(&GOVERNOR.get()))
    }

    /// Refuses everybody but the guardian and the governor.
    ///
    /// # Errors
    /// `Unauthorized(caller)`.
    pub fn only_guardian(&self) -> Result<(), Revert> {
        let caller = sender();
        if caller == address(&GUARDIAN.get()) && !caller.is_zero() {
            return Ok(());
        }
        self.only_governor()
    }

    /// Refuses while any bit of `operation` is paused.
    ///
    /// # Errors
    /// `OperationPaused(operation)`.
    pub fn not_paused(&self, operation: u8) -> Result<(), Revert> {
        if self.is_paused(operation) {
            return Err(refuse!(IErrors::OperationPaused { operation: U256::from(operation) }));
        }
        Ok(())
    }

    /// Whether any bit of `operation` is paused.
    pub fn is_paused(&self, operation: u8) -> bool {
        mask() & operation != 0
    }

    /// Answers the functions of `IGoverned`, and `UnknownSelector` to all others. `operations` are those that the contract knows.
    ///
    /// # Errors
    /// `UnknownSelector`, `Unauthorized`, `ZeroAddress`, `PausedRecently`, `ParameterOutOfBounds` for a mask with other bits,
    /// `MalformedBytes`.
    #[inline(never)]
    pub fn route(
        &mut self,
        selector: [u8; 4],
        input: &mut Input<'_>,
        operations: &[Operation],
    ) -> Answer {
        match selector {
            governorCall::SELECTOR => answers![GOVERNOR.get()],
            guardianCall::SELECTOR => answers![GUARDIAN.get()],
            pausedMaskCall::SELECTOR => answers![mask()],
            pausedUntilCall::SELECTOR => answers![until(known(input.u256()?, operations)?)],
            proposeGovernorCall::SELECTOR => self.propose_governor(input.address()?),
            acceptGovernorCall::SELECTOR => accept_governor(),
            setGuardianCall::SELECTOR => self.set_guardian(input.address()?),
            pauseCall::SELECTOR => {
                let bits = known(input.u256()?, operations)?;
                self.only_guardian()?;
                stop(bits, operations, self.only_governor().is_err())
            }
            unpauseCall::SELECTOR => {
                let bits = known(input.u256()?, operations)?;
                self.only_governor()?;
                resume(bits)
            }
            _ => Err(unknown_selector(&selector)),
        }
    }

    /// Makes a proposal, or withdraws it: zero proposes nobody.
    fn propose_governor(&self, proposed: Address) -> Answer {
        self.only_governor()?;
        PROPOSED.set(&proposed.word());
        event!(IGoverned::GovernorProposed { governor: sender(), proposed; });
        empty()
    }

    fn set_guardian(&self, guardian: Address) -> Answer {
        self.only_governor()?;
        change_guardian(guardian);
        empty()
    }
}

fn accept_governor() -> Answer {
    let governor = sender();
    not_zero(governor)?;
    only(governor, address(&PROPOSED.get()))?;
    PROPOSED.set(&B256::ZERO);
    change_governor(governor);
    empty()
}

fn change_governor(governor: Address) {
    let previous = address(&GOVERNOR.get());
    GOVERNOR.set(&governor.word());
    event!(IGoverned::GovernorChanged { previous, governor; });
}

fn change_guardian(guardian: Address) {
    let previous = address(&GUARDIAN.get());
    GUARDIAN.set(&guardian.word());
    event!(IGoverned::GuardianChanged { previous, guardian; });
}

/// The operations that are stopped now.
fn mask() -> u8 {
    let (word, now) = (STOPS.get(), timestamp());
    let stopped = |bit: u8| if now < time(&word, end(bit)) { bit } else { 0 };
    bits(u8::MAX).fold(0, |mask, bit| mask | stopped(bit))
}

/// The latest end of the stops of these operations.
fn until(operations: u8) -> u64 {
    let word = STOPS.get();
    bits(operations).map(|bit| time(&word, end(bit))).max().unwrap_or(0)
}

/// Stops operations, as the guardian or as the governor.
fn stop(stopped: u8, operations: &[Operation], as_guardian: bool) -> Answer {
    let (previous, now) = (mask(), timestamp());
    let mut word = STOPS.get();
    for (operation, length) in operations.iter().filter(|(bit, _)| bit & stopped != 0) {
        let again = end(*operation).saturating_add(1);
        if as_guardian {
            let from = time(&word, again);
            if now < from {
                let operation = U256::from(*operation);
                return Err(refuse!(IGoverned::PausedRecently { operation, from }));
            }
            set_time(&mut word, again, now.saturating_add(AGAIN));
        }
        set_time(&mut word, end(*operation), now.saturating_add(*length));
    }
    change(&word, previous)
}

/// Ends the stops of operations now.
fn resume(operations: u8) -> Answer {
    let (previous, now) = (mask(), timestamp());
    let mut word = STOPS.get();
    for bit in bits(operations & previous) {
        set_time(&mut word, end(bit), now);
    }
    change(&word, previous)
}

fn change(word: &B256, previous: u8) -> Answer {
    STOPS.set(word);
    event!(IGoverned::PauseChanged {
        ; previousMask: U256::from(previous), mask: U256::from(mask())
    });
    empty()
}

/// The bits that are set, of those that have times.
fn bits(mask: u8) -> impl Iterator<Item = u8> {
    (0..OPERATIONS).map(|place| 1_u8 << place).filter(move |bit| mask & bit != 0)
}

/// The place of an operation's end among the times of the word; after it stands when the guardian may stop it again.
const fn end(bit: u8) -> u32 {
    bit.trailing_zeros() << 1
}

/// A time of the stops' word, 40 bits, the first lowest.
fn time(word: &B256, place: u32) -> u64 {
    let [low, ..] = U256::from_be_bytes(word.0).wrapping_shr(shift(place)).into_limbs();
    low & TIME
}

fn set_time(word: &mut B256, place: u32, time: u64) {
    let shift = shift(place);
    let others = U256::from_be_bytes(word.0) & !U256::from(TIME).wrapping_shl(shift);
    *word = (others | U256::from(time & TIME).wrapping_shl(shift)).into();
}

const TIME: u64 = (1 << 40) - 1;

/// Places are below six.
fn shift(place: u32) -> usize {
    usize::try_from(place).unwrap_or(0).wrapping_mul(40)
}

/// `UnknownSelector`.
#[cold]
#[inline(never)]
pub fn unknown_selector(selector: &[u8; 4]) -> Revert {
    Revert::from_data(selected![
        <IErrors::UnknownSelector as crate::SolError>::SELECTOR,
        left(selector)
    ])
}

/// Refuses the zero address.
///
/// # Errors
/// `ZeroAddress`.
pub fn not_zero(address: Address) -> Result<(), Revert> {
    if address.is_zero() { Err(refuse!(IErrors::ZeroAddress {})) } else { Ok(()) }
}

/// Refuses a caller who isn't `entitled`.
///
/// # Errors
/// `Unauthorized(caller)`.
pub fn only(caller: Address, entitled: Address) -> Result<(), Revert> {
    if caller == entitled { Ok(()) } else { Err(refuse!(IErrors::Unauthorized { caller })) }
}

/// The mask, which may have the bits of `operations` only.
fn known(mask: U256, operations: &[Operation]) -> Result<u8, Revert> {
    let operations = operations.iter().fold(0, |all, (bit, _)| all | bit);
    let known = u8::try_from(mask).ok().filter(|bits| bits & !operations == 0);
    known.ok_or_else(|| {
        let value = I256::try_from(mask).unwrap_or(I256::MAX);
        out_of_bounds(b"mask", value, u64::from(operations))
    })
}

/// `ParameterOutOfBounds` of a parameter that may be between 0 and `maximum`.
#[cold]
#[inline(never)]
pub fn out_of_bounds(parameter: &[u8], value: I256, maximum: u64) -> Revert {
    refuse!(IErrors::ParameterOutOfBounds {
        name: name(parameter),
        value,
        minimum: I256::ZERO,
        maximum: I256::from_raw(U256::from(maximum)),
    })
}

/// A parameter's name as `ParameterOutOfBounds` carries it: ASCII, left-aligned, cut after 32 bytes.
pub fn name(text: &[u8]) -> B256 {
    left(text)
}

/// Bytes at the left of a word.
fn left(bytes: &[u8]) -> B256 {
    let mut word = B256::ZERO;
    for (to, from) in word.iter_mut().zip(bytes) {
        *to = *from;
    }
    word
}
