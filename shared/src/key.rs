//! Event ids and idempotency keys: when two calls are the same event.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// How many hex digits of a digest reach a vendor: 128 bits, which no two events will share, and
/// half of Mandrill's 200 bytes of metadata.
const VENDOR_KEY_DIGITS: usize = 32;

/// How many of them name the work in any deployment, as its record does; the rest names the deployment.
/// A table outlives its stack, so no record may depend on a function's ARN.
const WORK_DIGITS: usize = 24;

/// An event id: a UUID that the caller gave, or a digest of the event.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(transparent)]
pub struct EventId(String);

impl EventId {
    /// The id of an event from Ory: the Trigger-ID, which stays the same over Kratos' own retries,
    /// if it is a UUID; otherwise a digest of the event.
    pub fn of_event(trigger_id: Option<Uuid>, event: &serde_json::Value) -> Self {
        // `Value` keeps its members sorted, so equal events have equal bytes.
        trigger_id.map_or_else(|| Self::digest(event.to_string().as_bytes()), Self::from)
    }

    /// The id of an event that is identified only by its bytes.
    pub fn digest(bytes: &[u8]) -> Self {
        Self(hex::encode(Sha256::digest(bytes)))
    }

    /// The id as answers, logs and records show it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Uuid> for EventId {
    fn from(id: Uuid) -> Self {
        Self(id.hyphenated().to_string())
    }
}

/// The key under which the work is done once: the event id, or a key that the template sets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IdempotencyKey {
    text: String,
    named: bool,
}

impl IdempotencyKey {
    /// The event id, or the template's key, which is hashed: an author may have put an address into
    /// it, and records hold no personal data.
    pub fn new(event: &EventId, named: Option<&str>) -> Self {
        match named {
            None => Self { text: event.0.clone(), named: false },
            Some(name) => Self::of_name(name),
        }
    }

    /// The key of whatever event for which a template sets this one.
    pub fn of_name(name: &str) -> Self {
        Self { text: EventId::digest(format!("named\n{name}").as_bytes()).0, named: true }
    }

    /// The key of one part of the work, if an event is about several people.
    #[must_use]
    pub fn part(&self, name: &str) -> Self {
        let text = EventId::digest(format!("part\n{}\n{name}", self.text).as_bytes()).0;
        Self { text, named: self.named }
    }

    /// Whether the template set it: such a record does not expire.
    pub fn is_named(&self) -> bool {
        self.named
    }

    /// The key of the record, scoped by function.
    pub fn record_id(&self, function: &str) -> String {
        format!("{function}#{}", digest(&self.text, WORK_DIGITS))
    }

    /// The key as a vendor sees it, in part hashed with the function's ARN: the keys of staging and
    /// production, or of two functions, never collide.
    pub fn for_vendor(&self, arn: &FunctionArn) -> String {
        let deployment = format!("{}\n{}", arn.0, self.text);
        digest(&self.text, WORK_DIGITS) + &digest(&deployment, VENDOR_KEY_DIGITS - WORK_DIGITS)
    }
}

/// The key of the record of a function's work that a vendor knows by this key; `None`: it is none of
/// ours.
pub fn record_id_of_vendor_key(function: &str, vendor_key: &str) -> Option<String> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let is_ours = vendor_key.len() == VENDOR_KEY_DIGITS && vendor_key.bytes().all(is_digit);
    is_ours.then(|| format!("{function}#{}", &vendor_key[..WORK_DIGITS]))
}

/// So many hex digits of the digest of a text.
fn digest(text: &str, digits: usize) -> String {
    let mut digest = EventId::digest(text.as_bytes()).0;
    digest.truncate(digits);
    digest
}

/// A function's ARN without its qualifier, as a version or alias is the same deployment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FunctionArn(String);

impl FunctionArn {
    /// How many colon-separated parts an unqualified ARN has:
    /// `arn:aws:lambda:region:account:function:name`.
    const PARTS: usize = 7;

    /// Removes the qualifier.
    pub fn new(invoked: &str) -> Self {
        Self(invoked.split(':').take(Self::PARTS).collect::<Vec<_>>().join(":"))
    }
}

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TRIGGER: &str = "0195e4f6-6f0e-7c2e-9a52-0f6f6d1c9a10";

    #[test]
    fn trigger_id_is_the_event_id_if_present() {
        let event = json!({"identity": {"id": "x"}});
        let trigger = Uuid::try_parse(TRIGGER).unwrap();
        assert_eq!(EventId::of_event(Some(trigger), &event).as_str(), TRIGGER);
        assert_eq!(EventId::of_event(None, &event).as_str().len(), 64);
    }

    #[test]
    fn member_order_does_not_change_the_event_id() {
        let one: serde_json::Value = serde_json::from_str(r#"{"a":1,"b":{"c":2,"d":3}}"#).unwrap();
        let two: serde_json::Value = serde_json::from_str(r#"{"b":{"d":3,"c":2},"a":1}"#).unwrap();
        assert_eq!(EventId::of_event(None, &one), EventId::of_event(None, &two));
        assert_ne!(EventId::of_event(None, &one), EventId::of_event(None, &json!({"a": 1})));
    }

    #[test]
    fn vendor_idempotency_key_differs_per_deployment() {
        let arn = |name: &str| {
            FunctionArn::new(&format!("arn:aws:lambda:eu-central-1:123456789012:function:{name}"))
        };
        let key = IdempotencyKey::new(&EventId::digest(b"event"), None);
        let production = key.for_vendor(&arn("welcome"));
        assert_eq!(production, key.for_vendor(&arn("welcome:live")));
        assert_eq!(production, key.for_vendor(&arn("welcome:42")));
        assert_ne!(production, key.for_vendor(&arn("welcome-staging")));
        assert_eq!(production.len(), VENDOR_KEY_DIGITS);
    }

    #[test]
    fn vendor_key_of_any_deployment_leads_to_the_record() {
        let key = IdempotencyKey::new(&EventId::digest(b"event"), None);
        let record_id = Some(key.record_id("mandrill-welcome"));
        for name in ["welcome", "welcome-of-an-earlier-stack"] {
            let vendor_key =
                key.for_vendor(&FunctionArn::new(&format!("arn:aws:lambda:x:1:function:{name}")));
            assert_eq!(record_id_of_vendor_key("mandrill-welcome", &vendor_key), record_id);
        }
        let vendor_key = key.for_vendor(&FunctionArn::new("arn"));
        for foreign in ["", "k", &vendor_key[1..], &vendor_key.to_uppercase(), &"ä".repeat(16)] {
            assert_eq!(record_id_of_vendor_key("mandrill-welcome", foreign), None, "{foreign}");
        }
    }

    #[test]
    fn template_idempotency_key_is_hashed_and_separate_from_event_ids() {
        let event = EventId::digest(b"event");
        let named = IdempotencyKey::new(&event, Some("ann@example.com"));
        assert!(named.is_named());
        assert!(!named.record_id("f").contains("ann"));
        let colliding = IdempotencyKey::new(&event, Some(event.as_str()));
        assert_ne!(colliding.record_id("f"), IdempotencyKey::new(&event, None).record_id("f"));
    }
}
