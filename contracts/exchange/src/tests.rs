//! The exchange, through its ABI, against a mock of clearing.

#![allow(clippy::items_after_statements, reason = "test code imports where it needs")]
#![allow(clippy::arithmetic_side_effects, reason = "test code: an overflow is a failed test")]

use std::{cell::RefCell, rc::Rc, vec::Vec};

use alloy_primitives::{Address, B256, Signature, U256, address};
use alloy_sol_types::{Eip712Domain, SolCall, SolError, SolInterface, SolStruct, sol};
use novate_abi::{IClearing, IErrors, IExchange, IGoverned};
use novate_common::testing::World;

use crate::Exchange;

/// The typed data as another implementation of EIP-712 reads it.
mod typed {
    use super::sol;
    sol! {
        struct Leg { uint64 instrument; int64 quantity; uint128 price; }
        struct Trade {
            bytes32 buyer; bytes32 seller; bool buyerIsMaker; Leg[] legs; uint64 deadline; uint256 salt;
        }
    }
}

const EXCHANGE: Address = address!("00000000000000000000000000000000000000e5");
const CLEARING: Address = address!("00000000000000000000000000000000000000c1");
const GOVERNOR: Address = address!("0000000000000000000000000000000000000060");
const RELAYER: Address = address!("00000000000000000000000000000000000000aa");
const NOW: u64 = 1_700_000_000;

fn encoded<E: SolError>(error: &E) -> Vec<u8> {
    error.abi_encode()
}

fn account(owner: Address) -> B256 {
    let mut id = B256::ZERO;
    id[..20].copy_from_slice(owner.as_slice());
    id[31] = 7;
    id
}

/// A world in which every account's owner is a contract wallet that signs with its own address's first byte.
#[derive(Debug)]
struct Bench {
    world: World,
    filled: Rc<RefCell<Vec<IClearing::Fill>>>,
}

const BUYER: Address = Address::repeat_byte(0xb1);
const SELLER: Address = Address::repeat_byte(0x5e);

impl Bench {
    fn new() -> Self {
        let world = World::default();
        let filled = Rc::new(RefCell::new(Vec::new()));
        let seen = Rc::clone(&filled);
        world.install::<Exchange>(EXCHANGE);
        world.mock(CLEARING, move |_, message| {
            assert_eq!(message.sender, EXCHANGE);
            let call = IClearing::fillCall::abi_decode(&message.data).unwrap();
            seen.borrow_mut().extend(call.fills);
            Ok(Vec::new())
        });
        for wallet in [BUYER, SELLER] {
            world.mock(wallet, move |_, message| {
                let good = message.data.get(100) == Some(&wallet[0]);
                let mut answer = std::vec![0; 32];
                if good {
                    answer[..4].copy_from_slice(&[0x16, 0x26, 0xba, 0x7e]);
                }
                Ok(answer)
            });
        }
        let (governor, guardian, clearing) = (GOVERNOR, GOVERNOR, CLEARING);
        let call = IExchange::initializeCall { governor, guardian, clearing };
        world.send(GOVERNOR, EXCHANGE, &call).unwrap();
        Self { world, filled }
    }

    fn refusal<C: SolCall>(&self, sender: Address, call: &C) -> Vec<u8> {
        let before = self.world.all_storage();
        let data = self.world.refusal(sender, EXCHANGE, call);
        assert_eq!(before, self.world.all_storage());
        data
    }

    fn digest(&self, trade: &IExchange::Trade) -> B256 {
        let call = IExchange::digestCall { trade: trade.clone() };
        self.world.send(RELAYER, EXCHANGE, &call).unwrap()
    }
}

fn trade() -> IExchange::Trade {
    let leg = |instrument, quantity, price| IExchange::Leg { instrument, quantity, price };
    IExchange::Trade {
        buyer: account(BUYER),
        seller: account(SELLER),
        buyerIsMaker: true,
        legs: Vec::from([leg(11, 5, 100), leg(12, -6, 200)]),
        deadline: NOW,
        salt: U256::from(1),
    }
}

