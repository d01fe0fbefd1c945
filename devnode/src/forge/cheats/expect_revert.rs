//! Reverts that a test expects.

use alloy_primitives::{Address, Bytes, Selector};
use alloy_sol_types::{Revert, SolError};
use revm::handler::FrameResult;

use super::{Args, CheatcodeError, Cheats, Code, Reply, Session};
use crate::forge::{
    frames::{Change, Note},
    text,
};

macro_rules! reverts {
    ($($name:literal $inputs:literal $run:expr),* $(,)?) => {
        &[$((concat!($name, $inputs), Code::Plain($run))),*]
    };
}

pub(super) const CODES: &[(&str, Code)] = reverts![
    "expectRevert" "()" |s, a| expect(s, a, Kind::Any, false, false),
    "expectRevert" "(bytes4)" |s, a| expect(s, a, Kind::Selector, false, false),
    "expectRevert" "(bytes)" |s, a| expect(s, a, Kind::Whole, false, false),
    "expectRevert" "(address)" |s, a| expect(s, a, Kind::Any, true, false),
    "expectRevert" "(bytes4,address)" |s, a| expect(s, a, Kind::Selector, true, false),
    "expectRevert" "(bytes,address)" |s, a| expect(s, a, Kind::Whole, true, false),
    "expectRevert" "(uint64)" |s, a| expect(s, a, Kind::Any, false, true),
    "expectRevert" "(bytes4,uint64)" |s, a| expect(s, a, Kind::Selector, false, true),
    "expectRevert" "(bytes,uint64)" |s, a| expect(s, a, Kind::Whole, false, true),
    "expectRevert" "(address,uint64)" |s, a| expect(s, a, Kind::Any, true, true),
    "expectRevert" "(bytes4,address,uint64)" |s, a| expect(s, a, Kind::Selector, true, true),
    "expectRevert" "(bytes,address,uint64)" |s, a| expect(s, a, Kind::Whole, true, true),
    "expectPartialRevert" "(bytes4)" |s, a| expect(s, a, Kind::Prefix, false, false),
    "expectPartialRevert" "(bytes4,address)" |s, a| expect(s, a, Kind::Prefix, true, false),
    "_expectCheatcodeRevert" "()" |s, a| expect_cheat_code(s, a, Kind::Any),
    "_expectCheatcodeRevert" "(bytes4)" |s, a| expect_cheat_code(s, a, Kind::Selector),
    "_expectCheatcodeRevert" "(bytes)" |s, a| expect_cheat_code(s, a, Kind::Whole),
];

/// How the data of a revert is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Any,
    /// The data is the selector alone.
    Selector,
    /// The data begins with the selector.
    Prefix,
    Whole,
}

/// A revert that is expected.
#[derive(Debug, Clone)]
pub(super) struct ExpectedRevert {
    /// Depth of the frames that the test opens.
    depth: usize,
    data: Option<Bytes>,
    is_prefix: bool,
    reverter: Option<Address>,
    count: u64,
    /// How often it came.
    seen: u64,
    /// Who reverted first.
    reverted_by: Option<Address>,
    of_cheat_code: bool,
    /// The cheat code that set this expectation has not ended yet.
    is_fresh: bool,
}

fn expect(
    session: &mut Session<'_>,
    args: &Args,
    kind: Kind,
    has_reverter: bool,
    has_count: bool,
) -> Reply {
    if session.cheats.expected_revert.as_ref().is_some_and(|expected| expected.seen == 0) {
        return Err("you must call another function prior to expecting a second revert".into());
    }
    let data =
        (kind != Kind::Any).then(|| args.bytes(0).map(Bytes::copy_from_slice)).transpose()?;
    let at = usize::from(kind != Kind::Any);
    let reverter = has_reverter.then(|| args.address(at)).transpose()?;
    let last = args.len().saturating_sub(1);
    let count = if has_count { args.small(last)? } else { 1 };
    session.cheats.expected_revert = Some(ExpectedRevert {
        depth: session.depth,
        data,
        is_prefix: kind == Kind::Prefix,
        reverter,
        count,
        seen: 0,
        reverted_by: None,
        of_cheat_code: false,
        is_fresh: true,
    });
    Ok(Vec::new())
}

