//! The liquidation contract.
