//! The shared parts, through a contract that is made of them alone.

#![allow(clippy::arithmetic_side_effects, reason = "test code: an overflow is a failed test")]
#![allow(clippy::similar_names, reason = "world and word")]
#![allow(clippy::items_after_statements, reason = "test code imports where it needs")]

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, U256, b256};
use alloy_sol_types::{SolCall, SolError, SolEvent, SolInterface, sol};
use novate_abi::{IClearing, IERC20, IErrors, IGoverned};
use stylus_sdk::{prelude::*, storage::StorageU256};

use crate::{
    Answer, Contract, DAY, Governance, Input, Revert, ask, empty, returns, signature, tell,
    testing::World, token,
};

sol! {
    function initialize(address governor, address guardian) external;
    function guarded() external;
    function relay(address target) external;
    function look(address target) external view returns (uint256);
    function sign(address signer, bytes32 digest, bytes signature) external view;
    function take(address token, uint256 amount) external returns (uint256);
    function pay(address token, uint256 amount) external;
    function separator() external view returns (bytes32);
    function number() external view returns (uint256);
}

#[storage]
struct Sample {
    governance: Governance,
    count: StorageU256,
}

impl Contract for Sample {
    fn route(&mut self, selector: [u8; 4], input: &mut Input<'_>) -> Answer {
        match selector {
            initializeCall::SELECTOR => {
                self.governance.initialize(input.address()?, input.address()?)?;
                empty()
            }
            guardedCall::SELECTOR => {
                self.governance.not_paused(2)?;
                self.count.set(self.count.get().saturating_add(U256::from(1)));
                empty()
            }
            relayCall::SELECTOR => {
                self.count.set(U256::from(7));
                tell(&input.address()?, &guardedCall {}.abi_encode())?;
                empty()
            }
            lookCall::SELECTOR => {
                let seen = ask(&input.address()?, &numberCall {}.abi_encode())?.u256(0)?;
                returns::<lookCall>(&seen)
            }
            signCall::SELECTOR => {
                let (signer, digest) = (input.address()?, input.bytes32()?);
                signature::require_signed(self.vm(), signer, digest, input.bytes()?)?;
                empty()
            }
            takeCall::SELECTOR => {
                let (token, amount) = (input.address()?, input.u256()?);
                let arrived = token::take(&token, &self.vm().msg_sender(), &amount)?.amount;
                returns::<takeCall>(&arrived)
            }
            payCall::SELECTOR => {
                let (token, amount) = (input.address()?, input.u256()?);
                token::pay(&token, &self.vm().msg_sender(), &amount)?;
                empty()
            }
            separatorCall::SELECTOR => {
                let name = signature::keccak(b"Sample");
                let version = signature::keccak(b"1");
                let separator = signature::domain_separator(self.vm(), name, version);
                returns::<separatorCall>(&separator)
            }
            numberCall::SELECTOR => returns::<numberCall>(&self.count.get()),
            _ => self.governance.route(selector, input, &[(1, 14 * DAY), (2, 7 * DAY)]),
        }
    }
}

const CONTRACT: Address = Address::repeat_byte(0xc0);
const TARGET: Address = Address::repeat_byte(0x7a);
const GOVERNOR: Address = Address::repeat_byte(0x60);
const GUARDIAN: Address = Address::repeat_byte(0x6a);
const STRANGER: Address = Address::repeat_byte(0x57);

fn world() -> World {
    let world = World::default();
    world.install::<Sample>(CONTRACT);
    let call = initializeCall { governor: GOVERNOR, guardian: GUARDIAN };
    world.send(GOVERNOR, CONTRACT, &call).unwrap();
    world
}

fn error<E: SolError>(error: &E) -> Vec<u8> {
    error.abi_encode()
}

fn unauthorized(caller: Address) -> Vec<u8> {
    error(&IErrors::Unauthorized { caller })
}

#[test]
fn every_selector_of_the_governed_interface_is_routed() {
    let world = world();
    for selector in IGoverned::IGovernedCalls::selectors() {
        let answer = world.call(STRANGER, CONTRACT, U256::ZERO, &selector);
        let unknown = error(&IErrors::UnknownSelector { selector: selector.into() });
        assert_ne!(answer.err(), Some(unknown), "{selector:02x?}");
    }
}

#[test]
fn an_unknown_or_short_selector_is_named() {
    let world = world();
    for (calldata, selector) in
        [(&[][..], [0; 4]), (&[1, 2][..], [1, 2, 0, 0]), (&[9, 9, 9, 9, 9][..], [9; 4])]
    {
        let answer = world.call(STRANGER, CONTRACT, U256::ZERO, calldata);
        assert_eq!(answer, Err(error(&IErrors::UnknownSelector { selector: selector.into() })));
    }
}

