//! The output of a segment-identify template.
//!
//! Checks: a call is about a person, carries our `messageId`, a time and no key, is within
//! Segment's 32 KB whenever it is sent, and contains the whole template output.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use shared::{
    ctx::NIL_ID,
    deliver::EventFacts,
    segment::{Batch, Call},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::datetime};

const KEY: &str = "0123456789abcdef0123456789abcdef";

fuzz_target!(|result: &[u8]| {
    let Ok(given) = serde_json::from_slice::<Map<String, Value>>(result) else { return };
    let event = EventFacts {
        idempotency_key: KEY,
        identity_id: None,
        received_at: datetime!(2026-01-02 03:04:05 UTC),
    };
    let Ok(call) = Call::prepare(given.clone(), &event, "segment-identify") else { return };
    let body = call.body_sent_at(datetime!(9999-12-31 23:59:59.999 UTC));
    assert!(body.len() <= 32 * 1024);
    let sent: Map<String, Value> = serde_json::from_str(&body).expect("JSON");

    let ids: Vec<_> = ["userId", "anonymousId"].into_iter().filter_map(|id| sent.get(id)).collect();
    assert!(ids.iter().any(|id| id.as_str().is_some_and(|id| !id.is_empty())));
    assert!(ids.iter().all(|id| id.is_null() || id.is_string() && **id != NIL_ID));
    assert_eq!(sent["messageId"], KEY);
    for time in ["timestamp", "sentAt"] {
        let time = sent[time].as_str().map(|time| OffsetDateTime::parse(time, &Rfc3339));
        assert!(matches!(time, Some(Ok(_))), "{sent:?}");
    }
    assert!(!sent.contains_key("writeKey") && !sent.contains_key("type"));
    assert_eq!(sent["context"]["library"]["name"], "segment-identify");
    let ours = ["type", "timestamp", "context"];
    for (name, value) in given.iter().filter(|(name, _)| !ours.contains(&name.as_str())) {
        assert_eq!(&sent[name], value);
    }

    let three = Batch::together([call.clone(), call.clone(), call].map(Batch::from));
    assert_eq!(three.iter().map(Batch::len).sum::<usize>(), 3);
});
