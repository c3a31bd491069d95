//! From a template's output to a call that Segment accepts.
//!
//! Segment answers 200 to much that it then silently drops: a call without an id, a track without
//! its event, traits that are no object. So all of this is checked before it is sent.

use std::fmt;

use serde_json::{Map, Value, json};
use time::{
    OffsetDateTime, UtcOffset, format_description::BorrowedFormatItem, macros::format_description,
};

use crate::{
    ctx::{self, NIL_ID, ZERO_TIME},
    deliver::{EventFacts, InvalidOutput, Rendered},
};

/// Segment refuses a larger call.
const MAX_BODY_BYTES: usize = 32 * 1024;

/// What kind of call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Identify: who a person is.
    Identify,
    /// Track: what a person did.
    Track,
    /// Group: what a person belongs to.
    Group,
}

impl Kind {
    fn read(word: Option<&Value>) -> Result<Self, InvalidOutput> {
        match word.map(|word| word.as_str().unwrap_or_default()) {
            None | Some("identify") => Ok(Self::Identify),
            Some("track") => Ok(Self::Track),
            Some("group") => Ok(Self::Group),
            Some(_) => Err(InvalidOutput::Rule("`type` is not identify, track or group")),
        }
    }

    /// The path under the API's root.
    pub fn path(self) -> &'static str {
        match self {
            Self::Identify => "identify",
            Self::Track => "track",
            Self::Group => "group",
        }
    }
}

/// One call, without the write key and the time at which it is sent.
#[derive(Clone, PartialEq)]
pub struct Call {
    /// What kind of call.
    pub kind: Kind,
    /// The body, without `type`, which the path shows.
    pub body: Map<String, Value>,
}

impl fmt::Debug for Call {
    /// The body holds a person's data: it is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.path())
    }
}

impl Call {
    /// Checks the template's output, and completes it.
    ///
    /// # Errors
    /// The rule that it breaks, or why Segment would never accept it.
    pub fn prepare(
        mut body: Rendered,
        event: &EventFacts<'_>,
        library: &str,
    ) -> Result<Self, InvalidOutput> {
        let kind = Kind::read(body.remove("type").as_ref())?;
        refuse_ours(&body)?;
        check_ids(&body)?;
        check_kind(kind, &body)?;
        add_library(&mut body, library)?;
        body.insert("messageId".to_owned(), json!(event.idempotency_key));
        set_timestamp(&mut body, event.received_at)?;
        let call = Self { kind, body };
        // All times have this length.
        if call.body_sent_at(event.received_at).len() > MAX_BODY_BYTES {
            return Err(InvalidOutput::Blocked("the call exceeds the Segment limit of 32 KB"));
        }
        Ok(call)
    }

    /// The JSON as it is sent. Segment corrects `timestamp` by the difference between `sentAt`
    /// and its own clock, so an event that was delivered late keeps its time.
    pub fn body_sent_at(&self, now: OffsetDateTime) -> String {
        let mut body = self.body.clone();
        body.insert("sentAt".to_owned(), rfc3339(now));
        Value::Object(body).to_string()
    }
}

/// Milliseconds, always three digits, as in Segment's own libraries.
const FORMAT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

pub(super) fn rfc3339(time: OffsetDateTime) -> Value {
    time.to_offset(UtcOffset::UTC).format(FORMAT).map_or(Value::Null, Value::from)
}

/// The time of the event: the template's own, if valid, else when it was accepted.
fn set_timestamp(body: &mut Rendered, received_at: OffsetDateTime) -> Result<(), InvalidOutput> {
    let own = body.remove("timestamp").filter(|own| !own.is_null() && own != ZERO_TIME);
    let timestamp = match own {
        None => rfc3339(received_at),
        Some(own) if own.as_str().and_then(ctx::timestamp).is_some() => own,
        Some(_) => return Err(InvalidOutput::Rule("`timestamp` is not an RFC 3339 time")),
    };
    body.insert("timestamp".to_owned(), timestamp);
    Ok(())
}

fn refuse_ours(body: &Rendered) -> Result<(), InvalidOutput> {
    let ours = ["writeKey", "key", "messageId", "sentAt"];
    match ours.iter().find(|name| body.contains_key(**name)) {
        Some(_) => Err(InvalidOutput::Rule(
            "`writeKey`, `key`, `messageId` and `sentAt` are set by the function",
        )),
        None => Ok(()),
    }
}

/// All identities that are not saved yet share the zero id: Segment would merge them all into one
/// person.
fn check_ids(body: &Rendered) -> Result<(), InvalidOutput> {
    let ids = ["userId", "anonymousId"].map(|name| body.get(name));
    if ids.iter().flatten().any(|id| *id == NIL_ID) {
        return Err(InvalidOutput::Rule("the zero id does not identify anyone"));
    }
    let given: Vec<_> = ids.into_iter().flatten().filter(|id| !id.is_null()).collect();
    if given.is_empty() {
        return Err(InvalidOutput::Rule(
            "the template output has neither `userId` nor `anonymousId`",
        ));
    }
    if given.iter().all(|id| id.as_str().is_some_and(|id| !id.is_empty())) {
        Ok(())
    } else {
        Err(InvalidOutput::Rule("`userId` or `anonymousId` is not a string"))
    }
}

fn check_kind(kind: Kind, body: &Rendered) -> Result<(), InvalidOutput> {
    let is_text =
        |name| body.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    if kind == Kind::Track && !is_text("event") {
        return Err(InvalidOutput::Rule("a track has no `event`"));
    }
    if kind == Kind::Group && !is_text("groupId") {
        return Err(InvalidOutput::Rule("a group has no `groupId`"));
    }
    let objects = ["traits", "properties", "integrations"];
    if objects.iter().filter_map(|name| body.get(*name)).all(Value::is_object) {
        Ok(())
    } else {
        Err(InvalidOutput::Rule("`traits`, `properties` or `integrations` is not an object"))
    }
}

