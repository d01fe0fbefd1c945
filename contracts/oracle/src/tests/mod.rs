//! The oracle, through its ABI, against mocks of feeds.

#![allow(clippy::arithmetic_side_effects, reason = "test code: an overflow is a failed test")]
#![allow(clippy::indexing_slicing, reason = "test code: a wrong index is a failed test")]

mod admin;
mod market;
mod posts;
mod settlement;

use std::{cell::RefCell, collections::BTreeMap, rc::Rc, vec::Vec};

use alloy_primitives::{Address, B256, Bytes, I256, Signature, U256, address, aliases::U80};
use alloy_sol_types::{Eip712Domain, SolCall, SolError, SolStruct};
use novate_abi::{IAggregator, IOracle};
use novate_common::testing::World;

use crate::Oracle;

const ORACLE: Address = address!("0000000000000000000000000000000000000f0f");
const FEED: Address = address!("00000000000000000000000000000000000000fe");
const STABLE: Address = address!("00000000000000000000000000000000000000ff");
const SEQUENCER: Address = address!("00000000000000000000000000000000000000fd");
const GOVERNOR: Address = address!("0000000000000000000000000000000000000060");
const GUARDIAN: Address = address!("0000000000000000000000000000000000000061");
const ANYONE: Address = address!("00000000000000000000000000000000000000aa");
/// A whole hour.
const NOW: u64 = 1_700_002_800;
const HOUR: u64 = 3_600;
const EXPIRY: u64 = NOW + 30 * 24 * HOUR;
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
        self.world.set_timestamp(self.world.timestamp() + seconds);
    }

    fn digest<S: SolStruct>(&self, structure: &S) -> B256 {
        let domain = Eip712Domain::new(
            Some("Novate Oracle".into()),
            Some("1".into()),
            Some(U256::from(412_346)),
            Some(ORACLE),
            None,
        );
        assert_eq!(self.view(&IOracle::domainSeparatorCall {}), domain.separator());
        structure.eip712_signing_hash(&domain)
    }

    /// `count` signatures of a structure, ascending by signer, whose signers are made the publishers. Every pair (r, s) is a
    /// signature by somebody: that somebody is appointed.
    fn sign<S: SolStruct>(&self, structure: &S, count: usize) -> Vec<Bytes> {
        let digest = self.digest(structure);
        let mut signed: Vec<(Address, Bytes)> = (1_u64..)
            .filter_map(|number| {
                let signature = Signature::new(U256::from(number), U256::from(5), false);
                let signer = signature.recover_address_from_prehash(&digest).ok()?;
                Some((signer, signature.as_bytes().to_vec().into()))
            })
            .take(count)
            .collect();
        signed.sort_unstable();
        let publishers = signed.iter().map(|(signer, _)| *signer).collect();
        let threshold = u8::try_from(count).unwrap();
        self.govern(&IOracle::setPublishersCall { publishers, threshold });
        signed.into_iter().map(|(_, signature)| signature).collect()
    }

    fn post_surface(&self, surface: &IOracle::Surface) -> IOracle::postSurfaceCall {
        let signatures = self.sign(surface, 2);
        IOracle::postSurfaceCall { surface: surface.clone(), signatures }
    }

    fn post_mark(&self, mark: &IOracle::PerpetualMark) -> IOracle::postPerpetualMarkCall {
        let signatures = self.sign(mark, 2);
        IOracle::postPerpetualMarkCall { mark: mark.clone(), signatures }
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
    IOracle::setFeedCall { underlying: ETH, feed }
}

/// A plausible surface of a month.
fn surface() -> IOracle::Surface {
    IOracle::Surface {
        underlying: ETH,
        expiry: EXPIRY,
        modelTime: NOW,
        forward: PRICE / 1_000 * 1_010,
        rate: 50_000_000_000_000_000,
        a: 1_000_000_000_000_000,
        b: 30_000_000_000_000_000,
        rho: -250_000_000_000_000_000,
        m: 10_000_000_000_000_000,
        sigma: 150_000_000_000_000_000,
        forwardConfidence: ONE,
        rateConfidence: ONE - 1,
        volatilityConfidence: ONE - 2,
        nonce: 1,
    }
}

fn mark() -> IOracle::PerpetualMark {
    let mark = PRICE / 1_000 * 1_001;
    IOracle::PerpetualMark { underlying: ETH, modelTime: NOW, mark, confidence: ONE, nonce: 1 }
}
