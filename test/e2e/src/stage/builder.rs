//! The steps of setting up: what is created, and which parameters each contract gets.

use alloy_primitives::{Address, I256, U256};
use alloy_sol_types::{SolCall, SolValue};
use novate_abi::{IClearing, IExchange, ILiquidation, IMargin, IOracle, IRiskParameters};
use novate_client::{Chain, Deployment, Novate, Receipt, Wallet};

use super::{Artifacts, GasLog, IMockAggregator, IMockToken, Settings, StageError};

/// What the house itself lends, whole dollars.
pub(super) const HOUSE_SHARE: u64 = 100;

/// A connection with the governor at work.
#[derive(Debug)]
pub(super) struct Builder {
    pub(super) chain: Chain,
    pub(super) governor: Wallet,
    pub(super) gas: GasLog,
    pub(super) artifacts: Artifacts,
}

impl Builder {
    /// Creates a Solidity contract; `arguments` are its constructor's, ABI-encoded.
    pub(super) async fn solidity(
        &mut self,
        name: &str,
        arguments: &[u8],
    ) -> Result<Address, StageError> {
        let mut code = self.artifacts.solidity(name)?.to_vec();
        code.extend_from_slice(arguments);
        Ok(self.chain.create(&self.governor, code.into()).await?.0)
    }

    /// Creates an index feed of 8 decimals.
    pub(super) async fn feed(&mut self) -> Result<Address, StageError> {
        let arguments = (U256::from(8), String::from("Index / USD")).abi_encode_params();
        self.solidity("MockAggregator", &arguments).await
    }

    /// Creates and activates a program.
    pub(super) async fn program(&mut self, name: &str) -> Result<Address, StageError> {
        let code = self.artifacts.program(name)?;
        let deployed = self.chain.create_program(&self.governor, &code).await?;
        self.gas.note(format!("create {name}"), deployed.creation_gas);
        self.gas.note(format!("activate {name}"), deployed.activation_gas);
        Ok(deployed.program)
    }

    /// Initialises every contract; governor and guardian are one key here.
    pub(super) async fn initialise(
        &mut self,
        at: Deployment,
        cash: Address,
    ) -> Result<(), StageError> {
        let governor = self.governor.address();
        let Deployment { oracle, margin, clearing, liquidation, exchange, parameters, .. } = at;
        self.send(oracle, &IOracle::initializeCall { governor, guardian: governor }).await?;
        self.send(margin, &IMargin::initializeCall { keeper: parameters, oracle }).await?;
        let call = IRiskParameters::initializeCall { governor, guardian: governor, margin };
        self.send(parameters, &call).await?;
        self.send(
            clearing,
            &IClearing::initializeCall { governor, guardian: governor, cashToken: cash },
        )
        .await?;
        self.send(
            liquidation,
            &ILiquidation::initializeCall {
                governor,
                guardian: governor,
                clearing,
                margin,
                oracle,
            },
        )
        .await?;
        self.send(exchange, &IExchange::initializeCall { governor, guardian: governor, clearing })
            .await?;
        Ok(())
    }

