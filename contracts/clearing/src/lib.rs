//! The clearing contract.