fn signed(trade: IExchange::Trade) -> IExchange::tradeCall {
    let (buyer, seller) = (std::vec![BUYER[0]], std::vec![SELLER[0]]);
    IExchange::tradeCall { trade, buyerSignature: buyer.into(), sellerSignature: seller.into() }
}

#[test]
fn every_selector_is_routed() {
    let bench = Bench::new();
    let selectors =
        IExchange::IExchangeCalls::selectors().chain(IGoverned::IGovernedCalls::selectors());
    for selector in selectors {
        let answer = bench.world.call(RELAYER, EXCHANGE, U256::ZERO, &selector);
        let unknown = encoded(&IErrors::UnknownSelector { selector: selector.into() });
        assert_ne!(answer.clone().err(), Some(unknown), "{selector:02x?}");
        assert!(answer.is_ok() || answer.unwrap_err().len() >= 4);
    }
}

#[test]
fn a_trade_is_filled_leg_by_leg_and_once() {
    let bench = Bench::new();
    bench.world.send(RELAYER, EXCHANGE, &signed(trade())).unwrap();
    let fill = |instrument, quantity, price, buyer, seller, maker| IClearing::Fill {
        instrument,
        quantity,
        price,
        buyer: account(buyer),
        seller: account(seller),
        buyerIsMaker: maker,
    };
    let expected = [fill(11, 5, 100, BUYER, SELLER, true), fill(12, 6, 200, SELLER, BUYER, false)];
    assert_eq!(*bench.filled.borrow(), expected);
    let digest = bench.digest(&trade());
    let used = IExchange::isUsedCall { digest };
    assert_eq!(bench.world.send(RELAYER, EXCHANGE, &used), Ok(true));
    let error = encoded(&IExchange::TradeUsed { digest });
    assert_eq!(bench.refusal(RELAYER, &signed(trade())), error);
    let mut other = trade();
    other.salt = U256::from(2);
    bench.world.send(RELAYER, EXCHANGE, &signed(other)).unwrap();
}

#[test]
fn the_digest_is_that_of_the_standard() {
    let bench = Bench::new();
    let own = trade();
    let legs = own.legs.iter().map(|leg| typed::Leg {
        instrument: leg.instrument,
        quantity: leg.quantity,
        price: leg.price,
    });
    let other = typed::Trade {
        buyer: own.buyer,
        seller: own.seller,
        buyerIsMaker: own.buyerIsMaker,
        legs: legs.collect(),
        deadline: own.deadline,
        salt: own.salt,
    };
    let domain = Eip712Domain::new(
        Some("Novate Exchange".into()),
        Some("1".into()),
        Some(U256::from(412_346)),
        Some(EXCHANGE),
        None,
    );
    assert_eq!(bench.digest(&own), other.eip712_signing_hash(&domain));
    let separator = bench.world.send(RELAYER, EXCHANGE, &IExchange::domainSeparatorCall {});
    assert_eq!(separator, Ok(domain.separator()));
}

