//! A form from Mailchimp, and its event.
//!
//! Checks: a form stays within its bounds and is the same after it is encoded again; an event
//! survives the queue unchanged and shows only its type and list.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailchimp_inbound::{
    event::{self, Decoded, Event},
    form::{self, Form, FormError, MAX_DEPTH, MAX_PAIRS},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use shared::{inbound::PersonEvent, key::EventId, message::Message};
use time::macros::datetime;

const NAME: &str = "mailchimp-inbound";

fuzz_target!(|body: &[u8]| {
    let Ok(form) = form::decode(body) else { return };
    let mut pairs = Vec::new();
    for (name, value) in &form {
        write(name, value, 1, &mut pairs);
    }
    assert!(pairs.len() <= MAX_PAIRS);
    match form::decode(pairs.join("&").as_bytes()) {
        Ok(again) => assert_eq!(again, form),
        // An implicit index is longer when it is written out.
        Err(error) => assert!(matches!(error, FormError::NameTooLong { .. }), "{error}"),
    }
    read(&form);
});

fn write(name: &str, value: &Value, level: usize, pairs: &mut Vec<String>) {
    assert!(level <= MAX_DEPTH);
    match value {
        Value::String(text) => pairs.push(format!("{}={}", encoded(name), encoded(text))),
        Value::Object(branch) => {
            for (next, value) in branch {
                write(&format!("{name}[{next}]"), value, level + 1, pairs);
            }
        }
        other => panic!("{other} is neither text nor branch"),
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn read(form: &Form) {
    match event::read(form) {
        Ok(Decoded::Event(event)) => {
            let (kind, list_id) = (event.kind(), event.list_id());
            let shown = format!("Event {{ type: {kind:?}, list_id: {list_id:?}, .. }}");
            assert_eq!(format!("{event:?}"), shown);
            assert!(event.addresses().into_iter().chain([list_id]).all(|text| !text.is_empty()));
            rest(event);
        }
        Ok(Decoded::Unknown { kind }) => assert!(kind.len() <= 40 && kind.is_ascii()),
        Err(error) => assert!(!error.to_string().contains('@'), "{error}"),
    }
}

fn rest(event: Event) {
    let received_at = datetime!(2026-01-02 03:04:05 UTC);
    let message = Message::new(NAME, EventId::digest(b"event"), received_at, event);
    let enqueued = message.to_json().expect("JSON");
    let read = Message::<Event>::from_json(&enqueued, NAME).expect("a message of ours");
    assert!(read.event == message.event, "another event came out of the queue");
}
