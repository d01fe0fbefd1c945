//! The deployed contracts, and what traders, publishers, keepers and liquidators do with them.

use alloy_primitives::{Address, B256, Bytes, I256, U256};
use alloy_sol_types::sol;
use novate_abi::{IClearing, IERC20, IExchange, ILiquidation, IMargin, IMarginLens, IOracle};
use serde::{Deserialize, Serialize};

use crate::{
    Chain, Error, Receipt, SettlementProof, Wallet, perpetual_mark_digest, settlement_proof,
    surface_digest, trade_digest,
};

sol! {
    /// What a depositor needs of a token beyond what clearing does.
    interface IApproval {
        function approve(address spender, uint256 amount) external;
    }
}

/// Where the contracts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// What things are worth.
    pub oracle: Address,
    /// What portfolios must hold.
    pub margin: Address,
    /// Who owns what.
    pub clearing: Address,
    /// Who is closed out.
    pub liquidation: Address,
    /// Which trades were agreed.
    pub exchange: Address,
    /// What governance decides about margin.
    pub parameters: Address,
    /// What people ask about a portfolio.
    pub lens: Address,
}

/// The contracts on a chain.
///
/// Money and prices have 18 decimals, quantities are millionths, token amounts are in the token's own decimals. Every
/// method fails as [`Chain::view`] or [`Chain::send`] do.
#[derive(Debug, Clone)]
pub struct Novate {
    /// The connection.
    pub chain: Chain,
    /// The contracts.
    pub at: Deployment,
}

impl Novate {
    /// The contracts `at` their addresses on `chain`.
    pub const fn new(chain: Chain, at: Deployment) -> Self {
        Self { chain, at }
    }

    /// Finds the other contracts from those that no contract names.
    ///
    /// # Errors
    /// As [`Chain::view`].
    pub async fn discover(
        chain: Chain,
        liquidation: Address,
        exchange: Address,
        lens: Address,
    ) -> Result<Self, Error> {
        let modules = chain.view(liquidation, &ILiquidation::modulesCall {}).await?;
        let at = Deployment {
            oracle: modules.oracle,
            margin: modules.margin,
            clearing: modules.clearing,
            liquidation,
            exchange,
            parameters: chain.view(modules.margin, &IMargin::keeperCall {}).await?,
            lens,
        };
        Ok(Self::new(chain, at))
    }

    // ---- Owner of an account

    /// Approves and deposits `amount` of `token` into `account`.
    ///
    /// # Errors
    /// As [`Chain::send`].
    pub async fn deposit(
        &self,
        wallet: &Wallet,
        account: B256,
        token: Address,
        amount: U256,
    ) -> Result<Receipt, Error> {
        let clearing = self.at.clearing;
        let allowance = IERC20::allowanceCall { owner: wallet.address(), spender: clearing };
        if self.chain.view(token, &allowance).await? < amount {
            self.chain
                .send(wallet, token, &IApproval::approveCall { spender: clearing, amount })
                .await?;
        }
        self.chain.send(wallet, clearing, &IClearing::depositCall { account, token, amount }).await
    }

    /// Withdraws `amount` of `token` from `account` to `receiver`.
    ///
    /// # Errors
    /// As [`Chain::send`].
    pub async fn withdraw(
        &self,
        wallet: &Wallet,
        account: B256,
        token: Address,
        amount: U256,
        receiver: Address,
    ) -> Result<Receipt, Error> {
        let call = IClearing::withdrawCall { account, token, amount, receiver };
        self.chain.send(wallet, self.at.clearing, &call).await
    }

    /// Signs a trade as one of its sides.
    ///
    /// # Errors
    /// As [`Wallet::sign`].
    pub fn sign_trade(&self, wallet: &Wallet, trade: &IExchange::Trade) -> Result<Bytes, Error> {
        wallet.sign(trade_digest(self.chain.chain_id(), self.at.exchange, trade))
    }

    /// Relays a trade that both sides signed.
    ///
    /// # Errors
    /// As [`Chain::send`].
    pub async fn trade(
        &self,
        relayer: &Wallet,
        trade: &IExchange::Trade,
        buyer: Bytes,
        seller: Bytes,
    ) -> Result<Receipt, Error> {
        let call = IExchange::tradeCall {
            trade: trade.clone(),
            buyerSignature: buyer,
            sellerSignature: seller,
        };
        self.chain.send(relayer, self.at.exchange, &call).await
    }

