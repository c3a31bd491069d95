//! What is remembered of a person: the id of the contact, and what the last event did. No address
//! and no name. It does not expire: a contact is moved and found by it years later.

use serde::{Deserialize, Serialize};
use shared::key::EventId;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    consent::{Said, Status},
    moment::Moment,
};

/// How many events of one time are remembered. One act leads to two or three at most.
const MAX_EVENTS: usize = 8;

/// How many archived contacts are remembered: one for each new address that was a contact already.
const MAX_ARCHIVED: usize = 20;

/// The lane of a person's contact, and the id of its record. Its name is this function's own: a
/// delivery of another function must not keep it waiting.
pub fn lane(identity: Uuid) -> String {
    format!("contact#{identity}")
}

/// What is remembered of a person.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct ContactRecord {
    /// Mailchimp's id of the contact, which stays when the address changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_id: Option<String>,
    /// The state of the contact after our last write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// When Mailchimp says that our last write was: a later time is somebody else's change.
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub last_changed: Option<OffsetDateTime>,
    /// When somebody else last unsubscribed or archived the contact, as far as we have seen: our own
    /// writes to it hide that time.
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub left_at: Option<OffsetDateTime>,
    /// When the person opted in, if that waits for the verification of the address; or if only a
    /// backfill has told of it so far.
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub opt_in_at: Option<OffsetDateTime>,
    /// The consent in Ory at the last event that was applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<bool>,
    /// Whether an event without consent was applied, and no opt-in since.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub said_no: bool,
    /// The `updated_at` of the identity at the last event that was applied.
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub updated_at: Option<OffsetDateTime>,
    /// The ids of the events of that time which were applied.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// The event whose contact is written, and what follows is not: tags, or the archiving of another
    /// contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unfinished: Option<String>,
    /// The contact of an earlier address, which is still to be archived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_archive: Option<String>,
    /// The contacts of earlier addresses which were archived: whoever erases the person erases them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub archived: Vec<String>,
}

/// An event compared with those that were applied before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Order {
    /// It is to be applied.
    Newer,
    /// A newer one was applied.
    Stale,
    /// It was applied itself.
    Duplicate,
    /// It was applied itself, but for what follows the write of the contact.
    Unfinished,
}

impl ContactRecord {
    /// Whether no event of the person was ever applied.
    pub fn is_new(&self) -> bool {
        self.updated_at.is_none()
    }

    /// Whether a backfill may add the person: nobody of whom a contact, an opt-out or a no is known.
    pub fn may_be_added(&self) -> bool {
        let contacts = [&self.contact_id, &self.to_archive].into_iter().flatten();
        let had_contact = contacts.chain(&self.archived).next().is_some() || self.status.is_some();
        let said_no = self.said_no || self.consent == Some(false);
        !had_contact && !said_no && self.left_at.is_none()
    }

    /// The place of an event.
    pub(crate) fn order(&self, moment: &Moment) -> Order {
        let id = moment.event_id.as_str();
        match self.updated_at {
            Some(last) if moment.at < last => Order::Stale,
            _ if self.unfinished.as_deref() == Some(id) => Order::Unfinished,
            // Whatever its time: without `updated_at`, a repeat has the time at which it was received.
            _ if self.events.iter().any(|event| event == id) => Order::Duplicate,
            _ => Order::Newer,
        }
    }

    /// Remembers what an event said, with its `consent`; and since when an opt-in waits, if it does. A
    /// later `false` removes that.
    pub(crate) fn hear(
        &mut self,
        said: Said,
        consent: Option<bool>,
        waits_since: Option<OffsetDateTime>,
    ) {
        let says_no = consent == Some(false);
        if waits_since.is_some() || said == Said::Yes || says_no {
            self.opt_in_at = waits_since;
        }
        self.said_no = says_no || self.said_no && said != Said::Yes;
    }

    /// Remembers that an event was applied.
    pub(crate) fn apply(&mut self, moment: &Moment) {
        if self.updated_at != Some(moment.at) {
            self.events.clear();
        }
        self.updated_at = Some(moment.at);
        self.unfinished = None;
        let id = event(&moment.event_id);
        if !self.events.contains(&id) {
            self.events.push(id);
        }
        if self.events.len() > MAX_EVENTS {
            self.events.remove(0);
        }
    }

    /// Remembers that what follows the write of an event's contact is still to be done.
    pub(crate) fn keep_unfinished(&mut self, moment: &Moment) {
        self.unfinished = Some(event(&moment.event_id));
    }

    /// Remembers that the contact of an earlier address is in the archive.
    pub(crate) fn has_archived(&mut self) {
        if let Some(id) = self.to_archive.take().filter(|id| !self.archived.contains(id)) {
            self.archived.push(id);
        }
        if self.archived.len() > MAX_ARCHIVED {
            self.archived.remove(0);
        }
    }
}

fn event(id: &EventId) -> String {
    id.as_str().to_owned()
}