#[test]
fn value_is_refused() {
    let value = U256::from(1);
    let answer = world().call(STRANGER, CONTRACT, value, &guardedCall {}.abi_encode());
    assert_eq!(answer, Err(error(&IErrors::ValueNotAccepted { value })));
}

#[test]
fn a_second_initialisation_is_refused() {
    let call = initializeCall { governor: STRANGER, guardian: STRANGER };
    let answer = world().refusal(STRANGER, CONTRACT, &call);
    assert_eq!(answer, error(&IErrors::AlreadyInitialized {}));
}

#[test]
fn a_governor_of_zero_is_refused() {
    let world = World::default();
    world.install::<Sample>(CONTRACT);
    let call = initializeCall { governor: Address::ZERO, guardian: GUARDIAN };
    assert_eq!(world.refusal(STRANGER, CONTRACT, &call), error(&IErrors::ZeroAddress {}));
}

#[test]
fn the_governor_changes_in_two_steps() {
    let world = world();
    let propose = IGoverned::proposeGovernorCall { proposed: STRANGER };
    let accept = IGoverned::acceptGovernorCall {};
    assert_eq!(world.refusal(STRANGER, CONTRACT, &propose), unauthorized(STRANGER));
    assert_eq!(world.refusal(STRANGER, CONTRACT, &accept), unauthorized(STRANGER));
    world.send(GOVERNOR, CONTRACT, &propose).unwrap();
    let governor = IGoverned::governorCall {};
    assert_eq!(world.send(STRANGER, CONTRACT, &governor), Ok(GOVERNOR));
    assert_eq!(world.refusal(GUARDIAN, CONTRACT, &accept), unauthorized(GUARDIAN));
    world.send(STRANGER, CONTRACT, &accept).unwrap();
    assert_eq!(world.send(STRANGER, CONTRACT, &governor), Ok(STRANGER));
    assert_eq!(world.refusal(STRANGER, CONTRACT, &accept), unauthorized(STRANGER));
    let guardian = IGoverned::setGuardianCall { guardian: TARGET };
    assert_eq!(world.refusal(GOVERNOR, CONTRACT, &guardian), unauthorized(GOVERNOR));
    world.send(STRANGER, CONTRACT, &guardian).unwrap();
    assert_eq!(world.send(STRANGER, CONTRACT, &IGoverned::guardianCall {}), Ok(TARGET));
    let topics: Vec<B256> = world.logs().iter().map(|(_, topics, _)| topics[0]).collect();
    assert_eq!(
        topics[2..],
        [
            IGoverned::GovernorProposed::SIGNATURE_HASH,
            IGoverned::GovernorChanged::SIGNATURE_HASH,
            IGoverned::GuardianChanged::SIGNATURE_HASH
        ]
    );
}

const fn pause(mask: u64) -> IGoverned::pauseCall {
    IGoverned::pauseCall { mask: U256::from_limbs([mask, 0, 0, 0]) }
}

const fn unpause(mask: u64) -> IGoverned::unpauseCall {
    IGoverned::unpauseCall { mask: U256::from_limbs([mask, 0, 0, 0]) }
}

fn stopped(world: &World) -> (u64, u64, u64) {
    let ask = |operation: u64| {
        let call = IGoverned::pausedUntilCall { operation: U256::from(operation) };
        world.send(STRANGER, CONTRACT, &call).unwrap()
    };
    let mask = world.send(STRANGER, CONTRACT, &IGoverned::pausedMaskCall {}).unwrap();
    (mask.to(), ask(1), ask(2))
}

