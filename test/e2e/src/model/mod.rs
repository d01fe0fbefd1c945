//! Models on the host's side: what fits, generates and moves markets. In f64: nothing here decides about money, the
//! contracts do.

mod black;
mod chain;
mod market;
mod path;
mod simplex;
mod svi;

pub use black::{black, normal_cdf};
pub use chain::{generate_chain, generated_expiries};
pub use market::{Market, Slice, VolatilityRule};
pub use path::{JumpDiffusion, RealisedVolatility};
pub use simplex::minimise;
pub use svi::{FitError, FitPoint, SurfaceFit, Svi, fit_expiry, fit_points};
