//! The bench with a margin contract of two underlyings, each with a level of its data, and an oracle that knows how old their markets are.

use std::{cell::RefCell, rc::Rc, vec::Vec};

use alloy_primitives::{Address, I256, U256};
use alloy_sol_types::{SolCall, SolInterface};
use novate_abi::{
    IClearing::{self, Closed, Cut, Leg},
    IMargin, IOracle,
    book::{Book, of_bid},
    parameters::pack_collateral,
};
use novate_risk::{Instrument, Strike, parameters::CollateralParameters};

use super::bench::*;

pub(super) const BIDDER: Address = Address::repeat_byte(0xbd);
/// Collateral 2, of underlying 2; it doesn't cancel risk.
pub(super) const WBTC: Address = Address::repeat_byte(0xbb);
pub(super) const EVERYBODY: [Address; 3] = [ALICE, BOB, BIDDER];

pub(super) fn line(underlying: u8, strike: u128) -> u64 {
    let strike = Strike::from_wad(U256::from(strike * ONE)).unwrap();
    Instrument::call(underlying, EXPIRY_HOURS, strike).unwrap().id()
}

pub(super) fn perpetual_of(underlying: u8) -> u64 {
    Instrument::perpetual(underlying).unwrap().id()
}

/// What margin and oracle say of each underlying, and of its token. Place 0 is nobody's.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) level: [u8; 3],
    /// Maintenance requirement per contract; initially it is twice that.
    pub(super) rate: [u128; 3],
    pub(super) token: [u128; 3],
    /// Of a token's value, percent; initially it is twice that.
    pub(super) haircut: [u128; 3],
    pub(super) model_time: [u64; 3],
}

#[derive(Debug)]
pub(super) struct Desk {
    pub(super) bench: Bench,
    pub(super) rules: Rc<RefCell<Rules>>,
}

impl Desk {
    /// Alice and Bob trade; the bidder has 1,000,000, Bob lent 1,000,000.
    pub(super) fn new() -> Self {
        let bench = Bench::new();
        bench.told.borrow_mut().collaterals = 2;
        install_token(&bench.world, WBTC, 18);
        bench.send(GOVERNOR, &IClearing::addCollateralCall { token: WBTC, cap: 1 << 100 });
        bench.send(GOVERNOR, &IClearing::setCollateralCapCall { collateral: 1, cap: 1 << 100 });
        let cap = 1_000_000_000_000 * ONE;
        let caps = IClearing::setCapsCall { underlying: 2, series: cap, account: cap };
        bench.send(GOVERNOR, &caps);
        let now = bench.world.timestamp();
        let rules = Rules {
            level: [4; 3],
            rate: [0, 100 * ONE, 1_000 * ONE],
            token: [0, 2_000 * ONE, 60_000 * ONE],
            haircut: [0, 5, 10],
            model_time: [now; 3],
        };
        let rules = Rc::new(RefCell::new(rules));
        bench.told.borrow_mut().marks.insert(perpetual_of(2), 60_000 * ONE);
        let desk = Self { bench, rules };
        desk.install_margin();
        desk.install_oracle();
        desk.bench.fund(BOB, 100_000_000);
        desk.bench.lend(BOB, 10_000_000);
        desk.bench.fund(BIDDER, 1_000_000);
        desk
    }