fn expect_cheat_code(session: &mut Session<'_>, args: &Args, kind: Kind) -> Reply {
    let reply = expect(session, args, kind, false, false)?;
    if let Some(expected) = &mut session.cheats.expected_revert {
        expected.of_cheat_code = true;
    }
    Ok(reply)
}

impl ExpectedRevert {
    /// Compares a revert with what was expected.
    fn compare(&self, output: &Bytes) -> Result<(), String> {
        if let Some(reverter) = self.reverter
            && self.reverted_by != Some(reverter)
        {
            let by = self.reverted_by.unwrap_or_default();
            return Err(format!("Reverter != expected reverter: {by} != {reverter}"));
        }
        let Some(expected) = &self.data else { return Ok(()) };
        let words = message(output);
        let is_met = if self.is_prefix {
            output.get(..4) == expected.get(..4)
        } else {
            output == expected
                || words.as_ref() == Some(expected)
                || (self.of_cheat_code && words.is_some_and(|words| contains(&words, expected)))
        };
        if is_met {
            return Ok(());
        }
        let (actual, expected) = (text::plain(output), text::plain(expected));
        Err(format!("Error != expected error: {actual} != {expected}"))
    }
}

/// The words of `Error(string)` or of a cheat code's error.
fn message(output: &Bytes) -> Option<Bytes> {
    let selector = output.first_chunk().copied().map(Selector::from)?;
    let words = match selector.0 {
        Revert::SELECTOR => Revert::abi_decode(output).ok()?.reason,
        CheatcodeError::SELECTOR => CheatcodeError::abi_decode(output).ok()?.message,
        _ => return None,
    };
    Some(words.into_bytes().into())
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || text.windows(part.len()).any(|window| window == part)
}

impl Cheats {
    /// Judges the end of a frame by the expected revert.
    pub(super) fn judge_revert(&mut self, note: &Note, result: &FrameResult) -> Option<Change> {
        let expected = self.expected_revert.as_mut()?;
        let has_reverted = !result.instruction_result().is_ok();
        if has_reverted && expected.reverted_by.is_none() && note.depth >= expected.depth {
            expected.reverted_by = Some(note.target);
        }
        if expected.of_cheat_code && note.depth != 0 {
            return None;
        }
        if note.depth > expected.depth {
            return None;
        }
        let mut expected = self.expected_revert.take()?;
        if note.depth < expected.depth {
            return unmet(&expected, has_reverted);
        }
        let output = &result.interpreter_result().output;
        if expected.count == 0 {
            let came = has_reverted && expected.compare(output).is_ok();
            return came
                .then(|| Change::Fail("call reverted when it was expected not to revert".into()));
        }
        if !has_reverted {
            return Some(Change::Fail("next call did not revert as expected".into()));
        }
        if let Err(text) = expected.compare(output) {
            return Some(Change::Fail(text));
        }
        expected.seen = expected.seen.saturating_add(1);
        expected.reverted_by = None;
        if expected.seen < expected.count {
            self.expected_revert = Some(expected);
        }
        Some(Change::Succeed)
    }

    /// Judges the end of a cheat code by the expected revert.
    pub(in crate::forge) fn judge_cheat_code(&mut self, result: &FrameResult) -> Option<Change> {
        let expected = self.expected_revert.as_mut()?;
        if core::mem::take(&mut expected.is_fresh) || !expected.of_cheat_code {
            return None;
        }
        let expected = self.expected_revert.take()?;
        if result.instruction_result().is_ok() {
            return Some(Change::Fail("next call did not revert as expected".into()));
        }
        let output = &result.interpreter_result().output;
        Some(expected.compare(output).map_or_else(Change::Fail, |()| Change::Succeed))
    }
}

/// The frame that expects ends while the expectation is open.
fn unmet(expected: &ExpectedRevert, has_reverted: bool) -> Option<Change> {
    if expected.count == 0 {
        return None;
    }
    let text = if expected.count > 1 {
        format!("expected {} reverts, but got {}", expected.count, expected.seen)
    } else if has_reverted {
        "call didn't revert at a lower depth than cheatcode call depth".into()
    } else {
        "next call did not revert as expected".into()
    };
    Some(Change::Fail(text))
}