#[test]
fn a_key_signs_for_the_accounts_of_its_address() {
    let bench = Bench::new();
    // Some key's signature of the digest, found from r and s: its owner is whoever it recovers to. The digest depends on the
    // owner, so the trade names a wallet as buyer and the test only checks who is recovered.
    let mut unsigned = trade();
    let owner = Address::repeat_byte(0x01);
    unsigned.seller = account(owner);
    let digest = bench.digest(&unsigned);
    let r = U256::from_be_bytes(
        alloy_primitives::b256!("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
            .0,
    );
    let signature = Signature::new(r, U256::from(5), false);
    let recovered = signature.recover_address_from_prehash(&digest).unwrap();
    let mut call = signed(unsigned);
    call.sellerSignature = signature.as_bytes().to_vec().into();
    let error = encoded(&IErrors::InvalidSignature { recovered });
    assert_eq!(bench.refusal(RELAYER, &call), error);
}

#[test]
fn both_sides_must_have_signed() {
    let bench = Bench::new();
    let mut call = signed(trade());
    call.buyerSignature = std::vec![0].into();
    let error = encoded(&IErrors::InvalidSignature { recovered: BUYER });
    assert_eq!(bench.refusal(RELAYER, &call), error);
    let mut call = signed(trade());
    call.sellerSignature = std::vec![0].into();
    let error = encoded(&IErrors::InvalidSignature { recovered: SELLER });
    assert_eq!(bench.refusal(RELAYER, &call), error);
}

#[test]
fn either_signer_cancels_and_nobody_else() {
    let bench = Bench::new();
    let cancel = IExchange::cancelCall { trade: trade() };
    let error = encoded(&IErrors::Unauthorized { caller: RELAYER });
    assert_eq!(bench.refusal(RELAYER, &cancel), error);
    bench.world.send(SELLER, EXCHANGE, &cancel).unwrap();
    let error = encoded(&IExchange::TradeUsed { digest: bench.digest(&trade()) });
    assert_eq!(bench.refusal(RELAYER, &signed(trade())), error);
    assert_eq!(bench.refusal(BUYER, &cancel), error);
    assert!(bench.filled.borrow().is_empty());
}

#[test]
fn a_trade_is_refused_for_what_it_is() {
    let bench = Bench::new();
    let mut empty = trade();
    empty.legs.clear();
    assert_eq!(bench.refusal(RELAYER, &signed(empty)), encoded(&IExchange::EmptyTrade {}));
    bench.world.set_timestamp(NOW + 1);
    let error = encoded(&IErrors::DeadlinePassed { deadline: NOW, timestamp: NOW + 1 });
    assert_eq!(bench.refusal(RELAYER, &signed(trade())), error);
    bench.world.set_timestamp(NOW);
    let pause = IGoverned::pauseCall { mask: U256::from(1) };
    bench.world.send(GOVERNOR, EXCHANGE, &pause).unwrap();
    let error = encoded(&IErrors::OperationPaused { operation: U256::from(1) });
    assert_eq!(bench.refusal(RELAYER, &signed(trade())), error);
}

#[test]
fn what_clearing_refuses_is_passed_on_and_leaves_the_trade_unused() {
    let bench = Bench::new();
    let error = encoded(&IClearing::SelfTrade { account: B256::ZERO });
    let reason = error.clone();
    bench.world.mock(CLEARING, move |_, _| Err(reason.clone()));
    assert_eq!(bench.refusal(RELAYER, &signed(trade())), error);
    bench.world.remove(CLEARING);
    let error = encoded(&IErrors::CallFailed { target: CLEARING });
    assert_eq!(bench.refusal(RELAYER, &signed(trade())), error);
}

#[test]
fn every_truncation_of_a_trade_reverts_with_data() {
    let bench = Bench::new();
    let calldata = signed(trade()).abi_encode();
    for length in 4..calldata.len() {
        let answer = bench.world.call(RELAYER, EXCHANGE, U256::ZERO, &calldata[..length]);
        // The padding of the last bytes isn't needed.
        if let Err(data) = answer {
            assert_eq!(data[..4], IErrors::MalformedBytes::SELECTOR);
        } else {
            assert!(length + 31 >= calldata.len());
            break;
        }
    }
}

#[test]
fn the_governor_sets_clearing() {
    let bench = Bench::new();
    let set = IExchange::setClearingCall { clearing: RELAYER };
    let error = encoded(&IErrors::Unauthorized { caller: RELAYER });
    assert_eq!(bench.refusal(RELAYER, &set), error);
    bench.world.send(GOVERNOR, EXCHANGE, &set).unwrap();
    let clearing = bench.world.send(RELAYER, EXCHANGE, &IExchange::clearingCall {});
    assert_eq!(clearing, Ok(RELAYER));
    let set = IExchange::setClearingCall { clearing: Address::ZERO };
    assert_eq!(bench.refusal(GOVERNOR, &set), encoded(&IErrors::ZeroAddress {}));
}
