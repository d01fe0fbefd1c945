//! A clearing contract with two tokens, a margin contract of a simple rule, and an oracle that says what it is told.

use std::{cell::RefCell, collections::HashMap, rc::Rc, vec::Vec};

use alloy_primitives::{Address, B256, I256, U256};
use alloy_sol_types::{SolCall, SolError};
use novate_abi::{
    IClearing::{self, Fill},
    IERC20, IMargin, IOracle,
    book::{Book, of_bid},
    parameters::pack_collateral,
};
use novate_common::testing::World;
use novate_risk::{Instrument, Strike, parameters::CollateralParameters};

use crate::Clearing;

pub(super) const CLEARING: Address = Address::repeat_byte(0xc1);
pub(super) const CASH: Address = Address::repeat_byte(0xca);
pub(super) const WETH: Address = Address::repeat_byte(0xee);
pub(super) const MARGIN: Address = Address::repeat_byte(0x3a);
pub(super) const ORACLE: Address = Address::repeat_byte(0x0c);
pub(super) const LIQUIDATION: Address = Address::repeat_byte(0x11);
pub(super) const VENUE: Address = Address::repeat_byte(0x7e);
pub(super) const GOVERNOR: Address = Address::repeat_byte(0x60);
pub(super) const GUARDIAN: Address = Address::repeat_byte(0x6a);
pub(super) const ALICE: Address = Address::repeat_byte(0xa1);
pub(super) const BOB: Address = Address::repeat_byte(0xb0);

pub(super) const ONE: u128 = 1_000_000_000_000_000_000;
pub(super) const CONTRACT: u64 = 1_000_000;
/// Hours since 1970 of the expiry that the tests trade.
pub(super) const EXPIRY_HOURS: u32 = 472_300;

pub(super) fn perpetual() -> u64 {
    Instrument::perpetual(1).unwrap().id()
}

pub(super) fn future() -> u64 {
    Instrument::future(1, EXPIRY_HOURS).unwrap().id()
}

pub(super) fn call() -> u64 {
    Instrument::call(1, EXPIRY_HOURS, Strike::from_wad(U256::from(3_000 * ONE)).unwrap())
        .unwrap()
        .id()
}

pub(super) fn expiry() -> u64 {
    u64::from(EXPIRY_HOURS) * 3_600
}

/// The first account of an owner.
pub(super) fn account(owner: Address) -> B256 {
    let mut id = B256::ZERO;
    id[..20].copy_from_slice(owner.as_slice());
    id
}

/// Where an owner's first account stands in storage.
pub(super) fn account_slot(owner: Address) -> U256 {
    let mut preimage = [0; 64];
    preimage[..32].copy_from_slice(account(owner).as_slice());
    preimage[63] = 23;
    U256::from_be_bytes(alloy_primitives::keccak256(preimage).0)
}

pub(super) fn signed(money: i128) -> I256 {
    I256::try_from(money).unwrap()
}

pub(super) fn encoded<E: SolError>(error: &E) -> Vec<u8> {
    error.abi_encode()
}

/// What margin and oracle say.
#[derive(Debug)]
pub(super) struct Told {
    /// Value of one contract, by instrument; what isn't here has no mark.
    pub(super) marks: HashMap<u64, u128>,
    /// Mark of whatever isn't among the marks.
    pub(super) default_mark: Option<u128>,
    /// Initial requirement per contract; maintenance is half of it.
    pub(super) rate: u128,
    pub(super) validity: u8,
    pub(super) funding: i128,
    pub(super) index: u128,
    /// Price of collateral 1, and what is required of its value for maintenance, millionths; initially it is twice that.
    pub(super) weth: u128,
    pub(super) haircut: u128,
    /// Collateral numbers up to this are known.
    pub(super) collaterals: u64,
    pub(super) settlement: HashMap<u64, u128>,
    /// How often margin was asked.
    pub(super) asked: usize,
}

#[derive(Debug)]
pub(super) struct Bench {
    pub(super) world: World,
    pub(super) told: Rc<RefCell<Told>>,
}

