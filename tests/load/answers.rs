//! The answers, counted by kind, with the time that each took.

use std::{collections::BTreeMap, time::Duration};

use integration::Answer;

use crate::events::Kind;

/// The answers to some calls.
#[derive(Default)]
pub(crate) struct Answers {
    /// By what the call was and what the answer says.
    times: BTreeMap<(&'static str, String), Vec<Duration>>,
    /// Answers that are not the one for the call.
    pub(crate) wrong: Vec<String>,
}

impl Answers {
    /// Takes the answer to one call down.
    pub(crate) fn add(&mut self, kind: &Kind, answer: &Answer, took: Duration) {
        let (status, word) = answer.row();
        let answer = format!("{status} {word}").trim_end().to_owned();
        if (status, word) != kind.answer {
            self.wrong.push(format!("{} is answered {answer}", kind.name));
        }
        self.times.entry((kind.name, answer)).or_default().push(took);
    }

    /// Adds another caller's.
    pub(crate) fn join(&mut self, other: Self) {
        for (what, times) in other.times {
            self.times.entry(what).or_default().extend(times);
        }
        self.wrong.extend(other.wrong);
    }

    /// All of them.
    pub(crate) fn all(&self) -> Times {
        Times::of(self.times.values().flatten().copied().collect())
    }

    /// Those by which an event was accepted.
    pub(crate) fn accepted(&self) -> Times {
        let accepted = self.times.iter().filter(|((_, answer), _)| answer.starts_with("202"));
        Times::of(accepted.flat_map(|(_, times)| times).copied().collect())
    }

    /// Each kind's.
    pub(crate) fn by_kind(&self) -> impl Iterator<Item = (String, Times)> {
        let kinds = self.times.iter();
        kinds.map(|((what, answer), times)| (format!("{answer}: {what}"), Times::of(times.clone())))
    }
}

/// How long answers took, the shortest first.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// So many per cent took no longer.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.count() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or_default()
    }
}
