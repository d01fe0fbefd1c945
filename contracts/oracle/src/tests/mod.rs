//! The oracle, through its ABI, against mocks of feeds.

#![allow(clippy::arithmetic_side_effects, reason = "test code: an overflow is a failed test")]
#![allow(clippy::indexing_slicing, reason = "test code: a wrong index is a failed test")]
#![allow(
    clippy::float_arithmetic,
    clippy::float_cmp,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "test code: expectations are reckoned in floating point"
)]

mod admin;
mod funding;
mod market;
mod movement;
mod rows;
mod settlement;
mod updates;

use std::{cell::RefCell, collections::BTreeMap, rc::Rc, vec::Vec};

use alloy_primitives::{
    Address, B256, Bytes, I256, Signature, U256, address,
    aliases::{I40, U40, U80},
};
use alloy_sol_types::{Eip712Domain, SolCall, SolError, SolEvent, SolStruct};
use novate_abi::{IAggregator, IOracle};
use novate_common::testing::World;

use crate::Oracle;

const ORACLE: Address = address!("0000000000000000000000000000000000000f0f");
const FEED: Address = address!("00000000000000000000000000000000000000fe");
const STABLE: Address = address!("00000000000000000000000000000000000000ff");
const SEQUENCER: Address = address!("00000000000000000000000000000000000000fd");
const GOVERNOR: Address = address!("0000000000000000000000000000000000000060");
const GUARDIAN: Address = address!("0000000000000000000000000000000000000061");
const KEEPER: Address = address!("0000000000000000000000000000000000000062");
const ANYONE: Address = address!("00000000000000000000000000000000000000aa");
/// A whole hour.
const NOW: u64 = 1_700_002_800;
const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;
const EXPIRY: u64 = NOW + 30 * DAY;
const ETH: u8 = 1;
const ONE: u64 = 1_000_000_000_000_000_000;
/// The feed's answer, 8 decimals, and the price it means.
const ANSWER: i64 = 300_000_000_000;
const PRICE: u128 = 3_000_000_000_000_000_000_000;
const PHASE: u128 = 1 << 64;

/// What a feed answers.
#[derive(Debug, Default)]
struct FeedState {
    /// Answer, start and update by round id.
    rounds: BTreeMap<u128, (I256, u64, u64)>,
    is_broken: bool,
}

#[derive(Debug)]
struct Bench {
    world: World,
    feed: Rc<RefCell<FeedState>>,
    stable: Rc<RefCell<FeedState>>,
    sequencer: Rc<RefCell<FeedState>>,
}

fn encoded<E: SolError>(error: &E) -> Vec<u8> {
    error.abi_encode()
}

/// Installs a feed of 8 decimals.
fn install(world: &World, at: Address) -> Rc<RefCell<FeedState>> {
    let state = Rc::new(RefCell::new(FeedState::default()));
    let shared = Rc::clone(&state);
    world.mock(at, move |_, message| {
        let state = shared.borrow();
        if state.is_broken {
            return Err(Vec::new());
        }
        let selector: [u8; 4] = message.data[..4].try_into().unwrap();
        let id = match selector {
            IAggregator::decimalsCall::SELECTOR => {
                return Ok(IAggregator::decimalsCall::abi_encode_returns(&8));
            }
            IAggregator::latestRoundDataCall::SELECTOR => state.rounds.keys().next_back().copied(),
            IAggregator::getRoundDataCall::SELECTOR => {
                let call = IAggregator::getRoundDataCall::abi_decode(&message.data).unwrap();
                Some(call.roundId.to::<u128>())
            }
            _ => None,
        };
        let (answer, started, updated) =
            *id.and_then(|id| state.rounds.get(&id)).ok_or_else(|| b"No data present".to_vec())?;
        let round = IAggregator::latestRoundDataReturn {
            roundId: U80::from(id.unwrap()),
            answer,
            startedAt: U256::from(started),
            updatedAt: U256::from(updated),
            answeredInRound: U80::from(id.unwrap()),
        };
        Ok(IAggregator::latestRoundDataCall::abi_encode_returns(&round))
    });
    state
}

impl FeedState {
    fn set(&mut self, id: u128, answer: i64, updated: u64) {
        self.rounds.insert(id, (I256::try_from(answer).unwrap(), updated, updated));
    }
}

impl Bench {
    /// An oracle with one feed, which was updated just now.
    fn new() -> Self {
        let world = World::default();
        world.set_timestamp(NOW);
        world.install::<Oracle>(ORACLE);
        let [feed, stable, sequencer] = [FEED, STABLE, SEQUENCER].map(|at| install(&world, at));
        let bench = Self { world, feed, stable, sequencer };
        let call = IOracle::initializeCall { governor: GOVERNOR, guardian: GUARDIAN };
        bench.world.send(ANYONE, ORACLE, &call).unwrap();
        bench.feed.borrow_mut().set(PHASE + 1, ANSWER, NOW);
        bench.govern(&set_feed());
        bench.govern(&IOracle::setKeeperCall { keeper: KEEPER });
        bench
    }

    fn govern<C: SolCall>(&self, call: &C) {
        self.world.send(GOVERNOR, ORACLE, call).unwrap();
    }

    fn view<C: SolCall>(&self, call: &C) -> C::Return {
        self.world.send(ANYONE, ORACLE, call).unwrap()
    }

    /// The revert data of a call that must leave everything as it is.
    fn refusal<C: SolCall>(&self, sender: Address, call: &C) -> Vec<u8> {
        let before = self.world.all_storage();
        let data = self.world.refusal(sender, ORACLE, call);
        assert_eq!(before, self.world.all_storage());
        data
    }

