//! The margin contract.