#[test]
fn the_guardian_pauses_and_the_governor_alone_resumes() {
    let world = world();
    let start = world.timestamp();
    assert_eq!(world.refusal(STRANGER, CONTRACT, &pause(2)), unauthorized(STRANGER));
    assert_eq!(stopped(&world), (0, 0, 0));
    world.send(GUARDIAN, CONTRACT, &pause(1)).unwrap();
    world.send(STRANGER, CONTRACT, &guardedCall {}).unwrap();
    world.send(GUARDIAN, CONTRACT, &pause(2)).unwrap();
    let paused = error(&IErrors::OperationPaused { operation: U256::from(2) });
    assert_eq!(world.refusal(STRANGER, CONTRACT, &guardedCall {}), paused);
    assert_eq!(stopped(&world), (3, start + 14 * DAY, start + 7 * DAY));
    assert_eq!(world.refusal(GUARDIAN, CONTRACT, &unpause(2)), unauthorized(GUARDIAN));
    world.set_timestamp(start + DAY);
    world.send(GOVERNOR, CONTRACT, &unpause(2)).unwrap();
    assert_eq!(stopped(&world), (1, start + 14 * DAY, start + DAY));
    world.send(STRANGER, CONTRACT, &guardedCall {}).unwrap();
    let (_, _, data) = world.logs().pop().unwrap();
    assert_eq!(data, [U256::from(3), U256::from(1)].map(|mask| mask.to_be_bytes::<32>()).concat());
    for call in [IGoverned::pauseCall { mask: U256::MAX }, pause(4), pause(5)] {
        let answer = world.refusal(GUARDIAN, CONTRACT, &call);
        let refused = IErrors::ParameterOutOfBounds::abi_decode(&answer).unwrap();
        assert_eq!(&refused.name[..5], b"mask\0");
    }
}

#[test]
fn a_stop_ends_by_itself() {
    let world = world();
    let start = world.timestamp();
    world.send(GUARDIAN, CONTRACT, &pause(3)).unwrap();
    world.set_timestamp(start + 7 * DAY - 1);
    assert_eq!(stopped(&world).0, 3);
    world.set_timestamp(start + 7 * DAY);
    assert_eq!(stopped(&world), (1, start + 14 * DAY, start + 7 * DAY));
    world.send(STRANGER, CONTRACT, &guardedCall {}).unwrap();
    world.set_timestamp(start + 14 * DAY);
    assert_eq!(stopped(&world).0, 0);
    // What is over isn't resumed: it was over when it was.
    world.send(GOVERNOR, CONTRACT, &unpause(3)).unwrap();
    assert_eq!(stopped(&world).1, start + 14 * DAY);
}

/// One bit stopped for 400 days.
#[test]
fn row_15_the_guardian_stops_an_operation_once_in_thirty_days() {
    let world = world();
    let start = world.timestamp();
    let mut days = 0;
    world.send(GUARDIAN, CONTRACT, &pause(2)).unwrap();
    for day in 1..400 {
        world.set_timestamp(start + day * DAY);
        let again = world.send(GUARDIAN, CONTRACT, &pause(2)).map(|_| ());
        if day % 30 != 0 {
            let from = start + (day / 30 + 1) * 30 * DAY;
            let operation = U256::from(2);
            let recently = error(&IGoverned::PausedRecently { operation, from });
            assert_eq!(again.err(), Some(recently));
        }
        days += stopped(&world).0 >> 1;
        // Another operation has a right of its own, and isn't stopped along with one that is refused.
        assert!(world.send(GUARDIAN, CONTRACT, &pause(3)).is_err());
    }
    assert_eq!(days, 6 + 13 * 7);
    world.send(GUARDIAN, CONTRACT, &pause(1)).unwrap();

    // Lifting it gives no further right, and the governor needs none.
    world.send(GOVERNOR, CONTRACT, &unpause(1)).unwrap();
    assert!(world.send(GUARDIAN, CONTRACT, &pause(1)).is_err());
    for _ in 0..2 {
        world.send(GOVERNOR, CONTRACT, &pause(1)).unwrap();
        assert_eq!(stopped(&world).0 & 1, 1);
    }
}

#[test]
fn governance_takes_four_slots() {
    let world = world();
    let start = world.timestamp();
    world.send(GUARDIAN, CONTRACT, &pause(3)).unwrap();
    world.send(GOVERNOR, CONTRACT, &IGoverned::proposeGovernorCall { proposed: STRANGER }).unwrap();
    let slot = |number: u64| world.storage(CONTRACT, U256::from(number));
    assert_eq!(slot(0), GOVERNOR.into_word());
    assert_eq!(slot(1), STRANGER.into_word());
    assert_eq!(slot(2), GUARDIAN.into_word());
    let times = [start + 14 * DAY, start + 30 * DAY, start + 7 * DAY, start + 30 * DAY];
    let packed = times.iter().rev().fold(U256::ZERO, |word, time| word << 40 | U256::from(*time));
    assert_eq!(slot(3), B256::from(packed));
}

#[test]
fn entering_again_is_refused() {
    let world = world();
    let answer = world.refusal(STRANGER, CONTRACT, &relayCall { target: CONTRACT });
    assert_eq!(answer, error(&IErrors::Reentrant {}));
    world.mock(TARGET, |world, message| {
        world.call(message.target, CONTRACT, U256::ZERO, &guardedCall {}.abi_encode())
    });
    let answer = world.refusal(STRANGER, CONTRACT, &relayCall { target: TARGET });
    assert_eq!(answer, error(&IErrors::Reentrant {}));
    assert_eq!(world.send(STRANGER, CONTRACT, &numberCall {}), Ok(U256::ZERO));
}

