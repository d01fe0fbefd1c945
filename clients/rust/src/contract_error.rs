//! Every custom error of the interfaces as one typed value.

use core::fmt;

use alloy_sol_types::SolInterface;
use novate_abi::{
    IClearing::IClearingErrors, IErrors::IErrorsErrors, IExchange::IExchangeErrors,
    IGoverned::IGovernedErrors, ILiquidation::ILiquidationErrors, IMargin::IMarginErrors,
    IMarginLens::IMarginLensErrors, IOracle::IOracleErrors, IRiskParameters::IRiskParametersErrors,
};

/// A custom error, by the interface that declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContractError {
    /// Common to all contracts.
    Shared(IErrorsErrors),
    /// Of the governance that every contract shares.
    Governed(IGovernedErrors),
    /// Of the oracle.
    Oracle(IOracleErrors),
    /// Of margin.
    Margin(IMarginErrors),
    /// Of clearing.
    Clearing(IClearingErrors),
    /// Of liquidation.
    Liquidation(ILiquidationErrors),
    /// Of the exchange.
    Exchange(IExchangeErrors),
    /// Of the parameters contract.
    Parameters(IRiskParametersErrors),
    /// Of the lens.
    Lens(IMarginLensErrors),
}

impl ContractError {
    /// Reads revert data; `None` if its selector is no error of ours or its arguments don't fit.
    pub fn decode(data: &[u8]) -> Option<Self> {
        fn read<E: SolInterface>(data: &[u8]) -> Option<E> {
            E::abi_decode_validate(data).ok()
        }
        read(data)
            .map(Self::Shared)
            .or_else(|| read(data).map(Self::Governed))
            .or_else(|| read(data).map(Self::Oracle))
            .or_else(|| read(data).map(Self::Margin))
            .or_else(|| read(data).map(Self::Clearing))
            .or_else(|| read(data).map(Self::Liquidation))
            .or_else(|| read(data).map(Self::Exchange))
            .or_else(|| read(data).map(Self::Parameters))
            .or_else(|| read(data).map(Self::Lens))
    }

    /// The selector.
    pub fn selector(&self) -> [u8; 4] {
        match self {
            Self::Shared(error) => error.selector(),
            Self::Governed(error) => error.selector(),
            Self::Oracle(error) => error.selector(),
            Self::Margin(error) => error.selector(),
            Self::Clearing(error) => error.selector(),
            Self::Liquidation(error) => error.selector(),
            Self::Exchange(error) => error.selector(),
            Self::Parameters(error) => error.selector(),
            Self::Lens(error) => error.selector(),
        }
    }
}

impl fmt::Display for ContractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The derived form is `Variant(Name { field: value, .. })`: the name and the fields are what a reader needs.
        let debug = match self {
            Self::Shared(error) => format!("{error:?}"),
            Self::Governed(error) => format!("{error:?}"),
            Self::Oracle(error) => format!("{error:?}"),
            Self::Margin(error) => format!("{error:?}"),
            Self::Clearing(error) => format!("{error:?}"),
            Self::Liquidation(error) => format!("{error:?}"),
            Self::Exchange(error) => format!("{error:?}"),
            Self::Parameters(error) => format!("{error:?}"),
            Self::Lens(error) => format!("{error:?}"),
        };
        let inner = debug.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
        f.write_str(inner.unwrap_or(&debug))
    }
}
