//! The output of a mandrill-welcome template.
//!
//! Checks: a call has one recipient and carries our key in metadata that Mandrill keeps; of the
//! template output, only control characters in the mail header change, to spaces; and a call that
//! is checked again stays the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mandrill_welcome::Call;
use serde_json::{Map, Value, json};
use shared::deliver::EventFacts;
use time::macros::datetime;

const KEY: &str = "0123456789abcdef0123456789abcdef";
const ID: &str = "3a5293f1-f4d6-49f4-b34f-6da62c360604";

fuzz_target!(|result: &[u8]| {
    let Ok(given) = serde_json::from_slice::<Map<String, Value>>(result) else { return };
    let Some(call) = prepared(&given) else { return };
    assert!(!call.body.contains_key("key"));
    let message = &call.body["message"];
    let recipients = message["to"].as_array().expect("recipients");
    let [recipient] = recipients.as_slice() else { panic!("{recipients:?}") };
    assert!(recipient["email"].as_str().is_some_and(|email| !email.trim().is_empty()));
    assert!(recipient["type"].is_null() || recipient["type"] == "to");
    assert!(message["bcc_address"].is_null());
    assert_eq!(message["metadata"]["ory_key"], KEY);
    assert_eq!(message["metadata"]["ory_identity"], ID);
    assert!(message["metadata"].to_string().len() <= 200);
    let with_template = given.contains_key("template_name");
    assert_eq!(call.method, if with_template { "messages/send-template" } else { "messages/send" });
    assert_eq!(without_ours(call.body.clone()), without_ours(with_head_of_lines(given)));

    let again = prepared(&without_keys(call.body.clone())).expect("the same call");
    assert_eq!((again.method, again.body), (call.method, call.body));
});

fn prepared(result: &Map<String, Value>) -> Option<Call> {
    let event = EventFacts {
        idempotency_key: KEY,
        identity_id: Some(ID),
        received_at: datetime!(2026-01-02 03:04:05 UTC),
    };
    Call::prepare(result.clone(), &event).ok()
}

/// Everything except what we may add.
fn without_ours(mut body: Map<String, Value>) -> Map<String, Value> {
    let message = body["message"].as_object_mut().expect("a message");
    let mut metadata = message.remove("metadata").unwrap_or_default();
    if let Some(fields) = metadata.as_object_mut() {
        fields.remove("ory_key");
        fields.remove("ory_identity");
    }
    if metadata.as_object().is_some_and(|fields| !fields.is_empty()) {
        message.insert("metadata".to_owned(), metadata);
    }
    if body.get("template_content") == Some(&json!([])) {
        body.remove("template_content");
    }
    body
}

/// The call as a template could have returned it.
fn without_keys(mut body: Map<String, Value>) -> Map<String, Value> {
    let fields = body["message"]["metadata"].as_object_mut().expect("metadata");
    fields.remove("ory_key");
    fields.remove("ory_identity");
    body
}

fn with_head_of_lines(mut body: Map<String, Value>) -> Map<String, Value> {
    let message = body.get_mut("message").expect("a message");
    for part in ["/subject", "/from_name", "/from_email", "/headers", "/to/0/name"] {
        message.pointer_mut(part).into_iter().for_each(without_controls);
    }
    body
}

fn without_controls(value: &mut Value) {
    match value {
        Value::String(text) => {
            *text = text.chars().map(|it| if it.is_control() { ' ' } else { it }).collect();
        }
        Value::Array(values) => values.iter_mut().for_each(without_controls),
        Value::Object(fields) => fields.values_mut().for_each(without_controls),
        _ => {}
    }
}
