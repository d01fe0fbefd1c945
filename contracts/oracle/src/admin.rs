//! What the governor sets.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;
use novate_abi::{IAggregator, IOracle};
use novate_common::{
    Answer, Bytes, Input, Revert, Word, address, ask, empty, event, log, not_zero, refuse, selected,
};

use crate::{
    Oracle,
    error::within,
    feed::{MAX_DECIMALS, MAX_PRICE},
    load::{Feed, headed, sequencer, set_sequencer},
    storage::{IS_PUBLISHER, PUBLISHERS, STABLE, THRESHOLD},
};

/// Bounds of a heartbeat, seconds.
const HEARTBEAT: (u128, u128) = (10, 7 * 86_400);
/// Longest grace of the sequencer, seconds.
const GRACE: u128 = 86_400;
/// Most publishers.
const MOST_PUBLISHERS: u8 = 16;

/// `setFeed(underlying, feed)`.
pub(crate) fn set_feed(oracle: &Oracle, input: &mut Input<'_>) -> Answer {
    oracle.governance.only_governor()?;
    let underlying = input.u8()?;
    let (feed, heartbeat) = (input.address()?, input.u32()?);
    let (minimum, maximum) = (input.u128()?, input.u128()?);
    within(b"underlying", underlying.into(), 1, 255)?;
    within(b"maximumAnswer", maximum, 1, MAX_PRICE)?;
    within(b"minimumAnswer", minimum, 0, maximum.saturating_sub(1))?;
    let decimals = check_feed(&feed, heartbeat)?;
    Feed::set(underlying, (feed, heartbeat, decimals), (minimum, maximum));
    event!(IOracle::FeedChanged {
        underlying; feed, heartbeat, minimumAnswer: minimum, maximumAnswer: maximum
    });
    empty()
}

/// `setStableFeed(feed, heartbeat)`.
pub(crate) fn set_stable_feed(oracle: &Oracle, input: &mut Input<'_>) -> Answer {
    oracle.governance.only_governor()?;
    let (feed, heartbeat) = (input.address()?, input.u32()?);
    let has_stable = feed != Address::ZERO;
    let decimals = if has_stable { check_feed(&feed, heartbeat)? } else { 0 };
    let [a, b, c, d] = heartbeat.to_be_bytes();
    STABLE.set(&headed(&[a, b, c, d, decimals], &feed));
    let (sequencer, grace, _) = sequencer();
    set_sequencer(&sequencer, grace, has_stable);
    event!(IOracle::StableFeedChanged { ; feed, heartbeat });
    empty()
}

/// `setSequencerFeed(feed, grace)`.
pub(crate) fn set_sequencer_feed(oracle: &Oracle, input: &mut Input<'_>) -> Answer {
    oracle.governance.only_governor()?;
    let (feed, grace) = (input.address()?, input.u32()?);
    within(b"grace", grace.into(), 0, GRACE)?;
    let (_, _, has_stable) = sequencer();
    set_sequencer(&feed, grace, has_stable);
    event!(IOracle::SequencerFeedChanged { ; feed, grace });
    empty()
}

/// `setPublishers(publishers, threshold)`.
pub(crate) fn set_publishers(oracle: &Oracle, input: &mut Input<'_>) -> Answer {
    oracle.governance.only_governor()?;
    let (length, mut elements) = input.array(1)?;
    let threshold = input.u8()?;
    let count = u8::try_from(length).unwrap_or(u8::MAX);
    within(b"publishers", count.into(), 1, MOST_PUBLISHERS.into())?;
    within(b"threshold", threshold.into(), 1, count.into())?;
    for number in 0..publisher_count().0 {
        IS_PUBLISHER.of(&publisher(number)).set(&B256::ZERO);
    }
    let mut changed = Bytes::new();
    for number in 0..count {
        let publisher = elements.address()?;
        not_zero(publisher)?;
        let known = IS_PUBLISHER.of(&publisher);
        if known.get() != B256::ZERO {
            return Err(refuse!(IOracle::DuplicatePublisher { publisher }));
        }
        known.set(&1_u8.word());
        PUBLISHERS.of(&number).set(&publisher.word());
        publisher.push(&mut changed);
    }
    THRESHOLD.set(&headed(&[count, threshold], &Address::ZERO));
    let mut data = selected_event(count, threshold);
    data.extend_from_slice(&changed);
    log(1, &data);
    empty()
}

/// `PublishersChanged(address[], uint8)` but for the addresses: signature, offset, threshold, length.
fn selected_event(count: u8, threshold: u8) -> Bytes {
    let mut data = Bytes::new();
    <IOracle::PublishersChanged as novate_common::SolEvent>::SIGNATURE_HASH.push(&mut data);
    64_u8.push(&mut data);
    threshold.push(&mut data);
    count.push(&mut data);
    data
}

/// How many publishers there are, and how many must sign.
pub(crate) fn publisher_count() -> (u8, u8) {
    let [count, threshold, ..] = THRESHOLD.get().0;
    (count, threshold)
}

/// A publisher by number.
pub(crate) fn publisher(number: u8) -> Address {
    address(&PUBLISHERS.of(&number).get())
}

/// Decimals of a feed that can be read.
#[inline(never)]
fn check_feed(feed: &Address, heartbeat: u32) -> Result<u8, Revert> {
    not_zero(*feed)?;
    within(b"heartbeat", heartbeat.into(), HEARTBEAT.0, HEARTBEAT.1)?;
    let decimals = ask(feed, &selected![IAggregator::decimalsCall::SELECTOR])?.u256(0)?;
    let decimals = u8::try_from(decimals.min(U256::from(u8::MAX))).unwrap_or(u8::MAX);
    within(b"decimals", decimals.into(), 0, MAX_DECIMALS.into())?;
    Ok(decimals)
}
