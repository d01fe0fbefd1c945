//! What clearing tells.

use alloy_primitives::U256;
use novate_abi::IClearing::{
    CollateralBalance, Position, bookCall, cashCall, cashTokenCall, collateralCall,
    collateralTokenCall, collateralTokenReturn, feesCall, feesReturn, isVenueCall, ledgerCall,
    ledgerReturn, modulesCall, modulesReturn, nonceCall, openInterestCall, openInterestCapCall,
    positionsCall,
};
use novate_common::{Answer, Input, returns};

use crate::{Clearing, error::widen, load::packed};

impl Clearing {
    /// `modules()`.
    pub(crate) fn modules(&self) -> Answer {
        returns::<modulesCall>(&modulesReturn {
            margin: self.margin.get(),
            oracle: self.oracle.get(),
            liquidation: self.liquidation.get(),
        })
    }

    /// `isVenue(venue)`.
    pub(crate) fn is_venue(&self, input: &mut Input<'_>) -> Answer {
        returns::<isVenueCall>(&self.venues.get(input.address()?))
    }

    /// `cashToken()`.
    pub(crate) fn cash_token(&self) -> Answer {
        returns::<cashTokenCall>(&self.cash_token.get())
    }

    /// `collateralToken(collateral)`: zeros for a number not given.
    pub(crate) fn collateral_token(&self, input: &mut Input<'_>) -> Answer {
        let token = self.tokens.getter(input.u8()?);
        returns::<collateralTokenCall>(&collateralTokenReturn {
            token: token.address.get(),
            cap: token.cap.get().to(),
            total: token.total.get().to(),
        })
    }

    /// `fees()`.
    pub(crate) fn fees(&self) -> Answer {
        returns::<feesCall>(&feesReturn {
            optionRate: self.option_rate.get().to(),
            optionPremiumCap: self.option_premium_cap.get().to(),
            makerRate: self.maker_rate.get().to(),
            takerRate: self.taker_rate.get().to(),
        })
    }

    /// `openInterest(instrument)`.
    pub(crate) fn open_interest_of(&self, input: &mut Input<'_>) -> Answer {
        returns::<openInterestCall>(&self.open_interest.get(input.u64()?).to())
    }

    /// `openInterestCap(underlying)`.
    pub(crate) fn open_interest_cap(&self, input: &mut Input<'_>) -> Answer {
        returns::<openInterestCapCall>(&self.caps.get(input.u8()?).to())
    }

    /// `cash(account)`.
    pub(crate) fn cash(&self, input: &mut Input<'_>) -> Answer {
        returns::<cashCall>(&widen(self.header(input.bytes32()?).cash))
    }

    /// `positions(account)`.
    pub(crate) fn positions(&self, input: &mut Input<'_>) -> Answer {
        let loaded = self.load_account(input.bytes32()?)?;
        let positions = loaded.book.holdings().map(|held| Position {
            instrument: held.instrument.id(),
            quantity: held.quantity,
            referencePrice: held.reference.price,
            fundingReference: held.reference.funding,
        });
        returns::<positionsCall>(&positions.collect())
    }

    /// `collateral(account)`.
    pub(crate) fn collateral(&self, input: &mut Input<'_>) -> Answer {
        let loaded = self.load_account(input.bytes32()?)?;
        let balances = loaded.book.collateral().iter().map(|held| CollateralBalance {
            token: self.tokens.getter(held.collateral).address.get(),
            amount: held.amount,
        });
        returns::<collateralCall>(&balances.collect())
    }

    /// `nonce(account)`.
    pub(crate) fn nonce(&self, input: &mut Input<'_>) -> Answer {
        returns::<nonceCall>(&self.header(input.bytes32()?).nonce)
    }

    /// `book(account)`.
    pub(crate) fn book(&self, input: &mut Input<'_>) -> Answer {
        let loaded = self.load_account(input.bytes32()?)?;
        returns::<bookCall>(&packed(&loaded.book).into())
    }

    /// `ledger()`.
    pub(crate) fn ledger(&self) -> Answer {
        let ledger = self.load_ledger();
        returns::<ledgerCall>(&ledgerReturn {
            totalCash: widen(ledger.cash),
            variation: widen(ledger.variation),
            fees: U256::from(ledger.fees),
            insurance: U256::from(ledger.insurance),
        })
    }
}
