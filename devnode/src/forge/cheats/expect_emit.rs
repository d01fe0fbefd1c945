//! Events that a test expects.

use alloy_primitives::{Address, Log, LogData};

use super::{Args, Cheats, Code, Reply, Session};
use crate::forge::frames::Note;

pub(super) const CODES: &[(&str, Code)] = &[
    ("expectEmit()", Code::Plain(all)),
    ("expectEmit(address)", Code::Plain(all)),
    ("expectEmit(uint64)", Code::Plain(all)),
    ("expectEmit(address,uint64)", Code::Plain(all)),
    ("expectEmit(bool,bool,bool,bool)", Code::Plain(some)),
    ("expectEmit(bool,bool,bool,bool,address)", Code::Plain(some)),
    ("expectEmit(bool,bool,bool,bool,uint64)", Code::Plain(some)),
    ("expectEmit(bool,bool,bool,bool,address,uint64)", Code::Plain(some)),
    ("expectEmitAnonymous()", Code::Plain(anonymous)),
    ("expectEmitAnonymous(address)", Code::Plain(anonymous)),
    ("expectEmitAnonymous(bool,bool,bool,bool,bool)", Code::Plain(anonymous)),
    ("expectEmitAnonymous(bool,bool,bool,bool,bool,address)", Code::Plain(anonymous)),
];

/// An event that is expected; the next event that the test emits is its pattern.
#[derive(Debug, Clone)]
pub(super) struct ExpectedEmit {
    depth: usize,
    /// Which topics, and whether the data, have to be equal.
    checks: [bool; 5],
    emitter: Option<Address>,
    count: u64,
    seen: u64,
    is_anonymous: bool,
    pattern: Option<LogData>,
    is_found: bool,
}

fn all(session: &mut Session<'_>, args: &Args) -> Reply {
    expect(session, args, [true; 5], 0, false)
}

fn some(session: &mut Session<'_>, args: &Args) -> Reply {
    let mut checks = [true; 5];
    for (index, check) in checks.iter_mut().skip(1).enumerate() {
        *check = args.boolean(index)?;
    }
    expect(session, args, checks, 4, false)
}

fn anonymous(session: &mut Session<'_>, args: &Args) -> Reply {
    let mut checks = [true; 5];
    let given = if args.len() >= 5 { 5 } else { 0 };
    for (index, check) in checks.iter_mut().enumerate().take(given) {
        *check = args.boolean(index)?;
    }
    expect(session, args, checks, given, true)
}

fn expect(
    session: &mut Session<'_>,
    args: &Args,
    checks: [bool; 5],
    rest: usize,
    is_anonymous: bool,
) -> Reply {
    let emitter = args.address(rest).ok();
    let at = if emitter.is_some() { rest.saturating_add(1) } else { rest };
    let count = if args.len() > at { args.small(at)? } else { 1 };
    session.cheats.expected_emits.push_back(ExpectedEmit {
        depth: session.depth,
        checks,
        emitter,
        count,
        seen: 0,
        is_anonymous,
        pattern: None,
        is_found: count == 0,
    });
    Ok(Vec::new())
}

impl ExpectedEmit {
    fn matches(&self, log: &Log) -> bool {
        let Some(pattern) = &self.pattern else { return false };
        let (expected, topics) = (pattern.topics(), log.topics());
        let data = self.checks.last().copied().unwrap_or(true);
        self.emitter.is_none_or(|emitter| emitter == log.address)
            && expected.len() == topics.len()
            && self
                .checks
                .iter()
                .zip(expected.iter().zip(topics))
                .all(|(check, (a, b))| !check || a == b)
            && (!data || pattern.data == log.data.data)
    }
}

impl Cheats {
    /// An event: the pattern of an expectation, or perhaps what one waits for.
    pub(super) fn see_event(&mut self, log: &Log) {
        if let Some(open) =
            self.expected_emits.iter_mut().find(|expected| expected.pattern.is_none())
        {
            // The first topic of an anonymous event is data like any other.
            if !open.is_anonymous {
                open.checks[0] = true;
            }
            open.pattern = Some(log.data.clone());
            return;
        }
        // Expectations are met in their order; those that want none watch all the time.
        for expected in self.expected_emits.iter_mut().filter(|expected| expected.count == 0) {
            if expected.matches(log) {
                expected.seen = expected.seen.saturating_add(1);
            }
        }
        let next = self.expected_emits.iter_mut().find(|expected| !expected.is_found);
        if let Some(expected) = next.filter(|expected| expected.matches(log)) {
            expected.seen = expected.seen.saturating_add(1);
            expected.is_found = expected.seen >= expected.count;
        }
    }

    /// A frame ended: what is missing of the events that the call before had to emit.
    pub(super) fn missing_event(&mut self, note: &Note) -> Option<String> {
        let is_due = self.expected_emits.iter().any(|expected| expected.depth >= note.depth);
        if !is_due || note.is_static {
            return None;
        }
        let due = core::mem::take(&mut self.expected_emits);
        let missing = due
            .iter()
            .find(|expected| !expected.is_found || (expected.count == 0 && expected.seen > 0))?;
        Some(if missing.pattern.is_none() {
            "expected an emit, but no logs were emitted afterwards. you might have mismatched \
             events or not enough events were emitted"
                .into()
        } else if missing.count == 1 {
            "log != expected log".into()
        } else {
            format!("log emitted {} times, expected {}", missing.seen, missing.count)
        })
    }
}
