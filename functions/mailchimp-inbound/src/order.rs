//! The order of a contact's events: Mailchimp guarantees none, and its times are whole seconds.
//!
//! Events are applied in lanes, so that a profile update never makes a late withdrawal old.

use sha2::{Digest, Sha256};
use shared::{key::Key, records::Applied};
use uuid::Uuid;

use crate::event::{Data, Event, Reason};

/// Which events are put in order with each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Lane {
    /// Whether mail may be sent: subscribe, unsubscribe, cleaned.
    Consent,
    /// All else: profile, upemail.
    Profile,
}

impl Lane {
    /// `None` for an event that is about nobody.
    fn of(event: &Event) -> Option<Self> {
        match event.data {
            Data::Subscribe(_) | Data::Unsubscribe(_) | Data::Cleaned(_) => Some(Self::Consent),
            Data::Profile(_) | Data::Upemail(_) => Some(Self::Profile),
            Data::Campaign(_) => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::Profile => "profile",
        }
    }
}

/// The key of the lane that an event belongs to: by list, and by identity, or by a digest of the
/// address where Ory knows none. `None` for an event that is about nobody.
pub(crate) fn lane(event: &Event, identity: Option<Uuid>) -> Option<String> {
    let lane = Lane::of(event)?.name();
    let who = identity.map_or_else(|| hashed_address(event), |id| id.to_string());
    Some(format!("{}#{who}#{lane}", event.list_id()))
}

fn hashed_address(event: &Event) -> String {
    hex::encode(Sha256::digest(event.address().unwrap_or_default().to_lowercase()))
}

/// Whether the event takes consent away.
pub(crate) fn withdraws(event: &Event) -> bool {
    match &event.data {
        Data::Unsubscribe(_) => true,
        Data::Cleaned(cleaned) => cleaned.reason == Some(Reason::Abuse),
        _ => false,
    }
}

/// Whether an event makes others old, and can be old itself. A bounce says nothing about consent;
/// it is in that lane so that no two patches of one person meet.
pub(crate) fn is_ordered(event: &Event) -> bool {
    withdraws(event) || !matches!(event.data, Data::Cleaned(_))
}

/// Where an event stands to the last one that was applied in its lane.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    /// It is to be applied.
    Next,
    /// A newer one has been applied.
    Old,
    /// It has been applied itself.
    Again,
}

/// The place of an event.
pub(crate) fn place(event: &Event, key: &Key, last: Option<&Applied>) -> Place {
    let Some(last) = last.filter(|_| is_ordered(event)) else { return Place::Next };
    if key.as_str() == last.key {
        return if last.finished { Place::Again } else { Place::Next };
    }
    match event.fired_at().cmp(&last.at) {
        std::cmp::Ordering::Less => Place::Old,
        std::cmp::Ordering::Greater => Place::Next,
        std::cmp::Ordering::Equal => in_the_same_second(event, key, last),
    }
}

/// A withdrawal wins over what would give consent. Two of one type cannot be told apart by time,
/// so their keys decide, the same way whichever arrives first. Events of different types touch
/// different things, as an upemail and the profile that comes with it; so do a bounce and a
/// complaint, which are of one type.
fn in_the_same_second(event: &Event, key: &Key, last: &Applied) -> Place {
    let gives_consent = matches!(event.data, Data::Subscribe(_));
    let loses_to_withdrawal = gives_consent && last.withdrew;
    let is_alike = event.kind() == last.kind && withdraws(event) == last.withdrew;
    let loses_by_key = is_alike && key.as_str() < last.key.as_str();
    if loses_to_withdrawal || loses_by_key { Place::Old } else { Place::Next }
}

