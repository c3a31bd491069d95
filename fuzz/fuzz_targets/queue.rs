//! An event from a queue, with its messages.
//!
//! Checks: every event from a queue is recognized and handled record by record, so that nothing is
//! deleted unread; and a message that can be read can be written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailchimp_inbound::event;
use serde_json::{Value, json};
use shared::{
    ctx::SanitizedCtx,
    message::{Message, QueuedEvent, Unreadable, VERSION},
    queue::{acknowledge, received},
};

fuzz_target!(|input: &[u8]| {
    let Ok(input) = serde_json::from_slice::<Value>(input) else { return };
    let is_queue_s = input["Records"][0]["eventSource"] == "aws:sqs";
    let messages = received(&input.clone().into());
    assert_eq!(messages.is_some(), is_queue_s);
    let messages = messages.unwrap_or_default();
    let records = input["Records"].as_array().map(Vec::len).filter(|_| is_queue_s);
    assert_eq!(messages.len(), records.unwrap_or_default());
    for message in &messages {
        read::<SanitizedCtx>(&message.body, "mandrill-welcome");
        read::<event::Event>(&message.body, "mailchimp-inbound");
    }

    let ids: Vec<_> = messages.into_iter().map(|message| message.id).collect();
    let kept = json!(acknowledge(ids.clone()));
    let kept = kept["batchItemFailures"].as_array().expect("a list");
    assert!(kept.iter().map(|one| &one["itemIdentifier"]).eq(&ids));
});

fn read<E: QueuedEvent>(body: &str, function: &str) {
    match Message::<E>::from_json(body, function) {
        Ok(message) => {
            assert_eq!((message.version, &*message.function), (VERSION, function));
            assert!(message.event.identity_id().is_none_or(|id| !id.is_empty()));
            let written = message.to_json().expect("JSON");
            let again = Message::<E>::from_json(&written, function).expect("a message of ours");
            assert_eq!(again.to_json().expect("JSON"), written);
        }
        Err(Unreadable::Version(version)) => assert_ne!(version, VERSION),
        Err(Unreadable::Foreign | Unreadable::Misdirected) => {}
    }
}
