//! A liquidation contract, a clearing contract that keeps the figures of one account and cuts it in proportion, and an oracle that says
//! whether the sequencer is up.

use std::{cell::RefCell, rc::Rc, vec::Vec};

use alloy_primitives::{Address, B256, I256, U256};
use alloy_sol_types::{SolCall, SolError, SolInterface};
use novate_abi::{
    IClearing, ILiquidation, IMargin, IOracle,
    book::{Book, Position},
};
use novate_common::testing::World;
use novate_risk::liquidation::{Piece, Standing, Terms};

use crate::Liquidation;

pub(super) const SELF: Address = Address::repeat_byte(0x11);
pub(super) const CLEARING: Address = Address::repeat_byte(0xc1);
pub(super) const MARGIN: Address = Address::repeat_byte(0x3a);
pub(super) const ORACLE: Address = Address::repeat_byte(0x0c);
pub(super) const GOVERNOR: Address = Address::repeat_byte(0x60);
pub(super) const KEEPER: Address = Address::repeat_byte(0x4e);
pub(super) const SHORT: B256 = B256::repeat_byte(0x05);
pub(super) const ONE: u64 = 1_000_000_000_000_000_000;
pub(super) const MINUTE: u64 = 60;
pub(super) const HOUR: u64 = 3_600;
pub(super) const ANY: u64 = u64::MAX;

pub(super) fn wad(units: i64) -> I256 {
    I256::try_from(units).unwrap() * I256::try_from(ONE).unwrap()
}

pub(super) fn plain(units: u64) -> U256 {
    U256::from(units) * U256::from(ONE)
}

pub(super) fn encoded<E: SolError>(error: &E) -> Vec<u8> {
    error.abi_encode()
}

pub(super) fn keeper_account() -> B256 {
    let mut id = B256::ZERO;
    id[..20].copy_from_slice(KEEPER.as_slice());
    id
}

/// What the others say of the account, and what clearing was told.
#[derive(Debug, Clone)]
pub(super) struct Told {
    /// At last usable data, and for whether it is short.
    pub(super) equity: I256,
    pub(super) requirement: U256,
    /// Requirement of the healthy parts; above the whole: all are.
    pub(super) healthy: U256,
    pub(super) initial: U256,
    pub(super) cash: I256,
    pub(super) is_fully_paid: bool,
    pub(super) has_perpetual: bool,
    pub(super) nonce: u64,
    pub(super) rounding: U256,
    /// Of named lines: value and relief.
    pub(super) legs: (I256, I256),
    pub(super) is_up: bool,
    pub(super) up_since: u64,
    pub(super) closed: Vec<IClearing::closeOutCall>,
    pub(super) flagged: Vec<U256>,
    pub(super) looks: u32,
}

impl Told {
    fn excess(&self) -> I256 {
        self.equity - I256::from_raw(self.requirement)
    }

    fn figures(&self) -> IClearing::assessReturn {
        IClearing::assessReturn {
            equity: self.equity,
            initialRequirement: self.initial,
            maintenanceRequirement: self.requirement,
            worstUnderlying: 1,
            worstScenario: 3,
            validity: 4,
            closeEquity: self.equity,
            closeRequirement: self.requirement,
            lastEquity: self.equity,
            lastRequirement: self.requirement,
            healthyRequirement: self.healthy.min(self.requirement),
            isFullyPaid: self.is_fully_paid,
        }
    }

