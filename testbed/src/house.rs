//! The deployed house, and what its people do.

use std::{cell::RefCell, collections::BTreeMap};

use alloy_primitives::{Address, B256, Bytes, I256, U256, aliases::U80};
use alloy_sol_types::{Eip712Domain, SolCall, SolError, SolEvent, SolStruct};
use novate_abi::{
    IClearing, IExchange, IGoverned, ILiquidation, IMargin, IOracle, IRiskParameters,
};
use novate_clearing::Clearing;
use novate_common::testing::World;
use novate_exchange::Exchange;
use novate_lens::Lens;
use novate_liquidation::Liquidation;
use novate_margin::Margin;
use novate_oracle::Oracle;
use novate_parameters::RiskParameters;

use crate::{
    keys::Key,
    market::{Aggregator, Model},
    token::Token,
    units::{DAY, ONE, PERCENT, WAD, contracts, dollars, units, wad},
};

pub const ORACLE: Address = Address::repeat_byte(0x0c);
pub const MARGIN: Address = Address::repeat_byte(0x3a);
pub const PARAMETERS: Address = Address::repeat_byte(0x9a);
pub const CLEARING: Address = Address::repeat_byte(0xc1);
pub const LIQUIDATION: Address = Address::repeat_byte(0x11);
pub const EXCHANGE: Address = Address::repeat_byte(0xe5);
pub const LENS: Address = Address::repeat_byte(0x1e);
pub const GOVERNOR: Address = Address::repeat_byte(0x60);
pub const GUARDIAN: Address = Address::repeat_byte(0x6a);
pub const ANYONE: Address = Address::repeat_byte(0xaa);

pub const ETH: u8 = 1;
/// The underlying that some houses list besides.
pub const SECOND: u8 = 2;
/// When a house opens: a whole hour.
pub const NOW: u64 = 1_764_000_000;
pub const INDEX: f64 = 3_000.0;
/// Collateral number of WETH.
pub const WETH: u8 = 1;
/// Any nonce.
pub const ANY: u64 = u64::MAX;

/// Why a call was refused.
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal(pub Vec<u8>);

impl std::fmt::Debug for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&crate::ledger::explain(&self.0))
    }
}

impl Refusal {
    pub fn is<E: SolError>(&self) -> bool {
        self.0.starts_with(&E::SELECTOR)
    }

    pub fn read<E: SolError>(&self) -> Option<E> {
        E::abi_decode(&self.0).ok()
    }
}

/// Somebody with a key and accounts.
#[derive(Debug, Clone)]
pub struct Trader {
    pub key: Key,
    pub account: B256,
}

impl Trader {
    pub fn new(number: u64) -> Self {
        let key = Key::new(number);
        let mut account = B256::ZERO;
        account[..20].copy_from_slice(key.address.as_slice());
        Self { key, account }
    }

    /// The account of that number of the same owner.
    pub fn other(&self, number: u8) -> Self {
        let mut other = self.clone();
        other.account[31] = number;
        other
    }

    pub fn address(&self) -> Address {
        self.key.address
    }
}

/// An account's figures.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    pub equity: f64,
    pub initial: f64,
    pub maintenance: f64,
    pub close_equity: f64,
    pub close: f64,
    pub last_equity: f64,
    pub last: f64,
    pub validity: u8,
    pub is_fully_paid: bool,
}

impl Figures {
    pub fn initial_excess(&self) -> f64 {
        self.equity - self.initial
    }

    pub fn excess(&self) -> f64 {
        self.close_equity - self.close
    }
}

/// A leg of a trade, from the buyer's side: negative contracts are sold by him.
#[derive(Debug, Clone, Copy)]
pub struct Leg(pub u64, pub f64, pub f64);

/// Everything.
#[derive(Debug)]
pub struct House {
    pub world: World,
    pub cash: Token,
    pub weth: Token,
    pub feed: Aggregator,
    pub stable: Aggregator,
    pub sequencer: Aggregator,
    pub publishers: Vec<Key>,
    pub model: RefCell<Model>,
    pub accounts: RefCell<Vec<B256>>,
    salt: RefCell<u64>,
}

