//! Governor, guardian and pause mask: storage and functions of `IGoverned`.
//!
//! A contract holds one [`Governance`] as its first field and passes it the selectors that it doesn't know itself.

#[allow(unused_imports, reason = "the storage macro names them")]
use alloc::{vec, vec::Vec};

use alloy_primitives::{Address, U256, aliases::U96};
use alloy_sol_types::SolCall;
use novate_abi::{
    IErrors,
    IGoverned::{
        GovernorChanged, GovernorProposed, GuardianChanged, PauseChanged, acceptGovernorCall,
        governorCall, guardianCall, pauseCall, pausedMaskCall, proposeGovernorCall,
        setGuardianCall, unpauseCall,
    },
};
use stylus_sdk::{
    prelude::*,
    storage::{StorageAddress, StorageU96},
};

use crate::{Answer, Input, Revert, empty, returns};

/// Who may change parameters, who may stop operations, and which operations are stopped.
#[storage]
pub struct Governance {
    /// Sets parameters. Zero: the contract isn't initialised.
    governor: StorageAddress,
    /// Becomes governor when it accepts. Zero: nobody was proposed.
    proposed: StorageAddress,
    /// May stop operations.
    guardian: StorageAddress,
    /// Stopped operations, one bit each.
    paused: StorageU96,
}

impl core::fmt::Debug for Governance {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Governance")
    }
}

impl Governance {
    /// Sets the first governor and guardian. A guardian of zero means that the governor alone can pause.
    ///
    /// # Errors
    /// `AlreadyInitialized`, or `ZeroAddress` for a governor of zero.
    pub fn initialize(&mut self, governor: Address, guardian: Address) -> Result<(), Revert> {
        if !self.governor.get().is_zero() {
            return Err(IErrors::AlreadyInitialized {}.into());
        }
        not_zero(governor)?;
        self.governor.set(governor);
        self.guardian.set(guardian);
        self.vm().log(GovernorChanged { previous: Address::ZERO, governor });
        self.vm().log(GuardianChanged { previous: Address::ZERO, guardian });
        Ok(())
    }

    /// Refuses everybody but the governor.
    ///
    /// # Errors
    /// `Unauthorized(caller)`.
    pub fn only_governor(&self) -> Result<(), Revert> {
        only(self.vm().msg_sender(), self.governor.get())
    }

    /// Refuses everybody but the guardian and the governor.
    ///
    /// # Errors
    /// `Unauthorized(caller)`.
    pub fn only_guardian(&self) -> Result<(), Revert> {
        let caller = self.vm().msg_sender();
        if caller == self.guardian.get() && !caller.is_zero() {
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
            return Err(IErrors::OperationPaused { operation: U256::from(operation) }.into());
        }
        Ok(())
    }

    /// Whether any bit of `operation` is paused.
    pub fn is_paused(&self, operation: u8) -> bool {
        !(self.paused.get() & U96::from(operation)).is_zero()
    }

    /// Answers the functions of `IGoverned`, and `UnknownSelector` to all others. `operations` has the bits that the
    /// contract knows.
    ///
    /// # Errors
    /// `UnknownSelector`, `Unauthorized`, `ZeroAddress`, `ParameterOutOfBounds` for a mask with other bits, `MalformedBytes`.
    pub fn route(&mut self, selector: [u8; 4], input: &mut Input<'_>, operations: u8) -> Answer {
        match selector {
            governorCall::SELECTOR => returns::<governorCall>(&self.governor.get()),
            guardianCall::SELECTOR => returns::<guardianCall>(&self.guardian.get()),
            pausedMaskCall::SELECTOR => returns::<pausedMaskCall>(&U256::from(self.paused.get())),
            proposeGovernorCall::SELECTOR => self.propose_governor(input.address()?),
            acceptGovernorCall::SELECTOR => self.accept_governor(),
            setGuardianCall::SELECTOR => self.set_guardian(input.address()?),
            pauseCall::SELECTOR => self.pause(known(input.u256()?, operations)?),
            unpauseCall::SELECTOR => self.unpause(known(input.u256()?, operations)?),
            _ => Err(IErrors::UnknownSelector { selector: selector.into() }.into()),
        }
    }

    /// Withdraws or makes a proposal: zero proposes nobody.
    fn propose_governor(&mut self, proposed: Address) -> Answer {
        self.only_governor()?;
        self.proposed.set(proposed);
        self.vm().log(GovernorProposed { governor: self.governor.get(), proposed });
        empty()
    }

    fn accept_governor(&mut self) -> Answer {
        let governor = self.vm().msg_sender();
        not_zero(governor)?;
        only(governor, self.proposed.get())?;
        let previous = self.governor.get();
        self.governor.set(governor);
        self.proposed.set(Address::ZERO);
        self.vm().log(GovernorChanged { previous, governor });
        empty()
    }

    fn set_guardian(&mut self, guardian: Address) -> Answer {
        self.only_governor()?;
        let previous = self.guardian.get();
        self.guardian.set(guardian);
        self.vm().log(GuardianChanged { previous, guardian });
        empty()
    }

    fn pause(&mut self, mask: U96) -> Answer {
        self.only_guardian()?;
        self.change_paused(self.paused.get() | mask)
    }

    fn unpause(&mut self, mask: U96) -> Answer {
        self.only_governor()?;
        self.change_paused(self.paused.get() & !mask)
    }

    fn change_paused(&mut self, mask: U96) -> Answer {
        let previous = self.paused.get();
        self.paused.set(mask);
        self.vm().log(PauseChanged { previousMask: U256::from(previous), mask: U256::from(mask) });
        empty()
    }
}

/// Refuses the zero address.
///
/// # Errors
/// `ZeroAddress`.
pub fn not_zero(address: Address) -> Result<(), Revert> {
    if address.is_zero() { Err(IErrors::ZeroAddress {}.into()) } else { Ok(()) }
}

/// Refuses a caller who isn't `entitled`.
///
/// # Errors
/// `Unauthorized(caller)`.
pub fn only(caller: Address, entitled: Address) -> Result<(), Revert> {
    if caller == entitled { Ok(()) } else { Err(IErrors::Unauthorized { caller }.into()) }
}

/// The mask, which may have the bits of `operations` only.
fn known(mask: U256, operations: u8) -> Result<U96, Revert> {
    u8::try_from(mask).ok().filter(|bits| bits & !operations == 0).map(U96::from).ok_or_else(|| {
        IErrors::ParameterOutOfBounds {
            name: name(b"mask"),
            value: alloy_primitives::I256::try_from(mask).unwrap_or(alloy_primitives::I256::MAX),
            minimum: alloy_primitives::I256::ZERO,
            maximum: alloy_primitives::I256::from_raw(U256::from(operations)),
        }
        .into()
    })
}

/// A parameter's name as `ParameterOutOfBounds` carries it: ASCII, left-aligned, cut after 32 bytes.
pub fn name(text: &[u8]) -> alloy_primitives::B256 {
    let mut name = alloy_primitives::B256::ZERO;
    for (to, from) in name.iter_mut().zip(text) {
        *to = *from;
    }
    name
}
