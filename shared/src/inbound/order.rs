//! The order of a person's events: vendors do not guarantee any, and their times are whole seconds.
//!
//! The order applies to what is written: of two events that name the same path of an identity, or
//! the same trait, the newer one decides. What no newer event has named is written even if it is
//! late.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use time::OffsetDateTime;
use uuid::Uuid;

use super::PersonEvent;
use crate::{
    idempotency::{Calls, Writer, Written},
    key::EventId,
    message::Message,
};

/// The lane of an identity: every function of the stack that patches it enters it first.
pub fn identity_lane(id: Uuid) -> String {
    format!("identity#{id}")
}

/// The lane of an address without an identity. The salt makes the digest differ between stacks.
pub(super) fn address_lane(address: &str, salt: &str) -> Option<String> {
    let mut mac = hmac(salt)?;
    mac.update(address.to_lowercase().as_bytes());
    Some(format!("address#{}", hex::encode(mac.finalize().into_bytes())))
}

/// HMAC accepts keys of any length.
fn hmac(salt: &str) -> Option<Hmac<Sha256>> {
    Hmac::new_from_slice(salt.as_bytes()).ok()
}

/// How much of a digest is kept: enough to distinguish the tokens of one person's record.
const TOKEN_BYTES: usize = 6;

/// The name of a target in the record: a digest for each token, so that targets above or below it
/// can be recognized, and nothing that a person may have typed.
pub(super) fn target<'t>(tokens: impl IntoIterator<Item = &'t str>, salt: &str) -> String {
    let digest = |token| {
        let mut mac = hmac(salt)?;
        mac.update(str::as_bytes(token));
        Some(hex::encode(&mac.finalize().into_bytes()[..TOKEN_BYTES]))
    };
    tokens.into_iter().filter_map(digest).fold(String::new(), |path, digits| path + "/" + &digits)
}

/// Two clocks may differ by this much. A time that is ahead by less is trusted: if it counted as
/// the time received, a sandbox whose clock is behind would put events into the wrong order.
const CLOCKS: Duration = Duration::from_secs(2);

/// The place of an event in the order.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    /// When it happened, in whole seconds. A time ahead of the time received, by more than clocks
    /// differ, is replaced by that: nobody can make later events old.
    pub(super) at: OffsetDateTime,
    event_id: String,
    withdraws: bool,
}

/// An event compared with the last one that named a target.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Freshness {
    /// It must be applied.
    Newer,
    /// A newer one has named the target.
    Stale,
    /// It has named the target itself.
    Duplicate,
}

impl Moment {
    /// The place of this event.
    pub(super) fn of<E: PersonEvent>(message: &Message<E>) -> Self {
        let Message { event, event_id, received_at, .. } = message;
        Self::new(event.occurred_at(), *received_at, event_id, event.withdraws())
    }

    /// The place of an event that happened at `occurred`, and whether it withdraws consent.
    pub(super) fn new(
        occurred: OffsetDateTime,
        received: OffsetDateTime,
        event_id: &EventId,
        withdraws: bool,
    ) -> Self {
        let at = if occurred > received + CLOCKS { received } else { occurred };
        let event_id = event_id.as_str().to_owned();
        Self { at: at.truncate_to_second(), event_id, withdraws }
    }

    /// The event as the last one that named a target.
    pub(super) fn writer(&self) -> Writer {
        let event_id = self.event_id.clone();
        let withdrew = self.withdraws;
        Writer {
            at: self.at,
            event_id,
            withdrew,
            in_doubt: false,
            calls: Calls::default(),
            patched_at: None,
        }
    }

    /// Its freshness for this target. An event that writes above or below a path writes the path.
    pub(super) fn freshness(&self, written: &Written, target: &str) -> Freshness {
        let touching = |other: &str| is_at_or_above(target, other) || is_at_or_above(other, target);
        let mut last = written.writers().filter(|(other, _)| touching(other));
        if last.any(|(_, last)| self.after(last) == Freshness::Stale) {
            Freshness::Stale
        } else if written
            .writer(target)
            .is_some_and(|last| last.event_id == self.event_id && !last.in_doubt)
        {
            Freshness::Duplicate
        } else {
            Freshness::Newer
        }
    }

    /// The calls that have sent this target: those of other events, and its own. Its own are known
    /// only while no other event has sent it since.
    pub(super) fn calls(&self, written: &Written, target: &str) -> Calls {
        match written.writer(target) {
            Some(last) if last.event_id == self.event_id => last.calls,
            Some(last) => last.calls.for_another(),
            None => Calls::default(),
        }
    }

    /// Its freshness compared with `last`. Within a second a withdrawal wins. Otherwise time cannot
    /// order such events, so their ids decide, in the same way for any order of arrival.
    pub(super) fn after(&self, last: &Writer) -> Freshness {
        if self.event_id == last.event_id {
            return Freshness::Duplicate;
        }
        let rank = (self.at, self.withdraws, &self.event_id);
        if rank > (last.at, last.withdrew, &last.event_id) {
            Freshness::Newer
        } else {
            Freshness::Stale
        }
    }
}