/// Expiries that every house lists: 1, 7, 30, 90 and 365 days.
pub fn expiries() -> Vec<u64> {
    [1, 7, 30, 90, 365].map(|days| NOW + days * DAY).to_vec()
}

impl Default for House {
    fn default() -> Self {
        Self::new()
    }
}

impl House {
    /// A house at its first hour: ETH at 3,000, listed with perpetual and five expiries, WETH as collateral, fees as they are by default.
    pub fn new() -> Self {
        let world = World::default();
        world.set_timestamp(NOW);
        world.install::<Oracle>(ORACLE);
        world.install::<Margin>(MARGIN);
        world.install::<RiskParameters>(PARAMETERS);
        world.install::<Clearing>(CLEARING);
        world.install::<Liquidation>(LIQUIDATION);
        world.install::<Exchange>(EXCHANGE);
        world.install::<Lens>(LENS);
        let house = Self {
            cash: Token::install(&world, Address::repeat_byte(0xca), 6),
            weth: Token::install(&world, Address::repeat_byte(0xee), 18),
            feed: Aggregator::install(&world, Address::repeat_byte(0xfe)),
            stable: Aggregator::install(&world, Address::repeat_byte(0xff)),
            sequencer: Aggregator::install(&world, Address::repeat_byte(0xfd)),
            publishers: Self::some_publishers(),
            model: RefCell::new(Model::new(ETH, expiries())),
            accounts: RefCell::default(),
            salt: RefCell::new(0),
            world,
        };
        house.initialize();
        house.configure_oracle();
        house.configure_margin();
        house.configure_clearing();
        house.refresh();
        house
    }

    fn some_publishers() -> Vec<Key> {
        let mut keys: Vec<Key> = (9_001..9_004).map(Key::new).collect();
        keys.sort_by_key(|key| key.address);
        keys
    }

    fn initialize(&self) {
        let (governor, guardian) = (GOVERNOR, GUARDIAN);
        self.govern(ORACLE, &IOracle::initializeCall { governor, guardian });
        self.govern(MARGIN, &IMargin::initializeCall { keeper: PARAMETERS, oracle: ORACLE });
        self.govern(
            PARAMETERS,
            &IRiskParameters::initializeCall { governor, guardian, margin: MARGIN },
        );
        self.govern(
            CLEARING,
            &IClearing::initializeCall { governor, guardian, cashToken: self.cash.address },
        );
        let (clearing, margin, oracle) = (CLEARING, MARGIN, ORACLE);
        let call = ILiquidation::initializeCall { governor, guardian, clearing, margin, oracle };
        self.govern(LIQUIDATION, &call);
        self.govern(EXCHANGE, &IExchange::initializeCall { governor, guardian, clearing });
    }

    fn configure_oracle(&self) {
        self.feed.push(INDEX, NOW);
        self.stable.push(1.0, NOW);
        self.sequencer.push_raw(I256::ZERO, NOW - 30 * DAY, NOW - 30 * DAY);
        self.govern(
            ORACLE,
            &IOracle::setSequencerFeedCall { feed: self.sequencer.address, grace: 1_800 },
        );
        self.govern(
            ORACLE,
            &IOracle::setStableFeedCall { feed: self.stable.address, heartbeat: 86_400 },
        );
        self.govern(ORACLE, &self.feed_call());
        let publishers = self.publishers.iter().map(|key| key.address).collect();
        self.govern(ORACLE, &IOracle::setPublishersCall { publishers, threshold: 2 });
        self.govern(ORACLE, &IOracle::setKeeperCall { keeper: PARAMETERS });
    }

    fn feed_call(&self) -> IOracle::setFeedCall {
        let feed = IOracle::Feed {
            feed: self.feed.address,
            heartbeat: 3_600,
            minimumAnswer: WAD,
            maximumAnswer: 1_000_000 * WAD,
        };
        IOracle::setFeedCall { underlying: ETH, feed, expectedPrice: wad(INDEX) }
    }