#[test]
fn calls_that_fail_name_the_target_or_pass_its_data_on() {
    let world = world();
    let failed = error(&IErrors::CallFailed { target: TARGET });
    let relay = relayCall { target: TARGET };
    let look = lookCall { target: TARGET };
    assert_eq!(world.refusal(STRANGER, CONTRACT, &relay), failed);
    assert_eq!(world.refusal(STRANGER, CONTRACT, &look), failed);
    world.mock(TARGET, |_, _| Ok(Vec::new()));
    world.send(STRANGER, CONTRACT, &relay).unwrap();
    assert_eq!(world.refusal(STRANGER, CONTRACT, &look), failed);
    world.mock(TARGET, |_, _| Ok(alloc::vec![0; 31]));
    assert_eq!(world.refusal(STRANGER, CONTRACT, &look), failed);
    world.mock(TARGET, |_, _| Err(Vec::new()));
    assert_eq!(world.refusal(STRANGER, CONTRACT, &look), failed);
    world.mock(TARGET, |_, _| Err(alloc::vec![1, 2, 3, 4]));
    assert_eq!(world.refusal(STRANGER, CONTRACT, &look), [1, 2, 3, 4]);
    world.install::<Sample>(TARGET);
    assert_eq!(world.send(STRANGER, CONTRACT, &look), Ok(U256::ZERO));
}

/// A digest and its signature by the key 1, made with another implementation of the curve.
fn signed() -> (Address, B256, [u8; 65]) {
    use alloy_primitives::{Signature, keccak256};
    // r = s is the x coordinate of the generator: a valid signature of some key over any digest.
    let r = U256::from_be_bytes(
        b256!("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798").0,
    );
    let digest = keccak256(b"digest");
    let signature = Signature::new(r, U256::from(5), false);
    let signer = signature.recover_address_from_prehash(&digest).unwrap();
    (signer, digest, signature.as_bytes())
}

#[test]
fn a_signature_is_checked_against_its_signer() {
    let world = world();
    let (signer, digest, good) = signed();
    let check = |signer, signature: &[u8]| {
        let call = signCall { signer, digest, signature: signature.to_vec().into() };
        world.send(STRANGER, CONTRACT, &call).map(|_| ())
    };
    let invalid = |recovered| Err(error(&IErrors::InvalidSignature { recovered }));
    assert_eq!(check(signer, &good), Ok(()));
    assert_eq!(check(STRANGER, &good), invalid(signer));
    assert_eq!(check(signer, &good[..64]), invalid(Address::ZERO));
    let mut other = good;
    other[64] = 0;
    assert_eq!(check(signer, &other), invalid(Address::ZERO));
    let mut other = good;
    other[..32].fill(0);
    assert_eq!(check(signer, &other), invalid(Address::ZERO));
}

#[test]
fn a_signature_in_the_upper_half_is_refused() {
    let world = world();
    let (signer, digest, good) = signed();
    let order = U256::from_be_bytes(
        b256!("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141").0,
    );
    let mut malleated = good;
    malleated[32..64].copy_from_slice(&(order - U256::from(5)).to_be_bytes::<32>());
    malleated[64] = 28;
    let call = signCall { signer, digest, signature: malleated.to_vec().into() };
    let recovered = Address::ZERO;
    assert_eq!(
        world.refusal(STRANGER, CONTRACT, &call),
        error(&IErrors::InvalidSignature { recovered })
    );
}

#[test]
fn a_contract_wallet_answers_for_itself() {
    let world = world();
    let check = || {
        let signature = alloc::vec![1].into();
        let call = signCall { signer: TARGET, digest: B256::ZERO, signature };
        world.send(STRANGER, CONTRACT, &call).map(|_| ())
    };
    let word = |bytes: &[u8]| {
        let mut word = alloc::vec![0; 32];
        word[..bytes.len()].copy_from_slice(bytes);
        word
    };
    let yes = word(&[0x16, 0x26, 0xba, 0x7e]);
    world.mock(TARGET, move |_, _| Ok(yes.clone()));
    assert_eq!(check(), Ok(()));
    let no = word(&[0xff, 0xff, 0xff, 0xff]);
    world.mock(TARGET, move |_, _| Ok(no.clone()));
    let invalid = Err(error(&IErrors::InvalidSignature { recovered: TARGET }));
    assert_eq!(check(), invalid);
    world.mock(TARGET, |_, _| Err(alloc::vec![1]));
    assert_eq!(check(), invalid);
}