#[cfg(test)]
mod tests {
    use time::{Duration, macros::datetime};

    use super::*;

    fn moment(second: i64, event: &str) -> Moment {
        let at = datetime!(2026-01-31 12:00 UTC) + Duration::seconds(second);
        Moment { at, event_id: EventId::digest(event.as_bytes()) }
    }

    #[test]
    fn every_event_has_its_place() {
        let mut record = ContactRecord::default();
        assert_eq!(record.order(&moment(5, "a")), Order::Newer);
        record.apply(&moment(5, "a"));
        let table = [
            (4, "b", Order::Stale),
            (4, "a", Order::Stale),
            (5, "a", Order::Duplicate),
            (5, "b", Order::Newer),
            (6, "a", Order::Duplicate),
            (6, "b", Order::Newer),
        ];
        for (second, event, expected) in table {
            assert_eq!(record.order(&moment(second, event)), expected, "{second} {event}");
        }
        // Two events of one time, each applied once, in either order.
        record.apply(&moment(5, "b"));
        assert_eq!(record.order(&moment(5, "a")), Order::Duplicate);
        assert_eq!(record.order(&moment(5, "b")), Order::Duplicate);
        record.apply(&moment(6, "c"));
        assert_eq!(record.order(&moment(5, "a")), Order::Stale);
    }

    #[test]
    fn unfinished_event_is_applied_but_for_the_rest() {
        let mut record = ContactRecord::default();
        record.apply(&moment(5, "a"));
        record.keep_unfinished(&moment(5, "a"));
        assert_eq!(record.order(&moment(5, "a")), Order::Unfinished);
        record.apply(&moment(6, "b"));
        assert_eq!(record.order(&moment(5, "a")), Order::Stale);
    }

    #[test]
    fn nobody_of_whom_a_contact_or_a_no_is_known_may_be_added() {
        let nobody = ContactRecord::default();
        let known = [
            ContactRecord { contact_id: Some("c1".to_owned()), ..nobody.clone() },
            ContactRecord { to_archive: Some("c1".to_owned()), ..nobody.clone() },
            ContactRecord { archived: vec!["c1".to_owned()], ..nobody.clone() },
            ContactRecord { status: Some(Status::Subscribed), ..nobody.clone() },
            ContactRecord { left_at: Some(moment(5, "a").at), ..nobody.clone() },
            ContactRecord { consent: Some(false), ..nobody.clone() },
            ContactRecord { consent: Some(true), said_no: true, ..nobody.clone() },
        ];
        for record in known {
            assert!(!record.may_be_added(), "{record:?}");
        }
        let mut heard = ContactRecord { consent: Some(true), ..nobody };
        heard.apply(&moment(5, "a"));
        assert!(heard.may_be_added());
    }

    #[test]
    fn no_is_remembered_until_an_opt_in() {
        let mut record = ContactRecord::default();
        for (said, consent, expected) in [
            (Said::Nothing, None, false),
            (Said::Nothing, Some(false), true),
            (Said::YesBefore, Some(true), true),
            (Said::Nothing, None, true),
            (Said::Yes, Some(true), false),
            (Said::No, Some(false), true),
        ] {
            record.hear(said, consent, None);
            assert_eq!(record.said_no, expected, "{said:?} {consent:?}");
        }
    }

    #[test]
    fn opt_in_waits_until_it_counts_or_is_withdrawn() {
        let since = Some(moment(5, "a").at);
        for (said, consent, expected) in [
            (Said::YesBefore, Some(true), since),
            (Said::Nothing, None, since),
            (Said::Yes, Some(true), None),
            (Said::Nothing, Some(false), None),
        ] {
            let mut record = ContactRecord::default();
            record.hear(Said::Yes, Some(true), since);
            record.hear(said, consent, None);
            assert_eq!(record.opt_in_at, expected, "{said:?} {consent:?}");
        }
    }

    #[test]
    fn record_holds_the_last_events_of_a_time_only() {
        let mut record = ContactRecord::default();
        for n in 0..20 {
            record.apply(&moment(5, &n.to_string()));
        }
        assert_eq!(record.events.len(), MAX_EVENTS);
        assert_eq!(record.order(&moment(5, "19")), Order::Duplicate);
    }

    #[test]
    fn record_of_an_earlier_version_is_read() {
        assert_eq!(serde_json::from_str::<ContactRecord>("{}").unwrap(), ContactRecord::default());
        let json = r#"{"contact_id":"c1","status":"pending","later":1}"#;
        let record: ContactRecord = serde_json::from_str(json).unwrap();
        assert_eq!(record.status, Some(Status::Pending));
        assert_eq!(
            serde_json::to_string(&record).unwrap(),
            r#"{"contact_id":"c1","status":"pending"}"#
        );
    }

    #[test]
    fn lane_is_the_functions_own() {
        let id = Uuid::from_u128(7);
        assert_eq!(lane(id), "contact#00000000-0000-0000-0000-000000000007");
    }
}