    fn configure_margin(&self) {
        let call = IRiskParameters::setUnderlyingCall {
            underlying: ETH,
            range: 18 * PERCENT,
            volatilityRangeUp: ONE / 2,
            volatilityRangeDown: 30 * PERCENT,
        };
        self.govern(PARAMETERS, &call);
        let call = IRiskParameters::setCollateralCall {
            collateral: WETH,
            underlying: ETH,
            maintenanceHaircut: 5 * PERCENT,
            initialHaircut: 3 * PERCENT,
            cancelsRisk: true,
        };
        self.govern(PARAMETERS, &call);
        self.govern(PARAMETERS, &IRiskParameters::syncAllowancesCall { underlying: ETH });
    }

    fn configure_clearing(&self) {
        let (margin, oracle, liquidation) = (MARGIN, ORACLE, LIQUIDATION);
        self.govern(CLEARING, &IClearing::setModulesCall { margin, oracle, liquidation });
        self.govern(CLEARING, &IClearing::setVenueCall { venue: EXCHANGE, allowed: true });
        let call = IClearing::addCollateralCall { token: self.weth.address, cap: 10_000_000 * WAD };
        assert_eq!(self.govern(CLEARING, &call), WETH);
        self.fees(300, 125_000, 10_000_000_000_000_000, 100, 500);
        self.caps(1e13, 1e13);
    }

    pub fn fees(&self, option: u32, premium_cap: u32, least: u64, maker: i32, taker: u32) {
        let call = IClearing::setFeesCall {
            optionRate: option,
            optionPremiumCap: premium_cap,
            optionMinimum: least,
            makerRate: maker,
            takerRate: taker,
        };
        self.govern(CLEARING, &call);
    }

    /// No fees at all: for exact reckoning.
    pub fn no_fees(&self) {
        self.fees(0, 0, 0, 0, 0);
    }

    pub fn caps(&self, series: f64, account: f64) {
        let (series, account) = (wad(series), wad(account));
        self.govern(CLEARING, &IClearing::setCapsCall { underlying: ETH, series, account });
    }

    /// Lists a second underlying at `price`, with a token whose price it is: feed, token, and its collateral number.
    pub fn list_second(&self, price: f64) -> (Aggregator, Token, u8) {
        let feed = Aggregator::install(&self.world, Address::repeat_byte(0xfb));
        let token = Token::install(&self.world, Address::repeat_byte(0xeb), 18);
        feed.push(price, self.now());
        let listed = IOracle::Feed {
            feed: feed.address,
            heartbeat: 3_600,
            minimumAnswer: WAD / 1_000_000,
            maximumAnswer: 10_000_000 * WAD,
        };
        let call =
            IOracle::setFeedCall { underlying: SECOND, feed: listed, expectedPrice: wad(price) };
        self.govern(ORACLE, &call);
        let call = IRiskParameters::setUnderlyingCall {
            underlying: SECOND,
            range: 16 * PERCENT,
            volatilityRangeUp: ONE / 2,
            volatilityRangeDown: 30 * PERCENT,
        };
        self.govern(PARAMETERS, &call);
        let call = IRiskParameters::setCollateralCall {
            collateral: 2,
            underlying: SECOND,
            maintenanceHaircut: 5 * PERCENT,
            initialHaircut: 3 * PERCENT,
            cancelsRisk: true,
        };
        self.govern(PARAMETERS, &call);
        self.govern(PARAMETERS, &IRiskParameters::syncAllowancesCall { underlying: SECOND });
        let call = IClearing::addCollateralCall { token: token.address, cap: 1_000_000_000 * WAD };
        let number = self.govern(CLEARING, &call);
        let (series, account) = (wad(1e13), wad(1e13));
        self.govern(CLEARING, &IClearing::setCapsCall { underlying: SECOND, series, account });
        (feed, token, number)
    }

    // Calls

    /// A call by anyone to any contract; a refusal always says why.
    pub fn send<C: SolCall>(
        &self,
        sender: Address,
        target: Address,
        call: &C,
    ) -> Result<C::Return, Refusal> {
        self.world.send(sender, target, call).map_err(|data| {
            assert!(data.len() >= 4, "{} was refused without a word", C::SIGNATURE);
            Refusal(data)
        })
    }