#[test]
fn the_domain_separator_is_that_of_the_standard() {
    use alloy_sol_types::Eip712Domain;
    let domain = Eip712Domain::new(
        Some("Sample".into()),
        Some("1".into()),
        Some(U256::from(412_346)),
        Some(CONTRACT),
        None,
    );
    assert_eq!(world().send(STRANGER, CONTRACT, &separatorCall {}), Ok(domain.separator()));
}

/// A token that keeps `fee` of each transfer and answers `answer`; its balance stands in its first storage word.
fn install_token(world: &World, fee: u64, answer: &'static [u8]) {
    use core::cell::Cell;
    let held = Cell::new(0_u64);
    world.mock(TARGET, move |_, message| {
        let selector: [u8; 4] = message.data[..4].try_into().unwrap();
        if selector == IERC20::balanceOfCall::SELECTOR {
            return Ok(U256::from(held.get()).to_be_bytes::<32>().to_vec());
        }
        if selector == IERC20::transferFromCall::SELECTOR {
            let call = IERC20::transferFromCall::abi_decode(&message.data).unwrap();
            assert_eq!((call.from, call.to), (STRANGER, CONTRACT));
            held.set(held.get() + call.amount.to::<u64>() - fee);
        }
        Ok(answer.to_vec())
    });
}

#[test]
fn what_arrives_is_counted_and_silence_is_consent() {
    const TRUE: &[u8] = &{
        let mut word = [0; 32];
        word[31] = 1;
        word
    };
    for answer in [&[][..], TRUE] {
        let world = world();
        install_token(&world, 3, answer);
        let call = takeCall { token: TARGET, amount: U256::from(100) };
        assert_eq!(world.send(STRANGER, CONTRACT, &call), Ok(U256::from(97)));
        let call = payCall { token: TARGET, amount: U256::from(1) };
        world.send(STRANGER, CONTRACT, &call).unwrap();
    }
}

#[test]
fn a_token_that_refuses_or_babbles_is_refused() {
    for answer in [&[0; 32][..], &[1][..], &[2; 32][..], &[0; 64][..]] {
        let world = world();
        install_token(&world, 0, answer);
        let failed = error(&IClearing::TransferFailed { token: TARGET });
        let call = takeCall { token: TARGET, amount: U256::from(100) };
        assert_eq!(world.refusal(STRANGER, CONTRACT, &call), failed);
        let call = payCall { token: TARGET, amount: U256::from(100) };
        assert_eq!(world.refusal(STRANGER, CONTRACT, &call), failed);
    }
}

#[test]
fn a_token_without_code_is_refused() {
    let call = payCall { token: TARGET, amount: U256::from(1) };
    let failed = Revert::from(IErrors::CallFailed { target: TARGET });
    assert_eq!(world().refusal(STRANGER, CONTRACT, &call), failed.data());
}

/// An account that delegates to code (EIP-7702) still signs by its key; what isn't signed so is asked of the code.
#[test]
fn row_21_an_account_with_code_signs_by_its_key() {
    let world = world();
    let (signer, digest, signature) = signed();
    let call = |signature: &[u8]| signCall { signer, digest, signature: signature.to_vec().into() };
    world.mock(signer, |_, message| {
        let asked = message.data.len() > 4 && message.data[..4] == [0x16, 0x26, 0xba, 0x7e];
        let mut answer = alloc::vec![0; 32];
        if asked && message.data.last_chunk::<32>().is_some_and(|word| word[0] == 0xaa) {
            answer[..4].copy_from_slice(&message.data[..4]);
        }
        Ok(answer)
    });
    world.send(STRANGER, CONTRACT, &call(&signature)).unwrap();
    world.send(STRANGER, CONTRACT, &call(&[0xaa])).unwrap();
    let mut other = signature;
    other[3] ^= 1;
    let invalid = error(&IErrors::InvalidSignature { recovered: signer });
    assert_eq!(world.refusal(STRANGER, CONTRACT, &call(&other)), invalid);
    // A wallet's answer is read in bounds: one of another length is no.
    world.mock(signer, |_, message| {
        let mut answer = alloc::vec![0; 1 << 20];
        answer[..4].copy_from_slice(&message.data[..4]);
        Ok(answer)
    });
    assert_eq!(world.refusal(STRANGER, CONTRACT, &call(&[0xaa])), invalid);
}
