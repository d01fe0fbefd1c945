//! What the governor sets.

use novate_abi::ILiquidation::ModulesChanged;
use novate_common::{Answer, Input, Word, empty, event, not_zero};

use crate::{
    Liquidation,
    storage::{CLEARING, MARGIN, ORACLE},
};

impl Liquidation {
    /// `initialize(governor, guardian, clearing, margin, oracle)`.
    pub(crate) fn initialize(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.initialize(input.address()?, input.address()?)?;
        change_modules(input)
    }

    /// `setModules(clearing, margin, oracle)`.
    pub(crate) fn set_modules(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.only_governor()?;
        change_modules(input)
    }
}

fn change_modules(input: &mut Input<'_>) -> Answer {
    let (clearing, margin) = (input.address()?, input.address()?);
    let oracle = input.address()?;
    for (slot, module) in [(CLEARING, clearing), (MARGIN, margin), (ORACLE, oracle)] {
        not_zero(module)?;
        slot.set(&module.word());
    }
    event!(ModulesChanged { ; clearing, margin, oracle });
    empty()
}