/// What is written of an event that was applied after `last`.
pub(crate) fn applied(event: &Event, key: &Key, last: Option<&Applied>, finished: bool) -> Applied {
    let same_second = last.filter(|last| last.at == event.fired_at());
    Applied {
        at: event.fired_at(),
        key: key.as_str().to_owned(),
        kind: event.kind().to_owned(),
        withdrew: withdraws(event) || same_second.is_some_and(|last| last.withdrew),
        finished,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use time::macros::datetime;

    use super::*;

    fn event(kind: &str, second: u8, more: &Value) -> Event {
        let mut data = json!({
            "list_id": "l", "email": "Ann@example.com", "merges": {}, "interests": [],
            "action": "unsub", "old_email": "ann@example.com", "new_email": "bo@example.com",
            "id": "i",
        });
        if let Some(more) = more.as_object() {
            more.iter().for_each(|(name, value)| data[name] = value.clone());
        }
        let fired_at = format!("2026-01-01T00:00:{second:02}Z");
        serde_json::from_value(json!({"type": kind, "fired_at": fired_at, "data": data})).unwrap()
    }

    fn plain(kind: &str, second: u8) -> Event {
        event(kind, second, &json!({}))
    }

    fn abuse(second: u8) -> Event {
        event("cleaned", second, &json!({"reason": "abuse"}))
    }

    fn key(name: &str) -> Key {
        Key::digest(name.as_bytes())
    }

    #[test]
    fn lanes_are_by_list_person_and_purpose() {
        let id = Uuid::from_u128(7);
        let of = |event: &Event| lane(event, Some(id));
        assert_eq!(of(&plain("subscribe", 0)), of(&plain("unsubscribe", 1)));
        assert_eq!(of(&plain("subscribe", 0)), of(&abuse(1)));
        assert_eq!(of(&plain("profile", 0)), of(&plain("upemail", 1)));
        assert_ne!(of(&plain("subscribe", 0)), of(&plain("profile", 0)));
        assert_ne!(of(&plain("profile", 0)), lane(&plain("profile", 0), Some(Uuid::from_u128(8))));
        let other_list = event("profile", 0, &json!({"list_id": "m"}));
        assert_ne!(of(&plain("profile", 0)), of(&other_list));
        assert_eq!(of(&plain("campaign", 0)), None);
        let nobody = lane(&plain("profile", 0), None).unwrap();
        assert!(!nobody.to_lowercase().contains("ann"), "an address is hashed");
        let small = event("profile", 0, &json!({"email": "ann@example.com"}));
        assert_eq!(lane(&small, None).unwrap(), nobody);
    }

    #[test]
    fn withdrawals_are_unsubscribes_and_complaints() {
        assert!(withdraws(&plain("unsubscribe", 0)) && withdraws(&abuse(0)));
        assert!(withdraws(&event("unsubscribe", 0, &json!({"action": "delete"}))));
        let hard = event("cleaned", 0, &json!({"reason": "hard"}));
        for other in [hard, plain("subscribe", 0), plain("profile", 0), plain("cleaned", 0)] {
            assert!(!withdraws(&other));
        }
    }

    #[test]
    fn every_pair_has_its_place() {
        let (small, large) =
            if key("a").as_str() < key("b").as_str() { ("a", "b") } else { ("b", "a") };
        let table = [
            // The last event, its key, finished; the event, its key; its place.
            (plain("subscribe", 5), small, true, plain("unsubscribe", 4), large, Place::Old),
            (plain("subscribe", 5), small, true, plain("unsubscribe", 6), large, Place::Next),
            (plain("subscribe", 5), small, true, plain("subscribe", 5), small, Place::Again),
            (plain("subscribe", 5), small, false, plain("subscribe", 5), small, Place::Next),
            (plain("subscribe", 5), small, false, plain("unsubscribe", 4), large, Place::Old),
            (plain("unsubscribe", 5), small, true, plain("subscribe", 5), large, Place::Old),
            (abuse(5), small, true, plain("subscribe", 5), large, Place::Old),
            (plain("subscribe", 5), large, true, plain("unsubscribe", 5), small, Place::Next),
            (plain("unsubscribe", 5), large, true, abuse(5), small, Place::Next),
            (plain("cleaned", 5), large, true, abuse(5), small, Place::Next),
            (abuse(5), large, true, plain("cleaned", 5), small, Place::Next),
            (abuse(5), large, true, abuse(5), small, Place::Old),
            (plain("profile", 5), small, true, plain("profile", 5), large, Place::Next),
            (plain("profile", 5), large, true, plain("profile", 5), small, Place::Old),
            (plain("profile", 5), large, true, plain("upemail", 5), small, Place::Next),
            (plain("upemail", 5), large, true, plain("profile", 5), small, Place::Next),
        ];
        for (last, last_key, finished, event, event_key, expected) in table {
            let last = applied(&last, &key(last_key), None, finished);
            assert_eq!(place(&event, &key(event_key), Some(&last)), expected, "{last:?} {event:?}");
        }
        assert_eq!(place(&plain("profile", 0), &key("a"), None), Place::Next);
    }

    #[test]
    fn a_withdrawal_is_remembered_for_its_whole_second() {
        let first = applied(&plain("unsubscribe", 5), &key("a"), None, true);
        let hard = event("cleaned", 5, &json!({"reason": "hard"}));
        let second = applied(&hard, &key("b"), Some(&first), true);
        assert_eq!(place(&plain("subscribe", 5), &key("c"), Some(&second)), Place::Old);
        let later = applied(&plain("subscribe", 6), &key("d"), Some(&second), true);
        assert!(!later.withdrew);
    }

    proptest! {
        /// The consent that the newest event leaves, whatever the order of arrival, and however
        /// often each arrives.
        #[test]
        fn the_newest_event_decides_whatever_the_arrival(
            history in prop::collection::vec((any::<bool>(), 0_u8..4), 1..7),
            arrival in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
            order in any::<prop::sample::Index>(),
        ) {
            let events: Vec<_> = history.iter().enumerate().map(|(n, (withdraws, second))| {
                let kind = if *withdraws { "unsubscribe" } else { "subscribe" };
                (plain(kind, *second), key(&n.to_string()))
            }).collect();
            let mut arriving: Vec<_> = (0..events.len()).collect();
            arriving.rotate_left(order.index(events.len()));
            // Duplicates among them, and each once at least.
            for index in arrival {
                arriving.insert(index.index(arriving.len()), index.index(events.len()));
            }
            let mut last: Option<Applied> = None;
            let mut consent = None;
            for n in arriving {
                let (event, key) = &events[n];
                if place(event, key, last.as_ref()) == Place::Next {
                    consent = Some(!withdraws(event));
                    last = Some(applied(event, key, last.as_ref(), true));
                }
            }
            let newest = history.iter().map(|(_, second)| second).max().unwrap();
            let withdrawn = history.iter().any(|(withdraws, second)| *withdraws && second == newest);
            prop_assert_eq!(consent, Some(!withdrawn));
            prop_assert_eq!(last.unwrap().at, datetime!(2026-01-01 00:00 UTC)
                + time::Duration::seconds(i64::from(*newest)));
        }
    }
}
