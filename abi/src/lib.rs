//! The contract interfaces as Rust types, read from interfaces/*.sol, and conversions to the types of risk.
