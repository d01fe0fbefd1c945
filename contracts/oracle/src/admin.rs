//! What the governor sets.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;
use novate_abi::{IAggregator, IErrors, IOracle};
use novate_common::{
    Answer, Bytes, Input, Revert, Word, address, ask, empty, event, log, not_zero, only, refuse,
    selected, sender, timestamp,
};

use crate::{
    Oracle,
    error::within,
    feed::{self, MAX_DECIMALS, MAX_PRICE},
    index::is_too_volatile,
    level,
    load::{self, Feed, headed, index_slot, sequencer, set_sequencer},
    message::publisher_word,
    storage::{IS_PUBLISHER, KEEPER, PUBLISHERS, STABLE, THRESHOLD},
    words::{AllowanceWord, IndexWord},
};

/// Bounds of a heartbeat, seconds.
const HEARTBEAT: (u128, u128) = (10, 7 * 86_400);
/// Longest grace of the sequencer, seconds.
const GRACE: u128 = 86_400;
/// A new feed's price lies within so many percent of the last one.
const NEAR_PERCENT: u128 = 10;
const ONE: u128 = 1_000_000_000_000_000_000;
/// Units of 1e-18 in one of nine decimals.
const NINE: u64 = 1_000_000_000;
/// Most that a mark, a forward, and a volatility may be allowed to move, and the longest least tenor.
const MOST_SHARE: u128 = ONE / 5;
const MOST_VOLATILITY: u128 = 4 * ONE;
const MOST_FLOOR: u128 = 365 * 86_400;
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
    let expected = input.u128()?;
    let decimals = check_feed(&feed, heartbeat)?;
    let changed = Feed::new(underlying, (feed, heartbeat, decimals), (minimum, maximum));
    changed.store((minimum, maximum));
    check_price(underlying, &changed, expected)?;
    event!(IOracle::FeedChanged {
        underlying; feed, heartbeat, minimumAnswer: minimum, maximumAnswer: maximum
    });
    empty()
}

/// Refuses a feed whose price isn't near the last accepted one, or the one that is expected, and keeps it as the last.
fn check_price(underlying: u8, feed: &Feed, expected: u128) -> Result<(), Revert> {
    let (now, slot) = (timestamp(), index_slot(underlying));
    let remembered = IndexWord::at(&slot);
    let near = if expected == 0 { remembered.price } else { expected };
    let far = near.saturating_mul(NEAR_PERCENT).checked_div(100).unwrap_or(0);
    let range = near.saturating_sub(far)..=near.saturating_add(far);
    let round = feed::latest(&feed.reader.feed)?;
    let answered = round.and_then(|round| feed.accept(&round, now)).filter(|answered| {
        let age = now.saturating_sub(answered.updated_at);
        level::of_answer(age, feed.reader.heartbeat) >= level::STALE_FOR_MARGIN
    });
    let Some(answered) = answered.filter(|answered| range.contains(&answered.price)) else {
        let price = U256::from(answered.map_or(0, |answered| answered.price));
        let (least, most) = (U256::from(*range.start()), U256::from(*range.end()));
        return Err(refuse!(IOracle::PriceOutOfRange { price, least, most }));
    };
    let followers = remembered.followers(&answered, now);
    let word = if expected == 0 && !is_too_volatile(answered.price, followers.average) {
        remembered.recorded(&answered, now)
    } else {
        IndexWord::begun(&answered, now)
    };
    word.store(&slot);
    let (price, updated_at) = (answered.price, answered.updated_at);
    event!(IOracle::IndexRecorded { underlying; price, updatedAt: updated_at });
    Ok(())
}

/// `setKeeper(keeper)`.
pub(crate) fn set_keeper(oracle: &Oracle, input: &mut Input<'_>) -> Answer {
    oracle.governance.only_governor()?;
    let keeper = input.address()?;
    let previous = address(&KEEPER.get());
    KEEPER.set(&keeper.word());
    event!(IOracle::KeeperChanged { previous, keeper; });
    empty()
}

/// `setAllowances(underlying, allowances)`: kept with nine decimals, rounded down.
pub(crate) fn set_allowances(input: &mut Input<'_>) -> Answer {
    let keeper = address(&KEEPER.get());
    let caller = sender();
    if keeper.is_zero() {
        return Err(refuse!(IErrors::Unauthorized { caller }));
    }
    only(caller, keeper)?;
    let underlying = input.u8()?;
    within(b"underlying", underlying.into(), 1, 255)?;
    let mut share = |name: &[u8], most: u128| {
        let value = input.u64()?;
        within(name, value.into(), 0, most)?;
        Ok::<_, Revert>(u32::try_from(value.checked_div(NINE).unwrap_or(0)).unwrap_or(u32::MAX))
    };
    let word = AllowanceWord {
        mark: share(b"mark", MOST_SHARE)?,
        forward_floor: share(b"forwardFloor", MOST_SHARE)?,
        forward_slope: share(b"forwardSlope", MOST_SHARE)?,
        volatility_up: share(b"volatilityUp", MOST_VOLATILITY)?,
        volatility_down: share(b"volatilityDown", ONE)?,
        short_power: share(b"shortPower", ONE)?,
        long_power: share(b"longPower", ONE)?,
        floor: input.u32()?,
    };
    within(b"floor", word.floor.into(), 60, MOST_FLOOR)?;
    let previous = load::allowances(underlying);
    load::set_allowances(underlying, &word);
    let mut data = Bytes::new();
    <IOracle::AllowancesChanged as novate_common::SolEvent>::SIGNATURE_HASH.push(&mut data);
    underlying.push(&mut data);
    nine_allowances(&previous, &mut data);
    nine_allowances(&word, &mut data);
    log(2, &data);
    empty()
}

/// The eight words of `Allowances`.
pub(crate) fn nine_allowances(word: &AllowanceWord, bytes: &mut Bytes) {
    let shares = [
        word.mark,
        word.forward_floor,
        word.forward_slope,
        word.volatility_up,
        word.volatility_down,
        word.short_power,
        word.long_power,
    ];
    for share in shares {
        u64::from(share).saturating_mul(NINE).push(bytes);
    }
    word.floor.push(bytes);
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
        known.set(&publisher_word(count, threshold));
        PUBLISHERS.of(&number).set(&publisher.word());
        publisher.push(&mut changed);
    }
    THRESHOLD.set(&publisher_word(count, threshold));
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