    fn install_margin(&self) {
        let (told, rules) = (Rc::clone(&self.bench.told), Rc::clone(&self.rules));
        self.bench.world.mock(MARGIN, move |world, message| {
            use IMargin::IMarginCalls as Calls;
            let (told, rules) = (told.borrow(), rules.borrow());
            let call = match Calls::abi_decode(&message.data).unwrap() {
                Calls::assess(call) => call,
                Calls::word(call) => {
                    let number = u8::try_from(call.place & 0xff).unwrap();
                    let listed = CollateralParameters {
                        collateral: number,
                        underlying: number,
                        maintenance_haircut: 0,
                        initial_haircut: 0,
                        cancels_risk: number == 1,
                    };
                    return Ok(pack_collateral(&listed).to_be_bytes::<32>().to_vec());
                }
                _ => panic!("not mocked"),
            };
            let mark = |id: &u64| rules.mark(&told, *id);
            let assess = |bytes: &alloy_primitives::Bytes| {
                let plain = of_bid(bytes);
                let mut rules = rules.clone();
                if plain.is_some() {
                    // What is good enough to liquidate is good enough for a bidder.
                    rules.level = rules.level.map(|level| if level < 2 { level } else { 4 });
                }
                let book = Book::unpack(plain.as_deref().unwrap_or(bytes)).unwrap();
                rules.assess(&book, &told, world.timestamp())
            };
            let assessments = call.books.iter().map(assess).collect();
            let marks = call.instruments.iter().map(mark).collect();
            Ok(IMargin::assessCall::abi_encode_returns(&IMargin::assessReturn {
                assessments,
                marks,
            }))
        });
    }

    fn install_oracle(&self) {
        let (told, rules) = (Rc::clone(&self.bench.told), Rc::clone(&self.rules));
        self.bench.world.mock(ORACLE, move |_, message| {
            use IOracle::IOracleCalls as Calls;
            match Calls::abi_decode(&message.data).unwrap() {
                Calls::perpetual(call) => {
                    let answer = IOracle::perpetualReturn {
                        mark: U256::from(1),
                        modelTime: rules.borrow().model_time[usize::from(call.underlying)],
                        confidence: 0,
                        fundingIndex: I256::ZERO,
                        fundingRate: 0,
                    };
                    Ok(IOracle::perpetualCall::abi_encode_returns(&answer))
                }
                Calls::settlementPrice(call) => {
                    let price = told.borrow().settlement.get(&call.expiry).copied();
                    let answer = IOracle::settlementPriceReturn {
                        price: U256::from(price.unwrap_or_default()),
                        isFinal: price.is_some(),
                    };
                    Ok(IOracle::settlementPriceCall::abi_encode_returns(&answer))
                }
                _ => panic!("not mocked"),
            }
        });
    }

    /// Alice buys from Bob (below 0: sells to him) at the mark.
    pub(super) fn buys(&self, instrument: u64, quantity: i64) {
        let price = self.bench.told.borrow().marks[&instrument];
        let size = quantity.unsigned_abs();
        let fill = if quantity > 0 { buys } else { sells };
        self.bench.send(VENUE, &fill(instrument, size, price));
    }

    pub(super) fn insure(&self, units: u64) {
        let amount = U256::from(units) * U256::from(1_000_000);
        mint(&self.bench.world, CASH, BOB, amount);
        self.bench.send(BOB, &IClearing::fundInsuranceCall { amount });
    }

    /// A close-out of Alice's for the bidder.
    pub(super) fn close(&self, cut: Cut, concession: u128, bonus: u128) -> Closed {
        self.bench.send(LIQUIDATION, &closing(cut, concession, bonus))
    }

    pub(super) fn refused(&self, cut: Cut) -> Vec<u8> {
        self.bench.refusal(LIQUIDATION, &closing(cut, ONE / 50, ONE / 5))
    }

    /// Equity at last usable data.
    pub(super) fn equity(&self, owner: Address) -> I256 {
        self.figures(owner).lastEquity
    }

    pub(super) fn figures(&self, owner: Address) -> IClearing::assessReturn {
        self.bench.send(owner, &IClearing::assessCall { account: account(owner) })
    }

    pub(super) fn check(&self) {
        self.bench.check_balance(&EVERYBODY);
    }
}

impl Rules {
    fn mark(&self, told: &Told, id: u64) -> IMargin::Mark {
        let [first, .., last] = id.to_be_bytes();
        let place = usize::from(if id < 256 { last } else { first });
        let mark = if id < 256 { Some(self.token[place]) } else { told.marks.get(&id).copied() };
        IMargin::Mark {
            mark: mark.unwrap_or_default(),
            index: [0, 3_000 * ONE, 60_000 * ONE][place],
            fundingIndex: if id == perpetual() { told.funding } else { 0 },
            validity: self.level[place],
            isMarked: mark.is_some(),
        }
    }

