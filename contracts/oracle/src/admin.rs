//! What the governor sets.

use alloc::vec::Vec;

use alloy_primitives::{Address, U8, U256};
use novate_abi::{
    IAggregator,
    IOracle::{
        self, DuplicatePublisher, FeedChanged, PublishersChanged, SequencerFeedChanged,
        StableFeedChanged,
    },
    words::{low_u8, split, wide},
};
use novate_common::{Answer, Input, Revert, empty, not_zero, view};
use stylus_sdk::prelude::*;

use crate::{
    error::within,
    feed::{MAX_DECIMALS, MAX_PRICE},
    load::address_word,
    storage::Oracle,
};

/// Bounds of a heartbeat, seconds.
const HEARTBEAT: (u128, u128) = (10, 7 * 86_400);
/// Longest grace of the sequencer, seconds.
const GRACE: u128 = 86_400;
/// Most publishers.
pub(crate) const MOST_PUBLISHERS: usize = 16;

impl Oracle {
    pub(crate) fn set_feed(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.only_governor()?;
        let underlying = input.u8()?;
        let feed = IOracle::Feed {
            feed: input.address()?,
            heartbeat: input.u32()?,
            minimumAnswer: input.u128()?,
            maximumAnswer: input.u128()?,
        };
        within(b"underlying", underlying.into(), 1, 255)?;
        not_zero(feed.feed)?;
        within(b"heartbeat", feed.heartbeat.into(), HEARTBEAT.0, HEARTBEAT.1)?;
        within(b"maximumAnswer", feed.maximumAnswer, 1, MAX_PRICE)?;
        within(b"minimumAnswer", feed.minimumAnswer, 0, feed.maximumAnswer.saturating_sub(1))?;
        let decimals = self.decimals(feed.feed)?;
        self.feeds.setter(underlying).set(&feed, decimals);
        self.vm().log(FeedChanged {
            underlying,
            feed: feed.feed,
            heartbeat: feed.heartbeat,
            minimumAnswer: feed.minimumAnswer,
            maximumAnswer: feed.maximumAnswer,
        });
        empty()
    }

    pub(crate) fn set_stable_feed(&mut self, feed: Address, heartbeat: u32) -> Answer {
        self.governance.only_governor()?;
        let sequencer = self.sequencer.get() & !U256::ONE;
        if feed.is_zero() {
            self.sequencer.set(sequencer);
            self.stable.set(U256::ZERO);
        } else {
            within(b"heartbeat", heartbeat.into(), HEARTBEAT.0, HEARTBEAT.1)?;
            let decimals = self.decimals(feed)?;
            let low = wide(heartbeat.into(), decimals.into());
            self.stable.set(address_word(feed) | U256::from(low));
            self.sequencer.set(sequencer | U256::ONE);
        }
        self.vm().log(StableFeedChanged { feed, heartbeat });
        empty()
    }

    pub(crate) fn set_sequencer_feed(&mut self, feed: Address, grace: u32) -> Answer {
        self.governance.only_governor()?;
        within(b"grace", grace.into(), 0, GRACE)?;
        let stable = low_u8(split(self.sequencer.get()).1) & 1;
        let low = wide(grace.into(), stable.into());
        self.sequencer.set(address_word(feed) | U256::from(low));
        self.vm().log(SequencerFeedChanged { feed, grace });
        empty()
    }

    pub(crate) fn set_publishers(&mut self, input: &mut Input<'_>) -> Answer {
        self.governance.only_governor()?;
        let (count, mut elements) = input.array(1)?;
        let threshold = input.u8()?;
        let length = u128::try_from(count).unwrap_or(u128::MAX);
        let most = u128::try_from(MOST_PUBLISHERS).unwrap_or_default();
        within(b"publishers", length, 1, most)?;
        within(b"threshold", threshold.into(), 1, length)?;
        while let Some(publisher) = self.publishers.pop() {
            self.is_publisher.delete(publisher);
        }
        let mut publishers = Vec::with_capacity(count);
        for _ in 0..count {
            let publisher = elements.address()?;
            not_zero(publisher)?;
            if self.is_publisher.get(publisher) {
                return Err(DuplicatePublisher { publisher }.into());
            }
            self.is_publisher.insert(publisher, true);
            self.publishers.push(publisher);
            publishers.push(publisher);
        }
        self.threshold.set(U8::from(threshold));
        self.vm().log(PublishersChanged { publishers, threshold });
        empty()
    }

    /// Decimals of a feed.
    fn decimals(&self, feed: Address) -> Result<u8, Revert> {
        let decimals = view(self.vm(), feed, &IAggregator::decimalsCall {})?;
        within(b"decimals", decimals.into(), 0, MAX_DECIMALS.into())?;
        Ok(decimals)
    }
}