    /// Gives oracle, margin and clearing their parameters. What margin and the oracle know of a collateral token must be there before
    /// clearing accepts it.
    pub(super) async fn configure(
        &mut self,
        at: Deployment,
        settings: &Settings,
        publishers: &[Wallet],
        feeds: &[Address],
        sequencer: Address,
        weth: Address,
    ) -> Result<(), StageError> {
        self.configure_oracle(at, settings, publishers, feeds, sequencer).await?;
        for underlying in &settings.underlyings {
            let number = underlying.number;
            let call = IRiskParameters::setUnderlyingCall {
                underlying: number,
                range: underlying.range,
                volatilityRangeUp: 500_000_000_000_000_000,
                volatilityRangeDown: 300_000_000_000_000_000,
            };
            self.send(at.parameters, &call).await?;
            let call = IRiskParameters::syncAllowancesCall { underlying: number };
            self.send(at.parameters, &call).await?;
            let [series, account] = underlying.caps;
            let call = IClearing::setCapsCall { underlying: number, series, account };
            self.send(at.clearing, &call).await?;
        }
        let collateral = settings.collateral;
        let call = IRiskParameters::setCollateralCall {
            collateral: 1,
            underlying: collateral.underlying,
            maintenanceHaircut: collateral.maintenance_haircut,
            initialHaircut: collateral.initial_haircut,
            cancelsRisk: collateral.cancels_risk,
        };
        self.send(at.parameters, &call).await?;
        let Deployment { oracle, margin, clearing, liquidation, exchange, .. } = at;
        self.send(clearing, &IClearing::setModulesCall { margin, oracle, liquidation }).await?;
        self.send(clearing, &IClearing::setVenueCall { venue: exchange, allowed: true }).await?;
        self.send(clearing, &IClearing::addCollateralCall { token: weth, cap: 10_u128.pow(24) })
            .await?;
        let rates = settings.fees;
        let call = IClearing::setFeesCall {
            optionRate: rates.option,
            optionPremiumCap: rates.premium_cap,
            optionMinimum: rates.option_minimum,
            makerRate: rates.maker,
            takerRate: rates.taker,
        };
        self.send(clearing, &call).await?;
        // 5% of a delta-one mark; of options the greater of 5% of the index and half of the mark.
        let call = IClearing::setBandsCall {
            deltaOne: 50_000,
            optionOfIndex: 50_000,
            optionOfMark: 500_000,
        };
        self.send(clearing, &call).await?;
        // 85% of the pool may be lent out; a debt needs 1%, and 2% initially.
        let call =
            IClearing::setLendingCall { limit: 850_000, maintenance: 10_000, initial: 20_000 };
        self.send(clearing, &call).await?;
        Ok(())
    }

    /// The house's own share of the pool, which stays: so that no pool is ever empty.
    pub(super) async fn seed_pool(
        &mut self,
        at: Deployment,
        usdc: Address,
    ) -> Result<(), StageError> {
        let tokens = U256::from(HOUSE_SHARE) * U256::from(1_000_000);
        let call = IMockToken::mintCall { to: self.governor.address(), amount: tokens };
        self.send(usdc, &call).await?;
        let novate = Novate::new(self.chain.clone(), at);
        let account = self.governor.account();
        novate.deposit(&self.governor, account, usdc, tokens).await?;
        let share = U256::from(HOUSE_SHARE) * U256::from(10_u64.pow(18));
        novate.lend(&self.governor, account, share).await?;
        Ok(())
    }

    async fn configure_oracle(
        &mut self,
        at: Deployment,
        settings: &Settings,
        publishers: &[Wallet],
        feeds: &[Address],
        sequencer: Address,
    ) -> Result<(), StageError> {
        self.send(at.oracle, &IOracle::setKeeperCall { keeper: at.parameters }).await?;
        for (underlying, feed) in settings.underlyings.iter().zip(feeds) {
            let answer = I256::try_from(crate::units::wad(underlying.price) / 10_000_000_000)
                .unwrap_or_default();
            self.send(*feed, &IMockAggregator::pushCall { answer }).await?;
            let feed = IOracle::Feed {
                feed: *feed,
                heartbeat: settings.heartbeat,
                minimumAnswer: 1_000_000_000_000_000,
                maximumAnswer: 10_u128.pow(27),
            };
            let call = IOracle::setFeedCall {
                underlying: underlying.number,
                feed,
                expectedPrice: crate::units::price(underlying.price),
            };
            self.send(at.oracle, &call).await?;
        }
        self.send(at.oracle, &IOracle::setSequencerFeedCall { feed: sequencer, grace: 1_800 })
            .await?;
        let mut addresses: Vec<Address> = publishers.iter().map(Wallet::address).collect();
        addresses.sort();
        let threshold = u8::try_from(publishers.len().saturating_sub(1).max(1)).unwrap_or(u8::MAX);
        self.send(at.oracle, &IOracle::setPublishersCall { publishers: addresses, threshold })
            .await?;
        Ok(())
    }

    async fn send<C: SolCall>(&self, target: Address, call: &C) -> Result<Receipt, StageError> {
        Ok(self.chain.send(&self.governor, target, call).await?)
    }
}