    /// Cuts the account, as clearing does where everything is in proportion.
    fn close_out(&mut self, call: IClearing::closeOutCall) -> Result<IClearing::Closed, Vec<u8>> {
        let account = call.from;
        if self.is_fully_paid || !self.excess().is_negative() {
            return Err(encoded(&IClearing::NotShort { account, excess: self.excess() }));
        }
        let one = I256::try_from(ONE).unwrap();
        let fraction = I256::from_raw(call.cut.fraction);
        let part = |whole: I256| whole * fraction / one;
        let (value, relief) = if call.cut.kind == 2 {
            self.legs
        } else {
            (part(self.equity), part(I256::from_raw(self.requirement)))
        };
        let terms = Terms { concession: call.concession.to(), bonus: call.bonus.to() };
        let from = Standing { equity: self.equity, requirement: self.requirement };
        let piece = Piece { value, relief, is_slice: call.cut.kind == 0 };
        let price = from
            .price(&piece, terms)
            .ok_or_else(|| encoded(&IClearing::RelievesNothing { account, relief }))?;
        self.equity = self.equity - value + price.to_account;
        self.requirement -= relief.into_raw();
        self.cash -= part(self.cash);
        self.closed.push(call);
        let zero = I256::ZERO;
        Ok(IClearing::Closed {
            value,
            relief,
            paid: price.from_bidder.max(zero).into_raw(),
            fromWaterfall: price.debt + price.bonus,
            carried: U256::ZERO,
            excess: self.excess(),
            requirement: self.requirement,
            equity: self.equity,
            isEmpty: self.requirement.is_zero(),
            received: (-price.from_bidder).max(zero).into_raw(),
            rounding: self.rounding,
        })
    }
}

#[derive(Debug)]
pub(super) struct Bench {
    pub(super) world: World,
    pub(super) told: Rc<RefCell<Told>>,
}

impl Bench {
    /// Equity 5,000 against a maintenance requirement of 6,000.
    pub(super) fn new() -> Self {
        let world = World::default();
        world.install::<Liquidation>(SELF);
        let told = Rc::new(RefCell::new(Told {
            equity: wad(5_000),
            requirement: plain(6_000),
            healthy: U256::MAX,
            initial: plain(8_000),
            cash: wad(1_000),
            is_fully_paid: false,
            has_perpetual: true,
            nonce: 9,
            rounding: U256::ZERO,
            legs: (I256::ZERO, I256::ZERO),
            is_up: true,
            up_since: 0,
            closed: Vec::new(),
            flagged: Vec::new(),
            looks: 0,
        }));
        let bench = Self { world, told };
        bench.install_clearing();
        bench.install_margin();
        let told = Rc::clone(&bench.told);
        bench.world.mock(ORACLE, move |_, message| {
            assert_eq!(message.data, IOracle::sequencerStatusCall::SELECTOR);
            let told = told.borrow();
            let status = IOracle::sequencerStatusReturn { isUp: told.is_up, since: told.up_since };
            Ok(IOracle::sequencerStatusCall::abi_encode_returns(&status))
        });
        bench.send(
            GOVERNOR,
            &ILiquidation::initializeCall {
                governor: GOVERNOR,
                guardian: GOVERNOR,
                clearing: CLEARING,
                margin: MARGIN,
                oracle: ORACLE,
            },
        );
        bench
    }

    /// One of this equity and requirement, with an auction that has just started.
    pub(super) fn started(equity: i64, requirement: u64) -> Self {
        let bench = Self::new();
        bench.set(equity, requirement);
        bench.send(KEEPER, &start());
        bench
    }

    pub(super) fn set(&self, equity: i64, requirement: u64) {
        let mut told = self.told.borrow_mut();
        (told.equity, told.requirement) = (wad(equity), plain(requirement));
    }

    fn install_clearing(&self) {
        let told = Rc::clone(&self.told);
        self.world.mock(CLEARING, move |_, message| {
            use IClearing::IClearingCalls as Calls;
            let mut told = told.borrow_mut();
            let word = |number: U256| Ok(number.to_be_bytes::<32>().to_vec());
            match Calls::abi_decode(&message.data).unwrap() {
                Calls::assess(call) => {
                    assert_eq!(call.account, SHORT);
                    told.looks += 1;
                    Ok(IClearing::assessCall::abi_encode_returns(&told.figures()))
                }
                Calls::book(_) => {
                    Ok(IClearing::bookCall::abi_encode_returns(&packed(told.has_perpetual).into()))
                }
                Calls::cash(_) => word(told.cash.into_raw()),
                Calls::nonce(_) => word(U256::from(told.nonce)),
                Calls::lending(_) => {
                    Ok(IClearing::lendingCall::abi_encode_returns(&IClearing::lendingReturn {
                        limit: 850_000,
                        maintenance: 10_000,
                        initial: 20_000,
                    }))
                }
                Calls::closeOut(call) => {
                    assert_eq!(message.sender, SELF);
                    let closed = told.close_out(call)?;
                    Ok(IClearing::closeOutCall::abi_encode_returns(&closed))
                }
                Calls::setFlaggedShortfall(call) => {
                    assert_eq!(message.sender, SELF);
                    told.flagged.push(call.flagged);
                    Ok(Vec::new())
                }
                _ => panic!("not mocked"),
            }
        });
    }