    // ---- Publishers and keepers

    /// Signs a surface by every publisher and relays it.
    ///
    /// # Errors
    /// As [`Chain::send`].
    pub async fn post_surface(
        &self,
        relayer: &Wallet,
        publishers: &[Wallet],
        surface: &IOracle::Surface,
    ) -> Result<Receipt, Error> {
        let digest = surface_digest(self.chain.chain_id(), self.at.oracle, surface);
        let signatures = sign_ascending(publishers, digest)?;
        let call = IOracle::postSurfaceCall { surface: surface.clone(), signatures };
        self.chain.send(relayer, self.at.oracle, &call).await
    }

    /// Signs a perpetual's mark by every publisher and relays it.
    ///
    /// # Errors
    /// As [`Chain::send`].
    pub async fn post_perpetual_mark(
        &self,
        relayer: &Wallet,
        publishers: &[Wallet],
        mark: &IOracle::PerpetualMark,
    ) -> Result<Receipt, Error> {
        let digest = perpetual_mark_digest(self.chain.chain_id(), self.at.oracle, mark);
        let signatures = sign_ascending(publishers, digest)?;
        let call = IOracle::postPerpetualMarkCall { mark: mark.clone(), signatures };
        self.chain.send(relayer, self.at.oracle, &call).await
    }

    /// Finds the rounds that prove the settlement price of `expiry` and proposes it.
    ///
    /// # Errors
    /// [`Error::NoProof`] as long as there is none; as [`Chain::send`].
    pub async fn propose_settlement(
        &self,
        keeper: &Wallet,
        underlying: u8,
        expiry: u64,
        least: usize,
    ) -> Result<Receipt, Error> {
        let feed = self.chain.view(self.at.oracle, &IOracle::feedCall { underlying }).await?.feed;
        match settlement_proof(&self.chain, feed, expiry, least).await? {
            SettlementProof::Average { first, last } => {
                let call = IOracle::proposeSettlementCall {
                    underlying,
                    expiry,
                    firstRound: first,
                    lastRound: last,
                };
                self.chain.send(keeper, self.at.oracle, &call).await
            }
            SettlementProof::After(round) => {
                let call = IOracle::proposeSettlementAfterCall { underlying, expiry, round };
                self.chain.send(keeper, self.at.oracle, &call).await
            }
        }
    }

    /// Settles what has expired in `accounts`.
    ///
    /// # Errors
    /// As [`Chain::send`].
    pub async fn settle(&self, keeper: &Wallet, accounts: Vec<B256>) -> Result<Receipt, Error> {
        self.chain.send(keeper, self.at.clearing, &IClearing::settleCall { accounts }).await
    }

    // ---- Liquidators

    /// Starts the auction of `account`, short under `scenarios`: one per underlying of its book, ascending.
    ///
    /// # Errors
    /// As [`Chain::send`].
    pub async fn start_auction(
        &self,
        keeper: &Wallet,
        account: B256,
        scenarios: Vec<u8>,
    ) -> Result<Receipt, Error> {
        self.chain
            .send(keeper, self.at.liquidation, &ILiquidation::startCall { account, scenarios })
            .await
    }

    /// Bids in a running auction.
    ///
    /// # Errors
    /// As [`Chain::send`].
    pub async fn bid(&self, bidder: &Wallet, bid: &ILiquidation::Bid) -> Result<Receipt, Error> {
        self.chain
            .send(bidder, self.at.liquidation, &ILiquidation::bidCall { bid: bid.clone() })
            .await
    }

    /// Starts an auction and bids in it, in one transaction.
    ///
    /// # Errors
    /// As [`Chain::send`].
    pub async fn start_and_bid(
        &self,
        bidder: &Wallet,
        scenarios: Vec<u8>,
        bid: &ILiquidation::Bid,
    ) -> Result<Receipt, Error> {
        let call = ILiquidation::startAndBidCall { scenarios, bid: bid.clone() };
        self.chain.send(bidder, self.at.liquidation, &call).await
    }

    /// Ends the auction of a recovered account.
    ///
    /// # Errors
    /// As [`Chain::send`].
    pub async fn release(&self, keeper: &Wallet, account: B256) -> Result<Receipt, Error> {
        self.chain.send(keeper, self.at.liquidation, &ILiquidation::releaseCall { account }).await
    }