    /// A call that must be refused: why.
    pub fn refused<C: SolCall>(&self, sender: Address, target: Address, call: &C) -> Refusal {
        match self.send(sender, target, call) {
            Ok(_) => panic!("{} was not refused", C::SIGNATURE),
            Err(refusal) => refusal,
        }
    }

    pub fn govern<C: SolCall>(&self, target: Address, call: &C) -> C::Return {
        self.send(GOVERNOR, target, call)
            .unwrap_or_else(|refusal| panic!("{}: {refusal:?}", C::SIGNATURE))
    }

    pub fn view<C: SolCall>(&self, target: Address, call: &C) -> C::Return {
        self.send(ANYONE, target, call)
            .unwrap_or_else(|refusal| panic!("{}: {refusal:?}", C::SIGNATURE))
    }

    /// Events of one kind since the beginning.
    pub fn events<E: SolEvent>(&self) -> Vec<E> {
        let logs = self.world.logs();
        let matching =
            logs.iter().filter(|(_, topics, _)| topics.first() == Some(&E::SIGNATURE_HASH));
        matching
            .map(|(_, topics, data)| E::decode_raw_log(topics.iter().copied(), data).unwrap())
            .collect()
    }

    // Time and market

    pub fn now(&self) -> u64 {
        self.world.timestamp()
    }

    pub fn wait(&self, seconds: u64) {
        self.world.set_timestamp(self.now() + seconds);
    }

    pub fn index(&self) -> f64 {
        self.feed.latest()
    }

    /// A round of now, and of the stable coin's feed, which stays at 1.
    pub fn set_index(&self, price: f64) {
        self.feed.push(price, self.now());
        self.stable.push(1.0, self.now());
    }

    /// The publishers' message of now.
    pub fn message(&self) -> IOracle::MarketUpdate {
        self.model.borrow().message(self.now(), self.index())
    }

    pub fn signatures(&self, update: &IOracle::MarketUpdate, count: usize) -> Vec<Bytes> {
        let domain = self.domain("Novate Oracle", "2", ORACLE);
        let digest = update.eip712_signing_hash(&domain);
        self.publishers.iter().take(count).map(|key| key.sign(digest).into()).collect()
    }

    pub fn domain(&self, name: &'static str, version: &'static str, at: Address) -> Eip712Domain {
        let chain = Some(U256::from(412_346));
        Eip712Domain::new(Some(name.into()), Some(version.into()), chain, Some(at), None)
    }

    /// Relays a message that two of three publishers signed.
    pub fn relay(&self, update: &IOracle::MarketUpdate) -> Result<(), Refusal> {
        let signatures = self.signatures(update, 2);
        let call = IOracle::updateCall { update: update.clone(), signatures };
        self.send(ANYONE, ORACLE, &call).map(|_| ())
    }

    /// Relays a message that all publishers signed.
    pub fn relay_by_all(&self, update: &IOracle::MarketUpdate) -> Result<(), Refusal> {
        let signatures = self.signatures(update, self.publishers.len());
        let call = IOracle::updateCall { update: update.clone(), signatures };
        self.send(ANYONE, ORACLE, &call).map(|_| ())
    }

    /// The model's message of now, relayed; a second later if there was one just now.
    pub fn publish(&self) {
        let call = IOracle::perpetualCall { underlying: ETH };
        if self.view(ORACLE, &call).modelTime >= self.now() {
            self.wait(1);
        }
        self.relay(&self.message()).unwrap();
    }

    /// The same, if it is taken.
    pub fn publish_if_possible(&self) {
        self.relay(&self.message()).ok();
    }

    /// A round at the last price, and the model's message.
    pub fn refresh(&self) {
        self.set_index(self.index());
        self.publish();
    }

    /// The index moves, and publishers say what they see.
    pub fn move_index(&self, price: f64) {
        self.set_index(price);
        self.publish();
    }