fn add_library(body: &mut Rendered, library: &str) -> Result<(), InvalidOutput> {
    let context = body.entry("context").or_insert_with(|| json!({}));
    let context =
        context.as_object_mut().ok_or(InvalidOutput::Rule("`context` is not an object"))?;
    let library = json!({"name": library, "version": env!("CARGO_PKG_VERSION")});
    context.insert("library".to_owned(), library);
    Ok(())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const KEY: &str = "0123456789abcdef0123456789abcdef";
    const RECEIVED: OffsetDateTime = datetime!(2026-01-02 03:04:05.678912 UTC);

    fn prepare(result: &Value) -> Result<Call, InvalidOutput> {
        let event = EventFacts { idempotency_key: KEY, identity_id: None, received_at: RECEIVED };
        Call::prepare(result.as_object().unwrap().clone(), &event, "segment-identify")
    }

    fn rule(result: &Value) -> &'static str {
        match prepare(result) {
            Err(InvalidOutput::Rule(rule)) => rule,
            other => panic!("{result}: {other:?}"),
        }
    }

    #[test]
    fn identify_call_is_completed() {
        let call = prepare(&json!({"userId": "u", "traits": {"a": 1}})).unwrap();
        let sent: Value =
            serde_json::from_str(&call.body_sent_at(datetime!(2026-01-02 04:00 UTC))).unwrap();
        assert_eq!(call.kind.path(), "identify");
        let expected = json!({
            "userId": "u", "traits": {"a": 1}, "messageId": KEY,
            "timestamp": "2026-01-02T03:04:05.678Z", "sentAt": "2026-01-02T04:00:00.000Z",
            "context": {"library": {"name": "segment-identify", "version": env!("CARGO_PKG_VERSION")}},
        });
        assert_eq!(sent, expected);
    }

    #[test]
    fn template_timestamp_and_context_are_kept() {
        let own = json!({
            "anonymousId": "a", "timestamp": "2020-01-01T00:00:00Z", "context": {"locale": "de"},
        });
        let call = prepare(&own).unwrap();
        assert_eq!(call.body["timestamp"], "2020-01-01T00:00:00Z");
        assert_eq!(call.body["context"]["locale"], "de");
        assert_eq!(call.body["context"]["library"]["name"], "segment-identify");
    }

    #[test]
    fn invalid_timestamp_becomes_the_received_time() {
        for none in [json!(null), json!(ZERO_TIME)] {
            let call = prepare(&json!({"userId": "u", "timestamp": none})).unwrap();
            assert_eq!(call.body["timestamp"], "2026-01-02T03:04:05.678Z");
        }
    }

    #[test]
    fn track_and_group_have_their_own_paths_and_fields() {
        let track = json!({"type": "track", "userId": "u", "event": "Signed Up"});
        assert_eq!(prepare(&track).unwrap().kind.path(), "track");
        assert!(!prepare(&track).unwrap().body.contains_key("type"));
        let group = json!({"type": "group", "userId": "u", "groupId": "g"});
        assert_eq!(prepare(&group).unwrap().kind.path(), "group");
    }

    #[test]
    fn call_that_segment_would_drop_silently_is_refused() {
        let table = [
            (json!({}), "neither"),
            (json!({"userId": ""}), "not a string"),
            (json!({"userId": 5}), "not a string"),
            (json!({"userId": 5, "anonymousId": "a"}), "not a string"),
            (json!({"userId": "u", "timestamp": "yesterday"}), "`timestamp`"),
            (json!({"userId": "u", "timestamp": 5}), "`timestamp`"),
            (json!({"userId": null}), "neither"),
            (json!({"userId": NIL_ID}), "zero id"),
            (json!({"userId": "u", "anonymousId": NIL_ID}), "zero id"),
            (json!({"userId": "u", "type": "page"}), "`type`"),
            (json!({"userId": "u", "type": 1}), "`type`"),
            (json!({"userId": "u", "type": "track"}), "`event`"),
            (json!({"userId": "u", "type": "track", "event": ""}), "`event`"),
            (json!({"userId": "u", "type": "group"}), "`groupId`"),
            (json!({"userId": "u", "traits": []}), "not an object"),
            (json!({"userId": "u", "integrations": true}), "not an object"),
            (json!({"userId": "u", "context": "x"}), "not an object"),
            (json!({"userId": "u", "writeKey": "k"}), "set by the function"),
            (json!({"userId": "u", "messageId": "m"}), "set by the function"),
        ];
        for (result, part) in table {
            assert!(rule(&result).contains(part), "{result}: {}", rule(&result));
        }
    }

    #[test]
    fn too_large_call_is_blocked_and_not_sent() {
        let sized = |bytes: usize| json!({"userId": "u", "traits": {"a": "x".repeat(bytes)}});
        let rest = prepare(&sized(0)).unwrap().body_sent_at(RECEIVED).len();
        assert!(prepare(&sized(MAX_BODY_BYTES - rest)).is_ok());
        let over = prepare(&sized(MAX_BODY_BYTES - rest + 1));
        assert!(matches!(over, Err(InvalidOutput::Blocked(_))), "{over:?}");
    }

    #[test]
    fn message_id_is_under_a_hundred_characters() {
        let call = prepare(&json!({"userId": "u"})).unwrap();
        assert!(call.body["messageId"].as_str().unwrap().len() < 100);
    }
}