fn is_at_or_above(one: &str, other: &str) -> bool {
    other.strip_prefix(one).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::{Duration, format_description::well_known::Rfc3339, macros::datetime};

    use super::*;

    const RECEIVED: OffsetDateTime = datetime!(2026-01-01 00:05:00.5 UTC);

    fn moment(kind: &str, fired_at: &str, key: &str) -> Moment {
        let occurred = OffsetDateTime::parse(fired_at, &Rfc3339).unwrap();
        let event_id = EventId::digest(key.as_bytes());
        Moment::new(occurred, RECEIVED, &event_id, kind == "unsubscribe")
    }

    fn at(kind: &str, second: u8, key: &str) -> Moment {
        moment(kind, &format!("2026-01-01T00:00:{second:02}Z"), key)
    }

    #[test]
    fn identity_has_one_lane_and_an_address_is_hashed_with_the_salt() {
        assert_eq!(
            identity_lane(Uuid::from_u128(7)),
            "identity#00000000-0000-0000-0000-000000000007"
        );
        let lane = address_lane("Ann@example.com", "one").unwrap();
        assert!(!lane.contains("ann") && !lane.contains('@'));
        assert_eq!(address_lane("ann@example.com", "one").unwrap(), lane);
        assert_ne!(address_lane("ann@example.com", "two").unwrap(), lane);
        assert_ne!(address_lane("ben@example.com", "one").unwrap(), lane);
    }

    #[test]
    fn time_in_the_future_counts_as_the_received_time() {
        let ahead = moment("subscribe", "9999-12-31T23:59:59Z", "a");
        assert_eq!(ahead.at, datetime!(2026-01-01 00:05:00 UTC));
        let later = moment("unsubscribe", "2026-01-01T00:05:00Z", "b");
        assert_eq!(later.after(&ahead.writer()), Freshness::Newer);
    }

    #[test]
    fn time_ahead_within_the_clock_tolerance_is_kept() {
        for (fired, at) in [
            ("2026-01-01T00:05:01Z", datetime!(2026-01-01 00:05:01 UTC)),
            ("2026-01-01T00:05:02Z", datetime!(2026-01-01 00:05:02 UTC)),
            ("2026-01-01T00:05:03Z", datetime!(2026-01-01 00:05:00 UTC)),
        ] {
            assert_eq!(moment("subscribe", fired, "a").at, at, "{fired}");
        }
    }

    #[test]
    fn every_pair_of_events_has_its_freshness() {
        let (small, large) = if EventId::digest(b"a").as_str() < EventId::digest(b"b").as_str() {
            ("a", "b")
        } else {
            ("b", "a")
        };
        let table = [
            // The last event of the target; the event; its freshness.
            (at("subscribe", 5, small), at("unsubscribe", 4, large), Freshness::Stale),
            (at("subscribe", 5, small), at("unsubscribe", 6, large), Freshness::Newer),
            (at("subscribe", 5, small), at("subscribe", 5, small), Freshness::Duplicate),
            (at("unsubscribe", 5, small), at("subscribe", 5, large), Freshness::Stale),
            (at("subscribe", 5, large), at("unsubscribe", 5, small), Freshness::Newer),
            (at("unsubscribe", 5, small), at("unsubscribe", 5, large), Freshness::Newer),
            (at("unsubscribe", 5, large), at("unsubscribe", 5, small), Freshness::Stale),
            (at("profile", 5, small), at("profile", 5, large), Freshness::Newer),
            (at("profile", 5, large), at("profile", 5, small), Freshness::Stale),
        ];
        for (last, event, expected) in table {
            assert_eq!(event.after(&last.writer()), expected, "{last:?} {event:?}");
        }
        let nobody = Written::default();
        assert_eq!(at("profile", 0, "a").freshness(&nobody, "/x"), Freshness::Newer);
    }

    proptest! {
        /// The consent that the newest event leaves, for any order of arrival and any number of
        /// repeats.
        #[test]
        fn newest_event_wins_in_any_arrival_order(
            history in prop::collection::vec((any::<bool>(), 0_u8..4), 1..7),
            arrival in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
            order in any::<prop::sample::Index>(),
        ) {
            let events: Vec<_> = history.iter().enumerate().map(|(n, (withdraws, second))| {
                at(if *withdraws { "unsubscribe" } else { "subscribe" }, *second, &n.to_string())
            }).collect();
            let mut arriving: Vec<_> = (0..events.len()).collect();
            arriving.rotate_left(order.index(events.len()));
            // With duplicates, and each at least once.
            for index in arrival {
                arriving.insert(index.index(arriving.len()), index.index(events.len()));
            }
            let mut written = Written::default();
            let mut consent = None;
            for n in arriving {
                if events[n].freshness(&written, "/consent") == Freshness::Newer {
                    consent = Some(!history[n].0);
                    written.note("/consent".to_owned(), events[n].writer());
                }
            }
            let newest = *history.iter().map(|(_, second)| second).max().unwrap();
            let withdrawn = history.iter().any(|(withdraws, second)| *withdraws && *second == newest);
            prop_assert_eq!(consent, Some(!withdrawn));
            let last = datetime!(2026-01-01 00:00 UTC) + Duration::seconds(i64::from(newest));
            prop_assert_eq!(written.writer("/consent").unwrap().at, last);
        }
    }
}
