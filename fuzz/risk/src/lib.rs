//! One execution: bytes become a packed book, a market state and parameters, and every function must answer.
//!
//! What is claimed: a book that `novate_abi::book` unpacks, a market state inside its domain and any parameters make no
//! function of `novate_risk` fail, panic or wrap; what lies outside is refused with the typed error that names it.

mod case;
mod draw;
mod execute;
mod market;
mod parameters;
mod tally;

pub use execute::execute;
pub use tally::Tally;
