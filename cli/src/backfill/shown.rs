//! What a run says while it is under way.

use std::{
    fmt::{Display, Write as _},
    time::Duration,
};

use tokio::time::Instant;
use uuid::Uuid;

use super::{
    counts::{Counts, grouped},
    outbox::Waiting,
};
use crate::{output::note, progress::Progress};

/// The progress of a run, on a terminal, and notes.
pub(super) struct Shown {
    progress: Progress,
    began: Instant,
    /// What was sent before this process.
    before: u64,
    /// How many there are, if they were counted.
    total: Option<u64>,
    /// How far this process began, and how far it is.
    position: Option<(f64, f64)>,
}

impl Shown {
    /// The progress of a run that has sent so many before, of `total` if that is known.
    pub(super) fn new(before: u64, total: Option<u64>) -> Self {
        let progress = Progress::new();
        Self { progress, began: Instant::now(), before, total, position: None }
    }

    /// Shows how far it is. `last` is the identity that was done last.
    pub(super) fn at(&mut self, counts: &Counts, last: Option<Uuid>) {
        if let Some(now) = position(counts, self.total, last) {
            let (began, _) = *self.position.get_or_insert((now, now));
            self.position = Some((began, now));
        }
        let elapsed = self.began.elapsed();
        self.progress.say(line(counts, counts.sent - self.before, elapsed, self.position));
    }

    /// Says that Ory takes no call for a while.
    pub(super) fn wait_for_ory(&self, wait: Duration) {
        self.progress.say(format_args!("Ory takes no more calls for {}", lasting(wait)));
    }

    /// Says that the queue is full.
    pub(super) fn wait_for_queue(&self, waiting: Waiting) {
        let Waiting { visible, hidden } = waiting;
        let (visible, hidden) = (grouped(visible), grouped(hidden));
        let text = "messages wait in the queue";
        self.progress
            .say(format_args!("paused: {visible} {text}, {hidden} are under way or delayed"));
    }

    /// Names an identity that cannot be sent.
    pub(super) fn name(&self, identity: &str, why: impl Display) {
        self.progress.say("");
        note(format_args!("note: identity {identity}: {why}"));
    }
}

/// How far a run is, from 0 to 1. Ory does not say how many identities there are, but sorts them by
/// id, and the ids that it makes are random: those up to this one are its share of all ids.
fn position(counts: &Counts, total: Option<u64>, last: Option<Uuid>) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "to within a percent")]
    match (total, last) {
        (Some(total), _) if total > 0 => {
            let done = counts.sent + counts.left_out();
            Some((done as f64 / total as f64).min(1.0))
        }
        (None, Some(last)) if last.get_version_num() == 4 => {
            Some(last.as_u128() as f64 / u128::MAX as f64)
        }
        _ => None,
    }
}

fn line(
    counts: &Counts,
    sent_here: u64,
    elapsed: Duration,
    position: Option<(f64, f64)>,
) -> String {
    let Counts { listed, sent, .. } = *counts;
    let left_out = grouped(counts.left_out());
    let mut text =
        format!("{} listed, {} sent, {left_out} left out", grouped(listed), grouped(sent));
    #[expect(clippy::cast_precision_loss, reason = "to one decimal")]
    if elapsed >= Duration::from_secs(1) {
        let _ = write!(text, ", {:.1} a second", sent_here as f64 / elapsed.as_secs_f64());
    }
    if let Some((began, now)) = position {
        let _ = write!(text, ", about {:.0} %", now * 100.0);
        if now > began {
            let left = elapsed.mul_f64((1.0 - now) / (now - began));
            let _ = write!(text, ", {} left", lasting(left));
        }
    }
    text
}

/// A length of time in the largest unit that fits, and the next one.
pub(super) fn lasting(time: Duration) -> String {
    let seconds = time.as_secs() + u64::from(time.subsec_millis() >= 500);
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    if days > 0 {
        format!("{days} d {} h", hours % 24)
    } else if hours > 0 {
        format!("{hours} h {} min", minutes % 60)
    } else if minutes > 0 {
        format!("{minutes} min {} s", seconds % 60)
    } else {
        format!("{seconds} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_has_what_is_known() {
        let counts = Counts { listed: 12_300, sent: 11_000, unfit: 300, ..Counts::default() };
        let text = |elapsed, position| line(&counts, 200, Duration::from_secs(elapsed), position);
        let known = "12,300 listed, 11,000 sent, 300 left out";
        assert_eq!(text(0, None), known);
        assert_eq!(text(100, None), format!("{known}, 2.0 a second"));
        let begun = format!("{known}, 2.0 a second, about 50 %");
        assert_eq!(text(100, Some((0.5, 0.5))), begun);
        let expected = format!("{known}, 2.0 a second, about 60 %, 6 min 40 s left");
        assert_eq!(text(100, Some((0.5, 0.6))), expected);
    }

    #[test]
    fn position_is_counted_or_that_of_a_random_id() {
        let counts = Counts { listed: 90, sent: 40, unfit: 10, ..Counts::default() };
        let random = Uuid::from_u128((1 << 127) | (4 << 76));
        let by_time = Uuid::from_u128((1 << 127) | (7 << 76));
        let table = [
            (Some(200), Some(random), Some(25)),
            (Some(40), None, Some(100)),
            (Some(0), None, None),
            (None, Some(random), Some(50)),
            (None, Some(by_time), None),
            (None, None, None),
        ];
        for (total, last, percent) in table {
            let position = position(&counts, total, last);
            let rounded = position.map(|position| (position * 100.0).round());
            assert_eq!(rounded, percent.map(f64::from), "{total:?} {last:?}");
        }
    }

    #[test]
    fn time_has_two_units() {
        let table = [
            (0, "0 s"),
            (59, "59 s"),
            (61, "1 min 1 s"),
            (3599, "59 min 59 s"),
            (3660, "1 h 1 min"),
            (90_000, "1 d 1 h"),
        ];
        for (seconds, expected) in table {
            assert_eq!(lasting(Duration::from_secs(seconds)), expected);
        }
        assert_eq!(lasting(Duration::from_millis(1500)), "2 s");
    }
}
