//! The exchange contract.
