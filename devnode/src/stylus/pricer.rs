//! Price of keeping compiled programs: rises with demand, falls with time.

/// Wei per byte without demand.
const MINIMUM_PRICE: u64 = 82_928_201;
/// Demand that multiplies the price by e.
const INERTIA: u64 = 21_360_419;
/// Bytes by which demand falls each second: one TiB a year.
const BYTES_PER_SECOND: u32 = 34_865;
/// When the demand was zero.
const START: u64 = 1_421_388_000;

const ONE_IN_BIPS: u64 = 10_000;

/// Demand and when it was last seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DataPricer {
    pub(crate) demand: u32,
    pub(crate) updated: u64,
}

impl DataPricer {
    /// The pricer as stored; a chain that never priced anything starts without demand.
    pub(crate) const fn new(demand: u32, updated: u64) -> Self {
        Self { demand, updated: if updated == 0 { START } else { updated } }
    }

    /// Adds `bytes` to the demand and returns their price in wei.
    pub(crate) fn buy(&mut self, bytes: u32, time: u64) -> u64 {
        let elapsed = u32::try_from(time.saturating_sub(self.updated)).unwrap_or(u32::MAX);
        let credit = BYTES_PER_SECOND.saturating_mul(elapsed);
        self.demand = self.demand.saturating_sub(credit).saturating_add(bytes);
        self.updated = time;
        let exponent = ONE_IN_BIPS
            .saturating_mul(u64::from(self.demand))
            .checked_div(INERTIA)
            .unwrap_or_default();
        let price = MINIMUM_PRICE
            .saturating_mul(exp_bips(exponent))
            .checked_div(ONE_IN_BIPS)
            .unwrap_or_default();
        price.saturating_mul(u64::from(bytes))
    }
}

/// e^x in basis points, for x in basis points, by Horner's scheme with 12 terms.
fn exp_bips(x: u64) -> u64 {
    let mut result = ONE_IN_BIPS.saturating_add(x.checked_div(12).unwrap_or_default());
    for term in (1..12u64).rev() {
        let step = result
            .saturating_mul(x)
            .checked_div(term.saturating_mul(ONE_IN_BIPS))
            .unwrap_or_default();
        result = ONE_IN_BIPS.saturating_add(step);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_in_bips() {
        assert_eq!(exp_bips(0), 10_000);
        assert_eq!(exp_bips(10_000), 27_182);
        assert_eq!(exp_bips(441), 10_450);
    }

    #[test]
    fn demand_counts_the_program_itself_and_decays() {
        let mut pricer = DataPricer::new(0, 0);
        // 943,955 bytes: exponent 441 bips, price 82,928,201 * 1.0450 = 86,659,970 wei a byte.
        assert_eq!(pricer.buy(943_955, 1_800_000_000), 86_659_970 * 943_955);
        assert_eq!(pricer.demand, 943_955);
        let _ = pricer.buy(1_000, 1_800_000_010);
        assert_eq!(pricer.demand, 943_955 - 348_650 + 1_000);
    }
}