    /// Time passes with a round and a message every `step` seconds.
    pub fn pass(&self, seconds: u64, step: u64) {
        let end = self.now() + seconds;
        while self.now() < end {
            self.wait(step.min(end - self.now()));
            self.refresh();
        }
    }

    pub fn observe(&self, expiry: u64, rounds: Vec<U80>) -> Result<(), Refusal> {
        let call = IOracle::observeCall { underlying: ETH, expiry, rounds };
        self.send(ANYONE, ORACLE, &call).map(|_| ())
    }

    /// Observes every round of the window that there is.
    pub fn observe_all(&self, expiry: u64) -> Result<(), Refusal> {
        self.observe(expiry, self.feed.window(expiry - 1_800, expiry))
    }

    pub fn settlement(&self, expiry: u64) -> IOracle::Settlement {
        self.view(ORACLE, &IOracle::settlementCall { underlying: ETH, expiry })
    }

    // People

    /// Somebody new, whose account the ledger's checks will count.
    pub fn trader(&self, number: u64) -> Trader {
        let trader = Trader::new(number);
        self.watch(&trader);
        trader
    }

    pub fn watch(&self, trader: &Trader) {
        let mut accounts = self.accounts.borrow_mut();
        if !accounts.contains(&trader.account) {
            accounts.push(trader.account);
        }
    }

    /// Somebody new with cash in his account.
    pub fn funded(&self, number: u64, amount: f64) -> Trader {
        let trader = self.trader(number);
        self.fund(&trader, amount);
        trader
    }

    pub fn fund(&self, trader: &Trader, amount: f64) {
        self.cash.mint(&self.world, trader.address(), units(amount));
        self.deposit(trader, amount).unwrap();
    }

    pub fn fund_weth(&self, trader: &Trader, amount: f64) {
        self.weth.mint(&self.world, trader.address(), U256::from(wad(amount)));
        self.deposit_weth(trader, amount).unwrap();
    }

    pub fn deposit(&self, trader: &Trader, amount: f64) -> Result<(), Refusal> {
        self.deposit_units(trader, self.cash.address, units(amount))
    }

    pub fn deposit_weth(&self, trader: &Trader, amount: f64) -> Result<(), Refusal> {
        self.deposit_units(trader, self.weth.address, U256::from(wad(amount)))
    }

    pub fn deposit_units(
        &self,
        trader: &Trader,
        token: Address,
        amount: U256,
    ) -> Result<(), Refusal> {
        let call = IClearing::depositCall { account: trader.account, token, amount };
        self.send(trader.address(), CLEARING, &call).map(|_| ())
    }

    pub fn withdraw(&self, trader: &Trader, amount: f64) -> Result<(), Refusal> {
        self.withdraw_units(trader, self.cash.address, units(amount))
    }

    pub fn withdraw_weth(&self, trader: &Trader, amount: f64) -> Result<(), Refusal> {
        self.withdraw_units(trader, self.weth.address, U256::from(wad(amount)))
    }

    pub fn withdraw_units(
        &self,
        trader: &Trader,
        token: Address,
        amount: U256,
    ) -> Result<(), Refusal> {
        let (account, receiver) = (trader.account, trader.address());
        let call = IClearing::withdrawCall { account, token, amount, receiver };
        self.send(receiver, CLEARING, &call).map(|_| ())
    }

    pub fn lend(&self, trader: &Trader, amount: f64) -> Result<(), Refusal> {
        let call = IClearing::lendCall { account: trader.account, amount: U256::from(wad(amount)) };
        self.send(trader.address(), CLEARING, &call).map(|_| ())
    }

    pub fn redeem(&self, trader: &Trader, amount: f64) -> Result<(), Refusal> {
        let call =
            IClearing::redeemCall { account: trader.account, amount: U256::from(wad(amount)) };
        self.send(trader.address(), CLEARING, &call).map(|_| ())
    }

    pub fn insure(&self, amount: f64) {
        self.cash.mint(&self.world, ANYONE, units(amount));
        let call = IClearing::fundInsuranceCall { amount: units(amount) };
        self.send(ANYONE, CLEARING, &call).unwrap();
    }

