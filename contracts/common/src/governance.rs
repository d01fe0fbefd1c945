//! Governor, guardian and pause mask: storage and functions of `IGoverned`.
//!
//! A contract holds one [`Governance`] as its first field and passes it the selectors that it doesn't know itself.

use alloy_primitives::{Address, B256, I256, U256};
use alloy_sol_types::SolCall;
use novate_abi::{
    IErrors, IGoverned,
    IGoverned::{
        acceptGovernorCall, governorCall, guardianCall, pauseCall, pausedMaskCall,
        proposeGovernorCall, setGuardianCall, unpauseCall,
    },
};
use stylus_sdk::{
    host::VM,
    storage::{StorageGuard, StorageGuardMut, StorageType},
};

use crate::{
    Answer, Fixed, Input, Revert, Word, address, answers, empty, event, halves, refuse, selected,
    sender,
};

/// Who may change parameters, who may stop operations, and which operations are stopped: the contract's first three slots.
///
/// | slot | content |
/// | --- | --- |
/// | 0 | governor; zero: the contract isn't initialised |
/// | 1 | the governor that was proposed; zero: nobody |
/// | 2 | guardian (low 20 bytes), stopped operations, one bit each (high 12 bytes) |
#[derive(Debug)]
pub struct Governance(());

const GOVERNOR: Fixed = Fixed::at(0);
const PROPOSED: Fixed = Fixed::at(1);
const GUARDIAN: Fixed = Fixed::at(2);

impl StorageType for Governance {
    type Wraps<'a> = StorageGuard<'a, Self>;
    type WrapsMut<'a> = StorageGuardMut<'a, Self>;
    const REQUIRED_SLOTS: usize = 3;

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

    /// Answers the functions of `IGoverned`, and `UnknownSelector` to all others. `operations` has the bits that the
    /// contract knows.
    ///
    /// # Errors
    /// `UnknownSelector`, `Unauthorized`, `ZeroAddress`, `ParameterOutOfBounds` for a mask with other bits, `MalformedBytes`.
    #[inline(never)]
    pub fn route(&mut self, selector: [u8; 4], input: &mut Input<'_>, operations: u8) -> Answer {
        match selector {
            governorCall::SELECTOR => answers![GOVERNOR.get()],
            guardianCall::SELECTOR => answers![address(&GUARDIAN.get())],
            pausedMaskCall::SELECTOR => answers![mask()],
            proposeGovernorCall::SELECTOR => self.propose_governor(input.address()?),
            acceptGovernorCall::SELECTOR => accept_governor(),
            setGuardianCall::SELECTOR => self.set_guardian(input.address()?),
            pauseCall::SELECTOR => {
                let bits = known(input.u256()?, operations)?;
                self.only_guardian()?;
                change_mask(mask() | bits)
            }
            unpauseCall::SELECTOR => {
                let bits = known(input.u256()?, operations)?;
                self.only_governor()?;
                change_mask(mask() & !bits)
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
    let word = GUARDIAN.get();
    let previous = address(&word);
    let mut changed = guardian.word();
    for (to, from) in changed.iter_mut().zip(word).take(12) {
        *to = from;
    }
    GUARDIAN.set(&changed);
    event!(IGoverned::GuardianChanged { previous, guardian; });
}

/// The stopped operations: contracts know eight at most.
fn mask() -> u8 {
    let (high, _) = halves(&GUARDIAN.get());
    let [_, _, _, _, _, _, _, _, _, _, _, mask, ..] = high.to_be_bytes();
    mask
}

fn change_mask(mask: u8) -> Answer {
    let mut word = GUARDIAN.get();
    let mut previous = 0;
    if let Some(byte) = word.get_mut(11) {
        previous = core::mem::replace(byte, mask);
    }
    GUARDIAN.set(&word);
    event!(IGoverned::PauseChanged {
        ; previousMask: U256::from(previous), mask: U256::from(mask)
    });
    empty()
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
fn known(mask: U256, operations: u8) -> Result<u8, Revert> {
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
