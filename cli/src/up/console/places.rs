//! Where the message of each event is.

use std::collections::BTreeMap;

use serde::Serialize;
use time::OffsetDateTime;

use super::{Console, event::Event, reading};
use crate::up::local::Place;

/// A time of the next attempt that differs by less is the same for a person.
const TOLERANCE_MS: u64 = 250;

/// The place of an event's message, as the page shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub(super) enum ShownPlace {
    /// In the queue.
    Waiting {
        /// When it will be received, in milliseconds of Unix time, by a clock on the wall.
        due_ms: u64,
        /// How many times faster than on AWS the time until then passes.
        speed: u32,
    },
    /// With a worker.
    InFlight,
    /// Among the dead letters.
    DeadLetter,
}

/// The places of all events that have a message, by function and event id.
#[derive(Default)]
pub(super) struct Places(BTreeMap<(&'static str, String), Place>);

impl Places {
    /// The place of an event's message; `None` if it is done. Of several messages, that of the one
    /// that is delivered first.
    pub(super) fn of(&self, event: &Event) -> Option<Place> {
        self.0.get(&(event.function, event.key.clone()?)).copied()
    }
}

impl Console {
    /// Where all messages are now.
    pub(super) fn places(&self) -> Places {
        let mut places = BTreeMap::new();
        for (function, queue) in self.queues.all() {
            for (message, place) in queue.messages() {
                let Some(event_id) = reading::event_id(&message) else { continue };
                let earliest = places.entry((function, event_id)).or_insert(place);
                if rank(place) < rank(*earliest) {
                    *earliest = place;
                }
            }
        }
        Places(places)
    }

    /// A place as it looks now.
    pub(super) fn shown_place(&self, place: Place) -> ShownPlace {
        match place {
            Place::Waiting(until) => self.waiting(until),
            Place::InFlight => ShownPlace::InFlight,
            Place::Dead => ShownPlace::DeadLetter,
        }
    }

    fn waiting(&self, until: OffsetDateTime) -> ShownPlace {
        let speed = self.clock.speed();
        let due = OffsetDateTime::now_utc() + self.left_until(until) / speed;
        let due_ms = (due.unix_timestamp_nanos() / 1_000_000).try_into().unwrap_or_default();
        ShownPlace::Waiting { due_ms, speed }
    }
}

/// The first is the one to show.
fn rank(place: Place) -> (u8, Option<OffsetDateTime>) {
    match place {
        Place::InFlight => (0, None),
        Place::Waiting(until) => (1, Some(until)),
        Place::Dead => (2, None),
    }
}

/// Whether a person must see that a message moved.
pub(super) fn differ(old: Option<&ShownPlace>, new: Option<&ShownPlace>) -> bool {
    match (old, new) {
        (
            Some(ShownPlace::Waiting { due_ms: old, .. }),
            Some(ShownPlace::Waiting { due_ms: new, .. }),
        ) => old.abs_diff(*new) > TOLERANCE_MS,
        _ => old != new,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn waiting(due_ms: u64) -> ShownPlace {
        ShownPlace::Waiting { due_ms, speed: 1 }
    }

    #[test]
    fn message_moves_when_its_time_or_its_place_changes() {
        let rows = [
            (None, None, false),
            (None, Some(waiting(0)), true),
            (Some(waiting(1_000)), Some(waiting(1_010)), false),
            (Some(waiting(9_000)), Some(waiting(1_000)), true),
            (Some(waiting(1_000)), Some(ShownPlace::InFlight), true),
            (Some(ShownPlace::InFlight), Some(ShownPlace::InFlight), false),
            (Some(ShownPlace::InFlight), Some(ShownPlace::DeadLetter), true),
        ];
        for (old, new, is_different) in rows {
            assert_eq!(differ(old.as_ref(), new.as_ref()), is_different, "{old:?} {new:?}");
        }
    }

    #[test]
    fn message_that_is_delivered_first_is_shown() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let later = Place::Waiting(now + Duration::from_secs(1));
        let mut places = [Place::Dead, later, Place::InFlight, Place::Waiting(now)];
        places.sort_by_key(|place| rank(*place));
        assert_eq!(places, [Place::InFlight, Place::Waiting(now), later, Place::Dead]);
    }
}
