//! A queue, second by second.

use std::{collections::VecDeque, time::Duration};

use super::PEAK;

/// What is less than this of an event is a rounding error.
const NOTHING: f64 = 1e-6;

/// What happened to the events of a queue.
#[derive(Debug, Default)]
pub(super) struct Run {
    /// Events that arrived.
    pub(super) arrived: f64,
    /// Events that were delivered, in each second.
    pub(super) delivered: Vec<f64>,
    /// Events that were lost, as they waited too long.
    pub(super) lost: f64,
    /// Messages in the queue when the peak ends.
    pub(super) queued: f64,
    /// How long the last event waited that was delivered, or lost.
    pub(super) longest: Duration,
}

/// Delivers what arrives in each second, the oldest first, `capacity` a second at most, until nothing
/// is left. What has waited for `retention` is lost.
pub(super) fn run(arrivals: &[f64], capacity: f64, retention: Duration) -> Run {
    let mut run = Run::default();
    let mut waiting: VecDeque<(u64, f64)> = VecDeque::new();
    let mut depth = 0.0;
    let mut second = 0;
    let mut coming = arrivals.iter();
    loop {
        match coming.next() {
            Some(&events) => {
                run.arrived += events;
                depth += events;
                waiting.push_back((second, events));
            }
            None if waiting.is_empty() => return run,
            None => {}
        }
        let mut free = capacity;
        while let Some((since, events)) = waiting.front_mut() {
            let waited = Duration::from_secs(second - *since);
            let done = if waited >= retention {
                run.lost += *events;
                *events
            } else {
                let done = free.min(*events);
                free -= done;
                done
            };
            if done > 0.0 {
                run.longest = run.longest.max(waited);
            }
            depth -= done;
            *events -= done;
            if *events > NOTHING {
                break;
            }
            waiting.pop_front();
        }
        run.delivered.push(capacity - free);
        second += 1;
        if second == PEAK.as_secs() {
            run.queued = depth;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_hours(24);

    #[test]
    fn backlog_follows_from_arrivals_and_capacity() {
        let run = run(&vec![15.0; 3600], 10.0, LONG);
        assert_eq!((run.queued, run.longest), (5.0 * 3600.0, Duration::from_mins(30)));
        assert_eq!((run.delivered.len(), run.lost), (5400, 0.0));
    }

    #[test]
    fn nothing_waits_below_the_capacity() {
        let run = run(&vec![10.0; 3600], 10.0, LONG);
        assert_eq!((run.queued, run.longest), (0.0, Duration::ZERO));
    }

    /// In the ten seconds of each event's life two are delivered and the rest of its second is lost,
    /// so that each event is one or the other.
    #[test]
    fn event_that_waits_too_long_is_lost() {
        let run = run(&[100.0; 60], 2.0, Duration::from_secs(10));
        let delivered: f64 = run.delivered.iter().sum();
        assert!((run.arrived - delivered - run.lost).abs() < 1e-6, "{run:?}");
        assert!(delivered <= 2.0 * 70.0 && run.lost > 5_800.0, "{run:?}");
        assert_eq!(run.longest, Duration::from_secs(10));
    }
}