    fn assess(&self, book: &Book, told: &Told, now: u64) -> IMargin::Assessment {
        let wide = |amount: u128| I256::try_from(amount).unwrap();
        let (mut value, mut required) = ([I256::ZERO; 3], [0_u128; 3]);
        for held in &book.positions {
            let place = usize::from(held.instrument.to_be_bytes()[0]);
            let mark = wide(self.mark(told, held.instrument).mark);
            let mut worth = mark;
            if held.is_delta_one() {
                worth = mark - wide(held.reference_price);
                if held.instrument == perpetual() {
                    worth -= signed(told.funding - held.funding_reference);
                }
            }
            value[place] += worth * I256::try_from(held.quantity).unwrap();
            let expired =
                Instrument::decode(held.instrument).unwrap().expiry().is_some_and(|at| at <= now);
            if !expired {
                required[place] += u128::from(held.quantity.unsigned_abs()) * self.rate[place];
            }
        }
        let million = wide(1_000_000);
        for held in &book.collateral {
            let place = usize::from(held.number);
            let worth = U256::from(held.amount) * U256::from(self.token[place]) / U256::from(ONE);
            value[place] += I256::from_raw(worth) * million;
            required[place] += worth.to::<u128>() * self.haircut[place] * 10_000;
        }
        let floor = |fine: I256| {
            let quotient = fine / million;
            if fine < quotient * million { quotient - I256::ONE } else { quotient }
        };
        let liquid = (book.cash + wide(book.pool)) * million;
        let up = |fine: u128| U256::from(fine.div_ceil(1_000_000));
        let (mut adding, mut needed) = (liquid, 0);
        let healthy =
            (1..3).filter(|place| self.level[*place] >= 2).map(|place| required[place]).sum();
        for place in 1..3 {
            if self.level[place] == 4 {
                adding += value[place];
                needed += required[place];
            } else {
                adding += value[place].min(I256::ZERO) - wide(required[place]);
            }
        }
        let last = floor(liquid + value[1] + value[2]);
        let whole = up(required[1] + required[2]);
        IMargin::Assessment {
            equity: floor(adding),
            initialRequirement: up(2 * needed),
            maintenanceRequirement: up(needed),
            worstUnderlying: 1,
            worstScenario: 0,
            validity: self.level[1].min(self.level[2]),
            closeEquity: last,
            closeRequirement: whole,
            lastEquity: last,
            lastRequirement: whole,
            healthyRequirement: up(healthy),
        }
    }
}

pub(super) fn closing(cut: Cut, concession: u128, bonus: u128) -> IClearing::closeOutCall {
    IClearing::closeOutCall {
        from: account(ALICE),
        to: account(BIDDER),
        cut,
        concession: U256::from(concession),
        bonus: U256::from(bonus),
    }
}

pub(super) fn slice(fraction: u128) -> Cut {
    Cut { kind: 0, underlying: 0, fraction: U256::from(fraction), legs: Vec::new() }
}

pub(super) fn part(underlying: u8, fraction: u128) -> Cut {
    Cut { kind: 1, underlying, fraction: U256::from(fraction), legs: Vec::new() }
}

pub(super) fn legs(legs: &[(u64, i128)]) -> Cut {
    let legs = legs
        .iter()
        .map(|(instrument, quantity)| Leg { instrument: *instrument, quantity: *quantity });
    Cut { kind: 2, underlying: 0, fraction: U256::ZERO, legs: legs.collect() }
}

pub(super) fn units(units: i128) -> I256 {
    signed(units * ONE.cast_signed())
}

pub(super) fn bare(units: u128) -> U256 {
    U256::from(units * ONE)
}