impl Bench {
    /// Everything set up: cash of 6 decimals, WETH of 18, no fees, open interest up to a million contracts.
    pub(super) fn new() -> Self {
        let told = Rc::new(RefCell::new(Told {
            marks: HashMap::from([
                (perpetual(), 3_000 * ONE),
                (future(), 3_000 * ONE),
                (call(), 100 * ONE),
            ]),
            default_mark: None,
            rate: 100 * ONE,
            validity: 4,
            funding: 0,
            index: 3_000 * ONE,
            weth: 2_000 * ONE,
            haircut: 0,
            collaterals: 1,
            settlement: HashMap::new(),
            asked: 0,
        }));
        let bench = Self { world: World::default(), told };
        bench.world.set_timestamp(expiry() - 1_000);
        bench.world.install::<Clearing>(CLEARING);
        install_token(&bench.world, CASH, 6);
        install_token(&bench.world, WETH, 18);
        bench.install_margin();
        bench.install_oracle();
        let (governor, guardian) = (GOVERNOR, GUARDIAN);
        bench.send(GOVERNOR, &IClearing::initializeCall { governor, guardian, cashToken: CASH });
        let (margin, oracle, liquidation) = (MARGIN, ORACLE, LIQUIDATION);
        bench.send(GOVERNOR, &IClearing::setModulesCall { margin, oracle, liquidation });
        bench.send(GOVERNOR, &IClearing::setVenueCall { venue: VENUE, allowed: true });
        bench.send(GOVERNOR, &IClearing::addCollateralCall { token: WETH, cap: 1_000 * ONE });
        let cap = 1_000_000_000_000 * ONE;
        bench.send(GOVERNOR, &IClearing::setCapsCall { underlying: 1, series: cap, account: cap });
        bench
    }

    /// A call that succeeds.
    pub(super) fn send<C: SolCall>(&self, sender: Address, call: &C) -> C::Return {
        self.world
            .send(sender, CLEARING, call)
            .unwrap_or_else(|data| panic!("{} reverted with {data:02x?}", C::SIGNATURE))
    }

    /// A call that reverts: its revert data.
    pub(super) fn refusal<C: SolCall>(&self, sender: Address, call: &C) -> Vec<u8> {
        let before = self.world.all_storage();
        let data = self.world.refusal(sender, CLEARING, call);
        assert_eq!(before, self.world.all_storage());
        assert!(data.len() >= 4, "{} reverted without data", C::SIGNATURE);
        data
    }

    /// Mints and deposits whole units of cash.
    pub(super) fn fund(&self, owner: Address, units: u64) {
        let amount = U256::from(units) * U256::from(1_000_000);
        mint(&self.world, CASH, owner, amount);
        let account = account(owner);
        self.send(owner, &IClearing::depositCall { account, token: CASH, amount });
    }

    pub(super) fn cash(&self, owner: Address) -> i128 {
        let cash = self.send(owner, &IClearing::cashCall { account: account(owner) });
        i128::try_from(cash).unwrap()
    }

    pub(super) fn positions(&self, owner: Address) -> Vec<IClearing::Position> {
        self.send(owner, &IClearing::positionsCall { account: account(owner) })
    }

    pub(super) fn nonce(&self, owner: Address) -> u64 {
        self.send(owner, &IClearing::nonceCall { account: account(owner) })
    }

    /// Sets the mark of an instrument.
    pub(super) fn mark(&self, instrument: u64, mark: u128) {
        self.told.borrow_mut().marks.insert(instrument, mark);
    }

    /// Sets the settlement price of everything.
    pub(super) fn settle_at(&self, price: u128) {
        self.told.borrow_mut().settlement = HashMap::from([(expiry(), price)]);
    }

    pub(super) fn lend(&self, owner: Address, units: u64) {
        let amount = U256::from(units) * U256::from(ONE);
        self.send(owner, &IClearing::lendCall { account: account(owner), amount });
    }

    /// Mints and deposits whole tokens of collateral.
    pub(super) fn pledge(&self, owner: Address, tokens: u64) {
        let amount = U256::from(tokens) * U256::from(ONE);
        mint(&self.world, WETH, owner, amount);
        let account = account(owner);
        self.send(owner, &IClearing::depositCall { account, token: WETH, amount });
    }

    pub(super) fn touch(&self, owners: &[Address]) {
        let accounts = owners.iter().map(|owner| account(*owner)).collect();
        self.send(BOB, &IClearing::touchCall { accounts });
    }

    pub(super) fn equity(&self, owner: Address) -> i128 {
        let call = IClearing::assessCall { account: account(owner) };
        i128::try_from(self.send(owner, &call).lastEquity).unwrap()
    }

    pub(super) fn sums(&self) -> IClearing::Ledger {
        self.send(ALICE, &IClearing::ledgerCall {})
    }

    /// Total cash, variation, fees, insurance.
    pub(super) fn ledger(&self) -> (i128, i128, u128, u128) {
        let ledger = self.sums();
        (
            i128::try_from(ledger.cash).unwrap(),
            i128::try_from(ledger.variation).unwrap(),
            ledger.fees.to(),
            ledger.insurance.to(),
        )
    }

