//! Events that are sent together.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::{Call, call::rfc3339};

/// The limits of one `/v1/batch` call. Segment writes 500 KB and means no less than this many
/// bytes; it drops events beyond this number and answers 200.
const MAX_BYTES: usize = 500_000;
const MAX_EVENTS: usize = 2_500;

/// The JSON around the events, `sentAt` included, is shorter than this.
const ENVELOPE_BYTES: usize = 100;

/// One or more calls that are sent as one.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch(Vec<Call>);

impl From<Call> for Batch {
    fn from(call: Call) -> Self {
        Self(vec![call])
    }
}

impl Batch {
    /// The events of all, in their order, in as few batches as Segment's limits allow.
    pub fn together(all: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut batches: Vec<Self> = Vec::new();
        let mut bytes = 0;
        for call in all.into_iter().flat_map(|batch| batch.0) {
            // With the comma after it.
            let more = Value::Object(item(&call)).to_string().len() + 1;
            match batches.last_mut() {
                Some(Self(batch))
                    if batch.len() < MAX_EVENTS && bytes + more + ENVELOPE_BYTES <= MAX_BYTES =>
                {
                    batch.push(call);
                    bytes += more;
                }
                _ => {
                    batches.push(call.into());
                    bytes = more;
                }
            }
        }
        batches
    }

    /// How many events there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none; never true.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each call by itself.
    pub fn singly(&self) -> impl Iterator<Item = Self> {
        self.0.iter().cloned().map(Self::from)
    }

    /// The path under the API's root.
    pub(super) fn path(&self) -> &'static str {
        match self.0.as_slice() {
            [call] => call.kind.path(),
            _ => "batch",
        }
    }

    /// The JSON as it is sent.
    pub(super) fn body_sent_at(&self, now: OffsetDateTime) -> String {
        match self.0.as_slice() {
            [call] => call.body_sent_at(now),
            calls => {
                let items: Vec<_> = calls.iter().map(item).collect();
                json!({"batch": items, "sentAt": rfc3339(now)}).to_string()
            }
        }
    }
}

/// In a batch the path does not show the kind, so each event does.
fn item(call: &Call) -> Map<String, Value> {
    let mut item = call.body.clone();
    item.insert("type".to_owned(), json!(call.kind.path()));
    item
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::{super::CallKind, *};

    const NOW: OffsetDateTime = datetime!(2026-01-02 04:00 UTC);

    fn call(n: usize, padding: usize) -> Call {
        let body = json!({"userId": n.to_string(), "traits": {"x": "x".repeat(padding)}});
        Call { kind: CallKind::Identify, body: body.as_object().unwrap().clone() }
    }

    #[test]
    fn one_event_is_sent_alone_and_several_as_a_batch() {
        let one = Batch::from(call(1, 0));
        assert_eq!(one.path(), "identify");
        assert_eq!(one.body_sent_at(NOW), call(1, 0).body_sent_at(NOW));
        let two = Batch(vec![call(1, 0), Call { kind: CallKind::Track, ..call(2, 0) }]);
        assert_eq!(two.path(), "batch");
        let sent: Value = serde_json::from_str(&two.body_sent_at(NOW)).unwrap();
        let expected = json!({
            "batch": [
                {"type": "identify", "userId": "1", "traits": {"x": ""}},
                {"type": "track", "userId": "2", "traits": {"x": ""}},
            ],
            "sentAt": "2026-01-02T04:00:00.000Z",
        });
        assert_eq!(sent, expected);
    }

    #[test]
    fn batch_respects_the_segment_event_limit() {
        let batches = Batch::together((0..=MAX_EVENTS).map(|n| call(n, 0).into()));
        assert_eq!(batches.iter().map(Batch::len).collect::<Vec<_>>(), [MAX_EVENTS, 1]);
        assert!(Batch::together(None).is_empty());
    }

    proptest! {
        #[test]
        fn every_event_is_in_one_batch_in_order_and_within_the_size_limit(
            paddings in prop::collection::vec(0_usize..32_000, 0..60)
        ) {
            let calls: Vec<_> = paddings.iter().enumerate().map(|(n, p)| call(n, *p)).collect();
            let batches = Batch::together(calls.iter().cloned().map(Batch::from));
            for batch in &batches {
                prop_assert!(batch.body_sent_at(NOW).len() <= MAX_BYTES);
            }
            for two in batches.windows(2) {
                let joined = Batch([two[0].0.clone(), two[1].0.clone()].concat());
                prop_assert!(joined.body_sent_at(NOW).len() > MAX_BYTES - 33_000);
            }
            let all: Vec<_> = batches.into_iter().flat_map(|batch| batch.0).collect();
            prop_assert_eq!(all, calls);
        }
    }
}