    pub fn touch(&self, traders: &[&Trader]) -> Result<(), Refusal> {
        let accounts = traders.iter().map(|trader| trader.account).collect();
        self.send(ANYONE, CLEARING, &IClearing::touchCall { accounts }).map(|_| ())
    }

    pub fn settle(&self, traders: &[&Trader]) -> Result<(), Refusal> {
        let accounts = traders.iter().map(|trader| trader.account).collect();
        self.send(ANYONE, CLEARING, &IClearing::settleCall { accounts }).map(|_| ())
    }

    // Trades

    pub fn agreed(&self, buyer: &Trader, seller: &Trader, legs: &[Leg]) -> IExchange::tradeCall {
        let mut salt = self.salt.borrow_mut();
        *salt += 1;
        let legs = legs.iter().map(|Leg(instrument, quantity, price)| IExchange::Leg {
            instrument: *instrument,
            quantity: contracts(*quantity),
            price: wad(*price),
        });
        let trade = IExchange::Trade {
            buyer: buyer.account,
            seller: seller.account,
            buyerIsMaker: true,
            legs: legs.collect(),
            deadline: self.now() + DAY,
            salt: U256::from(*salt),
        };
        self.sign_trade(buyer, seller, trade)
    }

    pub fn sign_trade(
        &self,
        buyer: &Trader,
        seller: &Trader,
        trade: IExchange::Trade,
    ) -> IExchange::tradeCall {
        let digest = trade.eip712_signing_hash(&self.domain("Novate Exchange", "1", EXCHANGE));
        IExchange::tradeCall {
            trade,
            buyerSignature: buyer.key.sign(digest).into(),
            sellerSignature: seller.key.sign(digest).into(),
        }
    }

    pub fn trade_legs(&self, buyer: &Trader, seller: &Trader, legs: &[Leg]) -> Result<(), Refusal> {
        let call = self.agreed(buyer, seller, legs);
        self.send(ANYONE, EXCHANGE, &call).map(|_| ())
    }

    pub fn trade(
        &self,
        buyer: &Trader,
        seller: &Trader,
        instrument: u64,
        quantity: f64,
        price: f64,
    ) -> Result<(), Refusal> {
        self.trade_legs(buyer, seller, &[Leg(instrument, quantity, price)])
    }

    /// The mark of an instrument from margin's own snapshot.
    pub fn marked(&self, instrument: u64) -> IMargin::Mark {
        let call = IMargin::assessCall { books: Vec::new(), instruments: vec![instrument] };
        self.view(MARGIN, &call).marks.remove(0)
    }

    pub fn mark(&self, instrument: u64) -> f64 {
        self.marked(instrument).mark as f64 / 1e18
    }

    /// A trade at the mark, to the unit.
    pub fn trade_at_mark(
        &self,
        buyer: &Trader,
        seller: &Trader,
        instrument: u64,
        quantity: f64,
    ) -> Result<(), Refusal> {
        let mark = self.marked(instrument).mark;
        let mut call = self.agreed(buyer, seller, &[Leg(instrument, quantity, 0.0)]);
        call.trade.legs[0].price = mark;
        let call = self.sign_trade(buyer, seller, call.trade);
        self.send(ANYONE, EXCHANGE, &call).map(|_| ())
    }

    // Liquidation

    pub fn start(&self, by: Address, account: &Trader) -> Result<(), Refusal> {
        let call =
            ILiquidation::startCall { account: account.account, scenarios: Vec::new().into() };
        self.send(by, LIQUIDATION, &call).map(|_| ())
    }

    pub fn sight(&self, account: &Trader) -> Result<(), Refusal> {
        let call = ILiquidation::sightCall { account: account.account };
        self.send(ANYONE, LIQUIDATION, &call).map(|_| ())
    }

    pub fn auction(&self, account: &Trader) -> ILiquidation::Auction {
        self.view(LIQUIDATION, &ILiquidation::auctionCall { account: account.account })
    }