    /// Tokens held are what the sums say, and the accounts' cash, debts and shares add up to the totals.
    pub(super) fn check_balance(&self, owners: &[Address]) {
        let sums = self.sums();
        let wide = |amount: U256| i128::try_from(amount).unwrap();
        let (cash, variation) =
            (i128::try_from(sums.cash).unwrap(), i128::try_from(sums.variation).unwrap());
        let held = balance(&self.world, CASH, CLEARING) * U256::from(1_000_000_000_000_u64);
        let owed = cash + variation + wide(sums.fees + sums.insurance + sums.pool);
        assert_eq!(wide(held), owed - wide(sums.carried));
        let each: Vec<i128> = owners.iter().map(|owner| self.cash(*owner)).collect();
        assert_eq!(each.iter().sum::<i128>(), cash);
        assert_eq!(-each.iter().map(|cash| cash.min(&0)).sum::<i128>(), wide(sums.debts));
        let shares = |owner: &Address| {
            self.send(*owner, &IClearing::poolSharesCall { account: account(*owner) })
        };
        assert_eq!(owners.iter().map(shares).fold(U256::ZERO, |sum, one| sum + one), sums.pool);
        let lent_out = wide(sums.debts) - variation + wide(sums.carried);
        assert_eq!(sums.lentOut, signed(lent_out));
    }

    fn install_margin(&self) {
        let told = Rc::clone(&self.told);
        self.world.mock(MARGIN, move |_, message| {
            use IMargin::IMarginCalls as Calls;
            use alloy_sol_types::SolInterface;
            let mut told = told.borrow_mut();
            match Calls::abi_decode(&message.data).unwrap() {
                Calls::assess(call) => {
                    told.asked += 1;
                    // A bidder's figures are everybody's: nothing here depends on confidence.
                    let assess = |bytes: &alloy_primitives::Bytes| {
                        let plain = of_bid(bytes);
                        told.assess(&Book::unpack(plain.as_deref().unwrap_or(bytes)).unwrap())
                    };
                    let answer = IMargin::assessReturn {
                        assessments: call.books.iter().map(assess).collect(),
                        marks: call.instruments.iter().map(|id| told.mark(*id)).collect(),
                    };
                    Ok(IMargin::assessCall::abi_encode_returns(&answer))
                }
                Calls::word(_) => {
                    let listed = CollateralParameters {
                        collateral: 1,
                        underlying: 1,
                        maintenance_haircut: 0,
                        initial_haircut: 0,
                        cancels_risk: true,
                    };
                    Ok(pack_collateral(&listed).to_be_bytes::<32>().to_vec())
                }
                _ => panic!("not mocked"),
            }
        });
    }

    fn install_oracle(&self) {
        let told = Rc::clone(&self.told);
        self.world.mock(ORACLE, move |world, message| {
            use IOracle::IOracleCalls as Calls;
            use alloy_sol_types::SolInterface;
            let told = told.borrow();
            let answer = match Calls::abi_decode(&message.data).unwrap() {
                Calls::settlementPrice(call) => {
                    let price = told.settlement.get(&call.expiry).copied();
                    IOracle::settlementPriceCall::abi_encode_returns(
                        &IOracle::settlementPriceReturn {
                            price: U256::from(price.unwrap_or_default()),
                            isFinal: price.is_some(),
                        },
                    )
                }
                Calls::perpetual(_) => {
                    IOracle::perpetualCall::abi_encode_returns(&IOracle::perpetualReturn {
                        mark: U256::from(told.index),
                        modelTime: world.timestamp() - 60,
                        confidence: 10_000,
                        fundingIndex: signed(told.funding),
                        fundingRate: 0,
                    })
                }
                _ => panic!("not mocked"),
            };
            Ok(answer)
        });
    }
}

impl Told {
    /// The simple rule, rounded as margin rounds. Perpetuals hedged by collateral 1 require nothing for the hedged part. Below level 4 the
    /// figures for adding risk count lines at worst bounds: options 0, delta-one its value less the requirement.
    fn assess(&self, book: &Book) -> IMargin::Assessment {
        let wide = |amount: u128| I256::try_from(amount).unwrap();
        let mut options = I256::ZERO;
        let mut delta_one = I256::ZERO;
        let (mut size, mut net) = (0_u128, 0_i128);
        for held in &book.positions {
            let mark = self.mark(held.instrument).mark;
            let quantity = I256::try_from(held.quantity).unwrap();
            if held.is_delta_one() {
                let gain = wide(mark) - wide(held.reference_price);
                delta_one += gain * quantity;
                if held.instrument == perpetual() {
                    let owed = self.funding - held.funding_reference;
                    delta_one -= signed(owed) * quantity;
                }
                net += i128::from(held.quantity);
            } else {
                options += wide(mark) * quantity;
                size += u128::from(held.quantity.unsigned_abs());
            }
        }
        let (mut collateral, mut value) = (0_u128, 0_u128);
        for held in &book.collateral {
            let worth = U256::from(held.amount) * U256::from(self.weth);
            value += (worth / U256::from(ONE)).to::<u128>();
            collateral +=
                (worth / U256::from(self.index) / U256::from(1_000_000_000_000_u64)).to::<u128>();
        }
        net += collateral.cast_signed();
        size += if net < 0 || collateral == 0 { net.unsigned_abs() } else { 0 };
        let required = size * self.rate / 1_000_000 + value * self.haircut / 500_000;
        let million = wide(1_000_000);
        let floor = |fine: I256| {
            let quotient = fine / million;
            if fine < quotient * million { quotient - I256::ONE } else { quotient }
        };
        let liquid = book.cash + wide(book.pool);
        let equity = liquid + floor(options + delta_one) + wide(value);
        let (adding, initial) = if self.validity < 4 {
            (liquid + floor(delta_one) - wide(required), 0)
        } else {
            (equity, required)
        };
        let maintenance = U256::from(required / 2);
        IMargin::Assessment {
            equity: adding,
            initialRequirement: U256::from(initial),
            maintenanceRequirement: U256::from(initial / 2),
            worstUnderlying: 1,
            worstScenario: 0,
            validity: self.validity,
            closeEquity: equity,
            closeRequirement: maintenance,
            lastEquity: equity,
            lastRequirement: maintenance,
            healthyRequirement: maintenance,
        }
    }

