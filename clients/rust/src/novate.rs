//! The deployed contracts, and what traders, publishers, keepers and liquidators do with them.

use alloy_primitives::{Address, B256, Bytes, I256, U256};
use alloy_sol_types::sol;
use novate_abi::{IClearing, IERC20, IExchange, ILiquidation, IMargin, IMarginLens, IOracle};
use serde::{Deserialize, Serialize};

use crate::{
    Chain, Error, Publisher, Receipt, Wallet, market_digest, settlement_proof, trade_digest,
};

/// Most rounds that one transaction observes.
const ROUNDS: usize = 64;

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

    /// Buys pool shares worth `amount` (18 decimals) with the account's cash.
    ///
    /// # Errors
    /// As [`Chain::send`].
    pub async fn lend(
        &self,
        wallet: &Wallet,
        account: B256,
        amount: U256,
    ) -> Result<Receipt, Error> {
        self.chain.send(wallet, self.at.clearing, &IClearing::lendCall { account, amount }).await
    }

    /// Turns pool shares worth `amount` (18 decimals) into cash.
    ///
    /// # Errors
    /// As [`Chain::send`].
    pub async fn redeem(
        &self,
        wallet: &Wallet,
        account: B256,
        amount: U256,
    ) -> Result<Receipt, Error> {
        self.chain.send(wallet, self.at.clearing, &IClearing::redeemCall { account, amount }).await
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

    /// Signs the market of an underlying by every publisher and relays it.
    ///
    /// # Errors
    /// As [`Chain::send`].
    pub async fn update(
        &self,
        relayer: &Wallet,
        publishers: &[Wallet],
        update: &IOracle::MarketUpdate,
    ) -> Result<Receipt, Error> {
        let digest = market_digest(self.chain.chain_id(), self.at.oracle, update);
        let signatures = sign_ascending(publishers, digest)?;
        let call = IOracle::updateCall { update: update.clone(), signatures };
        self.chain.send(relayer, self.at.oracle, &call).await
    }

    /// Relays the market `wanted` as far as its surfaces' allowances go: what was signed, and the least of eighths that a surface of
    /// it goes.
    ///
    /// # Errors
    /// As [`Chain::send`].
    pub async fn publish(
        &self,
        relayer: &Wallet,
        publishers: &[Wallet],
        record: &mut Publisher,
        wanted: &IOracle::MarketUpdate,
    ) -> Result<(Receipt, u8), Error> {
        let underlying = wanted.underlying;
        let call = IOracle::allowancesCall { underlying };
        let allowances = self.chain.view(self.at.oracle, &call).await?;
        let mut stored = Vec::new();
        for wanted in &wanted.expiries {
            let call = IOracle::expiryStateCall { underlying, expiry: wanted.expiry };
            stored.push(self.chain.view(self.at.oracle, &call).await?);
        }
        let (update, reached) = record.sign(wanted, &stored, &allowances);
        Ok((self.update(relayer, publishers, &update).await?, reached))
    }

    /// Observes the settlement window of `expiry` as far as the feed has rounds of it; the last receipt.
    ///
    /// # Errors
    /// [`Error::NoProof`] as long as there are none; as [`Chain::send`].
    pub async fn observe(
        &self,
        keeper: &Wallet,
        underlying: u8,
        expiry: u64,
    ) -> Result<Receipt, Error> {
        let feed = self.chain.view(self.at.oracle, &IOracle::feedCall { underlying }).await?.feed;
        let call = IOracle::settlementCall { underlying, expiry };
        let seen = self.chain.view(self.at.oracle, &call).await?.lastRound;
        let last = (!seen.is_zero()).then_some(seen);
        let rounds = settlement_proof(&self.chain, feed, expiry, last).await?;
        let mut receipt = Err(Error::NoProof("no round of the window"));
        for rounds in rounds.chunks(ROUNDS) {
            let rounds = rounds.iter().map(|round| round.id).collect();
            let call = IOracle::observeCall { underlying, expiry, rounds };
            receipt = Ok(self.chain.send(keeper, self.at.oracle, &call).await?);
        }
        receipt
    }

    /// Settles gains and funding of `accounts` at the mark.
    ///
    /// # Errors
    /// As [`Chain::send`].
    pub async fn touch(&self, keeper: &Wallet, accounts: Vec<B256>) -> Result<Receipt, Error> {
        self.chain.send(keeper, self.at.clearing, &IClearing::touchCall { accounts }).await
    }

    /// Settles what has expired in `accounts`.
    ///
    /// # Errors
    /// As [`Chain::send`].
    pub async fn settle(&self, keeper: &Wallet, accounts: Vec<B256>) -> Result<Receipt, Error> {
        self.chain.send(keeper, self.at.clearing, &IClearing::settleCall { accounts }).await
    }

    // ---- Liquidators

    /// Starts the auction of `account`, short under `scenarios` (one per underlying of its book, ascending; none: all are looked at),
    /// or sights the one that runs.
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

    /// Lets the clock of a running auction count; an account that isn't short any more ends it.
    ///
    /// # Errors
    /// As [`Chain::send`].
    pub async fn sight(&self, keeper: &Wallet, account: B256) -> Result<Receipt, Error> {
        self.chain.send(keeper, self.at.liquidation, &ILiquidation::sightCall { account }).await
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
        bid: &ILiquidation::Bid,
    ) -> Result<Receipt, Error> {
        let call = ILiquidation::startAndBidCall { bid: bid.clone() };
        self.chain.send(bidder, self.at.liquidation, &call).await
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

    /// Figures of `account`, from its book as stored, with the margin of its debt.
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
            closeEquity: figures.closeEquity,
            closeRequirement: figures.closeRequirement,
            lastEquity: figures.lastEquity,
            lastRequirement: figures.lastRequirement,
            healthyRequirement: figures.healthyRequirement,
        })
    }

    /// Value of the pool shares of `account`.
    ///
    /// # Errors
    /// As [`Chain::view`].
    pub async fn pool_shares(&self, account: B256) -> Result<U256, Error> {
        self.chain.view(self.at.clearing, &IClearing::poolSharesCall { account }).await
    }

    /// How often the owner of `account` acted.
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
    pub async fn ledger(&self) -> Result<IClearing::Ledger, Error> {
        self.chain.view(self.at.clearing, &IClearing::ledgerCall {}).await
    }

    /// Figures of each packed book.
    ///
    /// # Errors
    /// As [`Chain::view`].
    pub async fn assess(&self, books: Vec<Bytes>) -> Result<Vec<IMargin::Assessment>, Error> {
        let call = IMargin::assessCall { books, instruments: Vec::new() };
        Ok(self.chain.view(self.at.margin, &call).await?.assessments)
    }

    /// What each instrument is worth now; a number below 256 names a collateral token.
    ///
    /// # Errors
    /// As [`Chain::view`].
    pub async fn marks(&self, instruments: Vec<u64>) -> Result<Vec<IMargin::Mark>, Error> {
        let call = IMargin::assessCall { books: Vec::new(), instruments };
        Ok(self.chain.view(self.at.margin, &call).await?.marks)
    }

    /// Figures of a packed book after trades, without fees.
    ///
    /// # Errors
    /// As [`Chain::view`].
    pub async fn preview(
        &self,
        book: Bytes,
        trades: Vec<IMarginLens::Trade>,
    ) -> Result<IMarginLens::previewReturn, Error> {
        let call = IMarginLens::previewCall { margin: self.at.margin, book, trades };
        self.chain.view(self.at.lens, &call).await
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