    fn wait(&self, seconds: u64) {
        self.world.set_timestamp(self.now() + seconds);
    }

    fn now(&self) -> u64 {
        self.world.timestamp()
    }

    /// The feed's next round, now.
    fn feed_answers(&self, answer: i64) {
        let mut feed = self.feed.borrow_mut();
        let id = feed.rounds.keys().next_back().copied().unwrap_or(PHASE) + 1;
        feed.set(id, answer, self.world.timestamp());
    }

    fn digest(&self, update: &IOracle::MarketUpdate) -> B256 {
        let domain = Eip712Domain::new(
            Some("Novate Oracle".into()),
            Some("2".into()),
            Some(U256::from(412_346)),
            Some(ORACLE),
            None,
        );
        assert_eq!(self.view(&IOracle::domainSeparatorCall {}), domain.separator());
        update.eip712_signing_hash(&domain)
    }

    /// `count` signatures of a message, ascending by signer, whose signers are made the publishers together with `others`. Every pair
    /// (r, s) is a signature by somebody: that somebody is appointed.
    fn sign(&self, update: &IOracle::MarketUpdate, count: usize, others: usize) -> Vec<Bytes> {
        let digest = self.digest(update);
        let mut signed: Vec<(Address, Bytes)> = (1_u64..)
            .filter_map(|number| {
                let signature = Signature::new(U256::from(number), U256::from(5), false);
                let signer = signature.recover_address_from_prehash(&digest).ok()?;
                Some((signer, signature.as_bytes().to_vec().into()))
            })
            .take(count)
            .collect();
        signed.sort_unstable();
        let strangers =
            (1..=others).map(|number| Address::repeat_byte(u8::try_from(number).unwrap()));
        let publishers = signed.iter().map(|(signer, _)| *signer).chain(strangers).collect();
        let threshold = u8::try_from(count.min(2)).unwrap();
        self.govern(&IOracle::setPublishersCall { publishers, threshold });
        signed.into_iter().map(|(_, signature)| signature).collect()
    }

    /// A call with the signatures of two publishers of three.
    fn signed(&self, update: &IOracle::MarketUpdate) -> IOracle::updateCall {
        IOracle::updateCall { signatures: self.sign(update, 2, 1), update: update.clone() }
    }

    /// A call with the signatures of all three publishers, of whom two are needed.
    fn signed_by_all(&self, update: &IOracle::MarketUpdate) -> IOracle::updateCall {
        IOracle::updateCall { signatures: self.sign(update, 3, 0), update: update.clone() }
    }

    fn post(&self, update: &IOracle::MarketUpdate) {
        let call = self.signed(update);
        self.world.send(ANYONE, ORACLE, &call).unwrap();
    }

    fn refused(&self, update: &IOracle::MarketUpdate) -> Vec<u8> {
        self.refusal(ANYONE, &self.signed(update))
    }

    fn state(&self, expiry: u64) -> IOracle::ExpiryState {
        self.view(&IOracle::expiryStateCall { underlying: ETH, expiry })
    }

    fn perpetual(&self) -> IOracle::perpetualReturn {
        self.view(&IOracle::perpetualCall { underlying: ETH })
    }

    /// What the last messages' events said of their expiries.
    fn told(&self) -> Vec<IOracle::ExpiryUpdated> {
        self.events()
    }

    fn events<E: SolEvent>(&self) -> Vec<E> {
        let logs = self.world.logs();
        let data = logs.into_iter().filter_map(|(_, topics, data)| {
            let data = alloy_primitives::LogData::new(topics, data.into())?;
            E::decode_log_data(&data).ok()
        });
        data.collect()
    }
}

fn set_feed() -> IOracle::setFeedCall {
    let (heartbeat, maximum) = (3_600, PRICE * 1_000);
    let feed = IOracle::Feed {
        feed: FEED,
        heartbeat,
        minimumAnswer: PRICE / 1_000,
        maximumAnswer: maximum,
    };
    IOracle::setFeedCall { underlying: ETH, feed, expectedPrice: PRICE }
}

fn i40(value: i64) -> I40 {
    I40::try_from(value).unwrap()
}

/// A plausible expiry of a month: about 26% at the money.
fn expiry() -> IOracle::ExpiryUpdate {
    IOracle::ExpiryUpdate {
        expiry: EXPIRY,
        forward: PRICE / 1_000 * 1_010,
        rate: 50_000_000,
        a: i40(1_000_000),
        b: 30_000_000,
        rho: -250_000_000,
        m: i40(10_000_000),
        sigma: U40::from(150_000_000),
        forwardConfidence: 10_000,
        rateConfidence: 9_999,
        volatilityConfidence: 9_998,
    }
}

/// An expiry after `days`, whose volatility is this many percent at every strike.
fn flat(days: u64, percent: i64) -> IOracle::ExpiryUpdate {
    let variance = percent * percent * 100_000 * i64::try_from(days).unwrap() / 365;
    IOracle::ExpiryUpdate {
        expiry: NOW + days * DAY,
        a: i40(variance),
        b: 0,
        rho: 0,
        m: i40(0),
        forward: PRICE,
        ..expiry()
    }
}

/// A market at the bench's start.
fn market() -> IOracle::MarketUpdate {
    IOracle::MarketUpdate {
        underlying: ETH,
        modelTime: NOW,
        indexReference: PRICE,
        perpetualMark: PRICE / 1_000 * 1_001,
        perpetualConfidence: 10_000,
        expiries: Vec::from([expiry()]),
    }
}

/// Whether two numbers are within a millionth of each other.
fn near(a: u128, b: u128) -> bool {
    a.abs_diff(b) <= a.max(b) / 1_000_000
}
