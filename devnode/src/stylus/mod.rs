//! What the chain knows about programs: their code, their state, their prices.

mod code;
mod pages;
mod params;
mod pricer;
mod recent;
mod record;
mod state;

pub(crate) use code::{
    CodeError, decompress, fragment_payload, inflate, is_acceptable, is_program, root,
};
pub(crate) use pages::{FREE_PAGES, PAGE_GAS, Pages};
pub(crate) use params::{PAGE_RAMP, Params};
pub(crate) use pricer::DataPricer;
pub(crate) use recent::RecentPrograms;
pub(crate) use record::{ProgramError, ProgramRecord};
pub(crate) use state::{ARBOS_STATE, Slot, keyed, set_of_one, set_slot};