    fn mark(&self, instrument: u64) -> IMargin::Mark {
        let mark = if instrument < 256 {
            (1..=self.collaterals).contains(&instrument).then_some(self.weth)
        } else {
            self.marks.get(&instrument).copied().or(self.default_mark)
        };
        IMargin::Mark {
            mark: mark.unwrap_or_default(),
            index: self.index,
            fundingIndex: if instrument == perpetual() { self.funding } else { 0 },
            validity: self.validity,
            isMarked: mark.is_some(),
        }
    }
}

/// One trade between Alice, who buys, and Bob.
pub(super) fn buys(instrument: u64, quantity: u64, price: u128) -> IClearing::fillCall {
    let (buyer, seller) = (account(ALICE), account(BOB));
    let fill = Fill { instrument, quantity, price, buyer, seller, buyerIsMaker: true };
    IClearing::fillCall { fills: Vec::from([fill]) }
}

/// One trade between Alice, who sells, and Bob.
pub(super) fn sells(instrument: u64, quantity: u64, price: u128) -> IClearing::fillCall {
    let (buyer, seller) = (account(BOB), account(ALICE));
    let fill = Fill { instrument, quantity, price, buyer, seller, buyerIsMaker: true };
    IClearing::fillCall { fills: Vec::from([fill]) }
}

/// Storage of a token mock: balances by address; at slot 0 what it keeps of a transfer, at slot 1 whether it says no.
fn slot(owner: Address) -> U256 {
    U256::from_be_bytes(owner.into_word().0) + U256::from(1_000)
}

pub(super) fn balance(world: &World, token: Address, owner: Address) -> U256 {
    U256::from_be_bytes(world.storage(token, slot(owner)).0)
}

pub(super) fn mint(world: &World, token: Address, owner: Address, amount: U256) {
    let after = balance(world, token, owner) + amount;
    world.set_storage(token, slot(owner), after.into());
}

/// What the token keeps of each transfer.
pub(super) fn set_keeps(world: &World, token: Address, amount: u64) {
    world.set_storage(token, U256::ZERO, U256::from(amount).into());
}

/// Whether the token refuses.
pub(super) fn set_refuses(world: &World, token: Address) {
    world.set_storage(token, U256::from(1), U256::from(1).into());
}

pub(super) fn install_token(world: &World, token: Address, decimals: u8) {
    world.mock(token, move |world, message| {
        use IERC20::IERC20Calls as Calls;
        use alloy_sol_types::SolInterface;
        let keeps = U256::from_be_bytes(world.storage(message.target, U256::ZERO).0);
        let refuses = !world.storage(message.target, U256::from(1)).is_zero();
        let move_tokens = |from: Address, to: Address, amount: U256| {
            let token = message.target;
            let Some(left) = balance(world, token, from).checked_sub(amount) else {
                return Err(Vec::from(*b"poor"));
            };
            world.set_storage(token, slot(from), left.into());
            mint(world, token, to, amount.saturating_sub(keeps));
            Ok(U256::from(u8::from(!refuses)).to_be_bytes::<32>().to_vec())
        };
        match Calls::abi_decode(&message.data).unwrap() {
            Calls::decimals(_) => Ok(U256::from(decimals).to_be_bytes::<32>().to_vec()),
            Calls::balanceOf(call) => {
                Ok(balance(world, message.target, call.account).to_be_bytes::<32>().to_vec())
            }
            Calls::transfer(call) => move_tokens(message.sender, call.to, call.amount),
            Calls::transferFrom(call) => move_tokens(call.from, call.to, call.amount),
            Calls::permit(_) => Err(Vec::from(*b"used")),
            Calls::allowance(_) => panic!("not mocked"),
        }
    });
}