    /// A bid for `fraction` of the whole, without limits.
    pub fn whole(&self, account: &Trader, bidder: &Trader, fraction: U256) -> ILiquidation::Bid {
        ILiquidation::Bid {
            account: account.account,
            bidder: bidder.account,
            cut: ILiquidation::Cut { kind: 0, underlying: 0, fraction, legs: Vec::new() },
            minimumFraction: U256::ZERO,
            maximumPrice: U256::MAX,
            minimumWorth: I256::MIN,
            expectedNonce: ANY,
            deadline: self.now(),
        }
    }

    pub fn bid(
        &self,
        bidder: &Trader,
        bid: &ILiquidation::Bid,
    ) -> Result<ILiquidation::bidReturn, Refusal> {
        self.send(bidder.address(), LIQUIDATION, &ILiquidation::bidCall { bid: bid.clone() })
    }

    pub fn start_and_bid(
        &self,
        bidder: &Trader,
        bid: &ILiquidation::Bid,
    ) -> Result<ILiquidation::startAndBidReturn, Refusal> {
        self.send(
            bidder.address(),
            LIQUIDATION,
            &ILiquidation::startAndBidCall { bid: bid.clone() },
        )
    }

    // Views

    pub fn figures(&self, trader: &Trader) -> Figures {
        let seen = self.view(CLEARING, &IClearing::assessCall { account: trader.account });
        Figures {
            equity: dollars(seen.equity),
            initial: crate::units::dollars_of(seen.initialRequirement),
            maintenance: crate::units::dollars_of(seen.maintenanceRequirement),
            close_equity: dollars(seen.closeEquity),
            close: crate::units::dollars_of(seen.closeRequirement),
            last_equity: dollars(seen.lastEquity),
            last: crate::units::dollars_of(seen.lastRequirement),
            validity: seen.validity,
            is_fully_paid: seen.isFullyPaid,
        }
    }

    pub fn cash_of(&self, trader: &Trader) -> I256 {
        self.view(CLEARING, &IClearing::cashCall { account: trader.account })
    }

    pub fn positions(&self, trader: &Trader) -> BTreeMap<u64, i64> {
        let call = IClearing::positionsCall { account: trader.account };
        let held = self.view(CLEARING, &call);
        held.into_iter().map(|position| (position.instrument, position.quantity)).collect()
    }

    pub fn wallet(&self, trader: &Trader) -> f64 {
        let cash = self.cash.balance(&self.world, trader.address());
        let weth = self.weth.balance(&self.world, trader.address());
        crate::units::dollars_of(cash) * 1e12 + crate::units::dollars_of(weth) * self.index()
    }

    /// What would be paid out of an account now: the most cash that a withdrawal takes.
    pub fn withdrawable(&self, trader: &Trader) -> f64 {
        let (mut least, mut most) = (
            0_u128,
            self.cash_of(trader).max(I256::ZERO).unsigned_abs().to::<u128>() / 1_000_000_000_000,
        );
        let pays = |amount: u128| {
            self.world.trying(|_| {
                self.withdraw_units(trader, self.cash.address, U256::from(amount)).is_ok()
            })
        };
        if pays(most) {
            return most as f64 / 1e6;
        }
        while most - least > 1 {
            let middle = u128::midpoint(least, most);
            if pays(middle) { least = middle } else { most = middle }
        }
        least as f64 / 1e6
    }

    /// What a group could carry away: wallets, and what their accounts would pay out now.
    pub fn extractable(&self, group: &[&Trader]) -> f64 {
        let mut owners: Vec<Address> = Vec::new();
        let mut total = 0.0;
        for trader in group {
            if !owners.contains(&trader.address()) {
                owners.push(trader.address());
                total += self.wallet(trader);
            }
            total += self.withdrawable(trader);
        }
        total
    }

    pub fn pause(&self, target: Address, mask: u64) -> Result<(), Refusal> {
        let call = IGoverned::pauseCall { mask: U256::from(mask) };
        self.send(GUARDIAN, target, &call).map(|_| ())
    }
}