    /// An auction as of now.
    ///
    /// # Errors
    /// As [`Chain::view`].
    pub async fn auction(&self, account: B256) -> Result<ILiquidation::Auction, Error> {
        self.chain.view(self.at.liquidation, &ILiquidation::auctionCall { account }).await
    }

    // ---- Views

    /// Cash of `account`, signed.
    ///
    /// # Errors
    /// As [`Chain::view`].
    pub async fn cash(&self, account: B256) -> Result<I256, Error> {
        self.chain.view(self.at.clearing, &IClearing::cashCall { account }).await
    }

    /// Positions of `account`, ascending by instrument.
    ///
    /// # Errors
    /// As [`Chain::view`].
    pub async fn positions(&self, account: B256) -> Result<Vec<IClearing::Position>, Error> {
        self.chain.view(self.at.clearing, &IClearing::positionsCall { account }).await
    }

    /// Collateral tokens of `account`.
    ///
    /// # Errors
    /// As [`Chain::view`].
    pub async fn collateral(
        &self,
        account: B256,
    ) -> Result<Vec<IClearing::CollateralBalance>, Error> {
        self.chain.view(self.at.clearing, &IClearing::collateralCall { account }).await
    }

    /// The packed book of `account`.
    ///
    /// # Errors
    /// As [`Chain::view`].
    pub async fn book(&self, account: B256) -> Result<Bytes, Error> {
        self.chain.view(self.at.clearing, &IClearing::bookCall { account }).await
    }

    /// Figures of `account`, from its book as stored.
    ///
    /// # Errors
    /// As [`Chain::view`].
    pub async fn figures(&self, account: B256) -> Result<IMargin::Assessment, Error> {
        let figures = self.chain.view(self.at.clearing, &IClearing::assessCall { account }).await?;
        Ok(IMargin::Assessment {
            equity: figures.equity,
            initialRequirement: figures.initialRequirement,
            maintenanceRequirement: figures.maintenanceRequirement,
            worstUnderlying: figures.worstUnderlying,
            worstScenario: figures.worstScenario,
            validity: figures.validity,
        })
    }

    /// How often `account` changed.
    ///
    /// # Errors
    /// As [`Chain::view`].
    pub async fn nonce(&self, account: B256) -> Result<u64, Error> {
        self.chain.view(self.at.clearing, &IClearing::nonceCall { account }).await
    }

    /// The sums of the ledger.
    ///
    /// # Errors
    /// As [`Chain::view`].
    pub async fn ledger(&self) -> Result<IClearing::ledgerReturn, Error> {
        self.chain.view(self.at.clearing, &IClearing::ledgerCall {}).await
    }

    /// Figures of each packed book.
    ///
    /// # Errors
    /// As [`Chain::view`].
    pub async fn assess(&self, books: Vec<Bytes>) -> Result<Vec<IMargin::Assessment>, Error> {
        self.chain.view(self.at.margin, &IMargin::assessCall { books }).await
    }

    /// Figures of a packed book after trades.
    ///
    /// # Errors
    /// As [`Chain::view`].
    pub async fn preview(
        &self,
        book: Bytes,
        trades: Vec<IMarginLens::Trade>,
    ) -> Result<IMargin::Assessment, Error> {
        let call = IMarginLens::previewCall { margin: self.at.margin, book, trades };
        let figures = self.chain.view(self.at.lens, &call).await?;
        Ok(IMargin::Assessment {
            equity: figures.equity,
            initialRequirement: figures.initialRequirement,
            maintenanceRequirement: figures.maintenanceRequirement,
            worstUnderlying: figures.worstUnderlying,
            worstScenario: figures.worstScenario,
            validity: figures.validity,
        })
    }

    /// Sensitivities of a packed book.
    ///
    /// # Errors
    /// As [`Chain::view`].
    pub async fn greeks(&self, book: Bytes) -> Result<Vec<IMarginLens::Greeks>, Error> {
        let call = IMarginLens::greeksCall { margin: self.at.margin, book };
        self.chain.view(self.at.lens, &call).await
    }
}

/// Signatures in ascending order of signer, as the oracle wants them.
fn sign_ascending(publishers: &[Wallet], digest: B256) -> Result<Vec<Bytes>, Error> {
    let mut publishers: Vec<&Wallet> = publishers.iter().collect();
    publishers.sort_by_key(|wallet| wallet.address());
    publishers.into_iter().map(|wallet| wallet.sign(digest)).collect()
}