    fn install_margin(&self) {
        let told = Rc::clone(&self.told);
        self.world.mock(MARGIN, move |_, message| {
            let call = IMargin::maintenanceExcessUnderCall::abi_decode(&message.data).unwrap();
            let told = told.borrow();
            assert_eq!(call.book, packed(told.has_perpetual));
            assert_eq!(call.scenarios, [3, 4]);
            Ok(told.excess().to_be_bytes::<32>().to_vec())
        });
    }

    #[track_caller]
    pub(super) fn send<C: SolCall>(&self, sender: Address, call: &C) -> C::Return {
        self.world
            .send(sender, SELF, call)
            .unwrap_or_else(|data| panic!("{} reverted with {data:02x?}", C::SIGNATURE))
    }

    /// What a call that must revert reverts with; the world, clearing included, is then as it was.
    #[track_caller]
    pub(super) fn refusal<C: SolCall>(&self, sender: Address, call: &C) -> Vec<u8> {
        let (before, told) = (self.world.all_storage(), self.told.borrow().clone());
        let data = self.world.refusal(sender, SELF, call);
        assert_eq!(before, self.world.all_storage());
        *self.told.borrow_mut() = told;
        data
    }

    pub(super) fn wait(&self, seconds: u64) {
        self.world.set_timestamp(self.world.timestamp() + seconds);
    }

    pub(super) fn sight(&self) {
        self.send(KEEPER, &ILiquidation::sightCall { account: SHORT });
    }

    /// Waits that long, sighted every minute.
    pub(super) fn watch(&self, seconds: u64) {
        for _ in 0..seconds / MINUTE {
            self.wait(MINUTE);
            self.sight();
        }
    }

    pub(super) fn auction(&self) -> ILiquidation::Auction {
        self.send(KEEPER, &ILiquidation::auctionCall { account: SHORT })
    }

    pub(super) fn is_running(&self) -> bool {
        self.auction().startedAt != 0
    }
}

/// The account's book: a perpetual, or a call.
fn packed(has_perpetual: bool) -> Vec<u8> {
    let instrument = if has_perpetual {
        1 << 56
    } else {
        (1 << 56) | (2 << 54) | (490_400 << 32) | (19 << 27) | 3
    };
    let position = Position { instrument, quantity: 5, reference_price: 0, funding_reference: 0 };
    Book { positions: Vec::from([position]), ..Book::default() }.pack()
}

pub(super) fn start() -> ILiquidation::startCall {
    ILiquidation::startCall { account: SHORT, scenarios: Vec::new() }
}

pub(super) fn cut(kind: u8, fraction: U256) -> ILiquidation::Cut {
    ILiquidation::Cut { kind, underlying: 0, fraction, legs: Vec::new() }
}

/// A bid for as much as there is, at any price.
pub(super) fn bidding() -> ILiquidation::bidCall {
    ILiquidation::bidCall {
        bid: ILiquidation::Bid {
            account: SHORT,
            bidder: keeper_account(),
            cut: cut(0, U256::MAX),
            minimumFraction: U256::ZERO,
            maximumPrice: U256::MAX,
            minimumWorth: I256::MIN,
            expectedNonce: ANY,
            deadline: u64::MAX,
        },
    }
}

/// A bid for exactly this slice of the whole.
pub(super) fn slice(fraction: u64) -> ILiquidation::bidCall {
    let mut call = bidding();
    call.bid.cut.fraction = U256::from(fraction);
    call.bid.minimumFraction = U256::from(fraction);
    call
}

/// A bid for named lines of this value and relief.
pub(super) fn legs(bench: &Bench, value: i64, relief: i64) -> ILiquidation::bidCall {
    bench.told.borrow_mut().legs = (wad(value), wad(relief));
    let mut call = bidding();
    call.bid.cut = cut(2, U256::ZERO);
    call.bid.cut.legs.push(ILiquidation::Leg { instrument: 1 << 56, quantity: -7 });
    call
}
