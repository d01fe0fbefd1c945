//! What must hold after every call, and refusals in words.

use std::collections::BTreeMap;

use alloy_primitives::{I256, U256};
use alloy_sol_types::SolInterface;
use novate_abi::{
    IClearing, IErrors, IExchange, IGoverned, ILiquidation, IMargin, IOracle, IRiskParameters,
};

use crate::{House, house::CLEARING, units::signed};

/// The error that revert data carry, as it reads in Rust.
pub fn explain(data: &[u8]) -> String {
    macro_rules! try_all {
        ($($errors:ty),*) => {
            $(if let Ok(error) = <$errors>::abi_decode(data) { return format!("{error:?}"); })*
        };
    }
    try_all!(
        IErrors::IErrorsErrors,
        IClearing::IClearingErrors,
        ILiquidation::ILiquidationErrors,
        IOracle::IOracleErrors,
        IMargin::IMarginErrors,
        IExchange::IExchangeErrors,
        IRiskParameters::IRiskParametersErrors,
        IGoverned::IGovernedErrors
    );
    format!("{:02x?}", &data[..data.len().min(64)])
}

impl House {
    pub fn ledger(&self) -> IClearing::Ledger {
        self.view(CLEARING, &IClearing::ledgerCall {})
    }

    /// Tokens held, 18 decimals.
    pub fn tokens_held(&self) -> I256 {
        let held = self.cash.balance(&self.world, CLEARING);
        signed(held * U256::from(1_000_000_000_000_u64))
    }

    /// The ledger's identity to the unit; its running totals against every account; quantities that sum to zero; open interest.
    pub fn check(&self) {
        let ledger = self.ledger();
        let owed = ledger.cash
            + signed(ledger.pool)
            + ledger.variation
            + signed(ledger.fees)
            + signed(ledger.insurance)
            - signed(ledger.carried);
        assert_eq!(self.tokens_held(), owed, "{ledger:?}");
        let lent_out = signed(ledger.debts) - ledger.variation + signed(ledger.carried);
        assert_eq!(ledger.lentOut, lent_out, "{ledger:?}");
        let mut cash = I256::ZERO;
        let mut debts = U256::ZERO;
        let mut pool = U256::ZERO;
        let mut sums: BTreeMap<u64, i64> = BTreeMap::new();
        let mut longs: BTreeMap<(u8, u64), u128> = BTreeMap::new();
        for account in self.accounts.borrow().iter().copied() {
            let own = self.view(CLEARING, &IClearing::cashCall { account });
            cash += own;
            debts += (-own.min(I256::ZERO)).unsigned_abs();
            pool += self.view(CLEARING, &IClearing::poolSharesCall { account });
            for held in self.view(CLEARING, &IClearing::positionsCall { account }) {
                assert_ne!(held.quantity, 0);
                let instrument = novate_risk::Instrument::decode(held.instrument).unwrap();
                let expiry = instrument.expiry().unwrap_or(0);
                // What is expired leaves account by account.
                if expiry != 0 && expiry <= self.now() {
                    continue;
                }
                *sums.entry(held.instrument).or_default() += held.quantity;
                if held.quantity > 0 {
                    let long = u128::from(held.quantity.unsigned_abs());
                    *longs.entry((instrument.underlying(), expiry)).or_default() += long;
                }
            }
        }
        assert_eq!((cash, debts, pool), (ledger.cash, ledger.debts, ledger.pool), "{ledger:?}");
        assert!(sums.values().all(|sum| *sum == 0), "{sums:?}");
        for ((underlying, expiry), open) in longs {
            let call = IClearing::openInterestCall { underlying, expiry };
            assert_eq!(self.view(CLEARING, &call), open, "{expiry}");
        }
    }
}
