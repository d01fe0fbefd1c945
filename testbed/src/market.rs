//! Aggregators that a test steers, and the model whose messages publishers sign.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use alloy_primitives::{Address, I256, U256, aliases::U80};
use alloy_sol_types::SolCall;
use novate_abi::{IAggregator, IOracle};
use novate_common::testing::{Message, World};

use crate::units::{HOUR, wad};

/// What an aggregator keeps and how it fails.
#[derive(Debug, Default)]
pub struct Rounds {
    /// Answer (8 decimals), start and update by round id.
    pub rounds: BTreeMap<u128, (I256, u64, u64)>,
    /// Answers to nothing.
    pub is_dead: bool,
    pub phase: u128,
}

/// An aggregator of 8 decimals, with rounds and phases.
#[derive(Debug, Clone)]
pub struct Aggregator {
    pub address: Address,
    pub state: Rc<RefCell<Rounds>>,
}

impl Aggregator {
    pub fn install(world: &World, address: Address) -> Self {
        let state = Rc::new(RefCell::new(Rounds { phase: 1, ..Rounds::default() }));
        let aggregator = Self { address, state };
        let program = aggregator.clone();
        world.mock(address, move |_, message| program.answer(message));
        aggregator
    }

    fn answer(&self, message: &Message) -> Result<Vec<u8>, Vec<u8>> {
        let state = self.state.borrow();
        if state.is_dead {
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
        let round = U80::from(id.unwrap());
        let data = IAggregator::latestRoundDataReturn {
            roundId: round,
            answer,
            startedAt: U256::from(started),
            updatedAt: U256::from(updated),
            answeredInRound: round,
        };
        Ok(IAggregator::latestRoundDataCall::abi_encode_returns(&data))
    }

    /// A round of the phase in force: its id.
    pub fn push(&self, price: f64, updated: u64) -> u128 {
        self.push_raw(I256::try_from((price * 1e8).round() as i64).unwrap(), updated, updated)
    }

    pub fn push_raw(&self, answer: I256, started: u64, updated: u64) -> u128 {
        let mut state = self.state.borrow_mut();
        let phase = state.phase << 64;
        let last = state.rounds.range(phase..).next_back().map_or(phase, |(id, _)| *id);
        state.rounds.insert(last + 1, (answer, started, updated));
        last + 1
    }

    /// The next round begins a new phase.
    pub fn next_phase(&self) {
        self.state.borrow_mut().phase += 1;
    }

    pub fn set_dead(&self, is_dead: bool) {
        self.state.borrow_mut().is_dead = is_dead;
    }

    pub fn latest(&self) -> f64 {
        let state = self.state.borrow();
        let (answer, _, _) = state.rounds.values().next_back().unwrap();
        answer.to_string().parse::<f64>().unwrap() / 1e8
    }

    /// Ids of the rounds from the one in force at `from` to the first at or after `to`.
    pub fn window(&self, from: u64, to: u64) -> Vec<U80> {
        let state = self.state.borrow();
        let rounds: Vec<_> = state.rounds.iter().map(|(id, round)| (*id, round.2)).collect();
        let first = rounds.iter().rposition(|(_, at)| *at <= from).unwrap_or(0);
        let last = rounds.iter().position(|(_, at)| *at >= to).unwrap_or(rounds.len() - 1);
        rounds[first..=last.max(first)].iter().map(|(id, _)| U80::from(*id)).collect()
    }
}

/// What publishers believe of an underlying: flat volatilities of their own at each expiry, forwards by a carry.
#[derive(Debug, Clone)]
pub struct Model {
    pub underlying: u8,
    pub expiries: Vec<u64>,
    /// Volatility of every expiry that isn't in `volatilities`.
    pub volatility: f64,
    pub volatilities: BTreeMap<u64, f64>,
    /// Mark / reference - 1.
    pub premium: f64,
    /// Forward / reference - 1 is this a year.
    pub carry: f64,
    /// Forward / reference - 1, where it isn't the carry's.
    pub basis: BTreeMap<u64, f64>,
    pub rate: f64,
    pub has_perpetual: bool,
    pub confidence: u16,
}

impl Model {
    pub fn new(underlying: u8, expiries: Vec<u64>) -> Self {
        Self {
            underlying,
            expiries,
            volatility: 0.6,
            volatilities: BTreeMap::new(),
            premium: 0.0,
            carry: 0.0,
            basis: BTreeMap::new(),
            rate: 0.0,
            has_perpetual: true,
            confidence: 10_000,
        }
    }

    pub fn years(expiry: u64, now: u64) -> f64 {
        expiry.saturating_sub(now) as f64 / 31_536_000.0
    }

    /// The message of `now` at an index of `reference`.
    pub fn message(&self, now: u64, reference: f64) -> IOracle::MarketUpdate {
        let listed = self.expiries.iter().filter(|expiry| **expiry > now);
        IOracle::MarketUpdate {
            underlying: self.underlying,
            modelTime: now,
            indexReference: wad(reference),
            perpetualMark: if self.has_perpetual {
                wad(reference * (1.0 + self.premium))
            } else {
                0
            },
            perpetualConfidence: self.confidence,
            expiries: listed.map(|expiry| self.expiry(*expiry, now, reference)).collect(),
        }
    }

    fn expiry(&self, expiry: u64, now: u64, reference: f64) -> IOracle::ExpiryUpdate {
        let years = Self::years(expiry, now);
        let basis = self.basis.get(&expiry).copied().unwrap_or(self.carry * years);
        // As far as levels let a forward lie from the reference.
        let level = (0.3 * years).max(0.01) * 0.999;
        let basis = basis.clamp(-level, level);
        let volatility = self.volatilities.get(&expiry).copied().unwrap_or(self.volatility);
        // The least variance that isn't nothing keeps the last seconds of an expiry a surface.
        let variance = (volatility * volatility * years).max(1e-9);
        IOracle::ExpiryUpdate {
            expiry,
            forward: wad(reference * (1.0 + basis)),
            rate: (self.rate * 1e9).round() as u32,
            a: ((variance * 1e9).round() as i64).try_into().unwrap(),
            b: 0,
            rho: 0,
            m: 0.try_into().unwrap(),
            sigma: 100_000_000_u64.try_into().unwrap(),
            forwardConfidence: self.confidence,
            rateConfidence: self.confidence,
            volatilityConfidence: self.confidence,
        }
    }
}

/// The first whole hour at or after `time`.
pub fn whole_hour(time: u64) -> u64 {
    time.next_multiple_of(HOUR)
}
