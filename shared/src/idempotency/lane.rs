//! Lanes: a subject whose events must have the result of being applied in their order. Only one
//! delivery is in the lane at a time; the lane's record holds what its events have written.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use time::OffsetDateTime;

use super::{LeaseRequest, StoreError};

/// How many targets a lane remembers. The shipped templates write two paths and send four traits; a
/// record of a hundred stays far under the 400 KB of an item.
const MAX_TARGETS: usize = 100;

/// What the events of a lane have written. Its record does not expire: an event that is sent again
/// after months must still be recognized as old.
#[derive(Clone, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Written {
    /// The last event that named each target: a path of the identity, or a trait sent to a vendor.
    targets: BTreeMap<String, Writer>,
    /// The `updated_at` of the identity after our last patch.
    #[serde(with = "time::serde::rfc3339::option")]
    pub identity_updated_at: Option<OffsetDateTime>,
    /// The newest `updated_at` that was seen and was not ours: the time of somebody else's last
    /// change to the identity.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub changed_at: Option<OffsetDateTime>,
}

/// The last event that named a target.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Writer {
    /// When it happened.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The event id.
    pub event_id: String,
    /// Whether it withdrew consent.
    pub withdrew: bool,
    /// Whether it is in doubt at the vendor. The event is still to be sent, and an older one must
    /// not be sent before: the vendor would accept the older one, and drop the newer one's repeat.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_doubt: bool,
    /// The calls that sent the trait; none if the target is a path.
    #[serde(default, skip_serializing_if = "Calls::is_none")]
    pub calls: Calls,
    /// The `updated_at` of the identity after the patch by which the event wrote the path; `None`
    /// if the event only named it.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "time::serde::rfc3339::option"
    )]
    pub patched_at: Option<OffsetDateTime>,
}

/// How many calls have sent a trait to a vendor, or may have, as far as they are recorded.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Calls {
    /// Those of other events before the last writer's first.
    pub before: u32,
    /// Those of the last writer.
    pub own: u32,
}

impl Calls {
    /// The same for another event.
    #[must_use]
    pub fn for_another(self) -> Self {
        Self { before: self.before.saturating_add(self.own), own: 0 }
    }

    /// With one more of the last writer.
    #[must_use]
    pub fn with_one_more(self) -> Self {
        Self { own: self.own.saturating_add(1), ..self }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Debug for Written {
    /// A template may build its paths from a person's input.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} targets, {:?}", self.targets.len(), self.identity_updated_at)
    }
}

impl Written {
    /// The last event that named this target.
    pub fn writer(&self, target: &str) -> Option<&Writer> {
        self.targets.get(target)
    }

    /// All targets, with the last event that named each.
    pub fn writers(&self) -> impl Iterator<Item = (&str, &Writer)> {
        self.targets.iter().map(|(target, writer)| (target.as_str(), writer))
    }

    /// Records that `writer` named the target. If there are too many then, the oldest is forgotten;
    /// a withdrawal last.
    pub fn note(&mut self, target: String, writer: Writer) {
        self.targets.insert(target, writer);
        if self.targets.len() > MAX_TARGETS {
            let oldest = self.targets.iter().min_by_key(|(_, last)| (last.withdrew, last.at));
            if let Some(oldest) = oldest.map(|(target, _)| target.clone()) {
                self.targets.remove(&oldest);
            }
        }
    }
}

/// The answer to a request for a lane.
#[derive(Clone, Debug)]
pub enum Entry {
    /// We are in the lane.
    Entered(InLane),
    /// Another delivery is in it, until then at the latest.
    InProgress {
        /// When its lease ends.
        until: OffsetDateTime,
    },
}

/// A lane that was entered. The store knows its record only as JSON; the function to which the lane
/// belongs has a type `R` of its own for it.
#[derive(Clone, Debug)]
pub struct InLane<R = LaneRecord> {
    /// The request.
    pub request: LeaseRequest,
    /// What was written before.
    pub written: R,
}

impl InLane {
    /// The lane with its record read as `R`.
    pub(super) fn read<R: Default + DeserializeOwned>(self) -> Result<InLane<R>, StoreError> {
        Ok(InLane { written: self.written.read()?, request: self.request })
    }
}

impl<R: Default + PartialEq + Serialize> InLane<R> {
    /// The lane as the store knows it.
    pub(super) fn stored(&self) -> Result<InLane, StoreError> {
        let is_empty = self.written == R::default();
        let written = if is_empty { LaneRecord::default() } else { LaneRecord::of(&self.written)? };
        Ok(InLane { request: self.request.clone(), written })
    }
}

/// The record of a lane as it is stored, in JSON. Empty if nothing was ever written.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct LaneRecord(Option<String>);

impl LaneRecord {
    /// The record of what was written.
    ///
    /// # Errors
    /// It cannot be written as JSON; all of ours can.
    pub fn of<R: Serialize>(written: &R) -> Result<Self, StoreError> {
        let json = serde_json::to_string(written);
        json.map(Self::from_json).map_err(|_| StoreError::Unreadable("it cannot be serialized"))
    }

    /// The record of this JSON.
    pub fn from_json(json: String) -> Self {
        Self(Some(json))
    }

    /// Its JSON, if there is any.
    pub fn json(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// What was written; by default nothing.
    ///
    /// # Errors
    /// It is of another type, or of an unknown version.
    pub fn read<R: Default + DeserializeOwned>(&self) -> Result<R, StoreError> {
        let Some(json) = self.json() else { return Ok(R::default()) };
        let unreadable = StoreError::Unreadable("it does not say what was written");
        serde_json::from_str(json).map_err(|_| unreadable)
    }
}

impl fmt::Debug for LaneRecord {
    /// Its content is another's to show.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a record of {} bytes", self.json().map_or(0, str::len))
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    #[test]
    fn oldest_target_is_dropped_at_the_limit() {
        let mut written = Written::default();
        let at = |n: usize| OffsetDateTime::UNIX_EPOCH + Duration::seconds(n.try_into().unwrap());
        let writer = |n| Writer {
            at: at(n),
            event_id: n.to_string(),
            withdrew: false,
            in_doubt: false,
            calls: Calls::default(),
            patched_at: None,
        };
        for n in (1..=MAX_TARGETS).rev() {
            written.note(format!("/{n}"), writer(n));
        }
        assert_eq!(written.writers().count(), MAX_TARGETS);
        written.note("/new".to_owned(), writer(MAX_TARGETS + 1));
        assert_eq!(written.writers().count(), MAX_TARGETS);
        assert_eq!(written.writer("/1"), None);
        assert!(written.writer("/2").is_some() && written.writer("/new").is_some());
        written.note("/2".to_owned(), Writer { withdrew: true, ..writer(2) });
        written.note("/newer".to_owned(), writer(MAX_TARGETS + 2));
        assert!(written.writer("/2").is_some() && written.writer("/3").is_none());
    }
}
