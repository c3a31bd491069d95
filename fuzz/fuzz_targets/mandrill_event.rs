//! A form from Mandrill: each line of the input is a field, its name before the first `=`. The form is
//! made of them here, so that what must come out of it is known.
//!
//! Checks: the signature over the fields holds in any encoding of them, and for no other key, URL or
//! fields; each event of a list is stored or counted, and no complaint, bounce or reject with an id and a
//! time is skipped; an event survives the queue, holds no other field than those that are needed, and
//! shows only its kind.
#![no_main]

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use libfuzzer_sys::fuzz_target;
use mandrill_inbound::{
    event::{self, MailEvent},
    form::{Form, MAX_FIELDS},
    signature::holds,
};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_encode};
use serde_json::{Value, json};
use sha1::Sha1;
use shared::{inbound::PersonEvent, message::Message};
use time::macros::datetime;

const NAME: &str = "mandrill-inbound";
const KEY: &str = "a-webhook-key-of-ours";
const URL: &str = "https://example.com/hook?a=b";
const EVENTS: &[u8] = b"mandrill_events";

/// The least that a form must encode.
const FEW: &AsciiSet = &CONTROLS.add(b'&').add(b'=').add(b'+').add(b'%').add(b' ');

/// The fields that an event and its mail may hold.
const NEEDED: [&[&str]; 2] = [
    &["_id", "event", "ts", "msg"],
    &["email", "state", "bounce_description", "reject_reason", "ory_key", "ory_identity"],
];

type Field<'a> = (&'a [u8], &'a [u8]);

fuzz_target!(|input: &[u8]| {
    // Any bytes are a form, or too many fields.
    if let Ok(form) = Form::decode(input) {
        assert!(form.sorted().len() <= MAX_FIELDS);
        assert!(!holds(Some("TAG"), URL, &form, [KEY]));
    }
    let fields: Vec<Field<'_>> = input.split(|&byte| byte == b'\n').map(field).collect();
    if fields.len() > MAX_FIELDS {
        return;
    }
    signed(&fields);
    let mut lists = fields.iter().filter(|(name, _)| *name == EVENTS);
    if let Some((_, list)) = lists.next_back() {
        let form = Form::decode(encoded(&fields, NON_ALPHANUMERIC).as_bytes()).ok();
        assert_eq!(form.as_ref().and_then(Form::events), Some(*list));
        read(list);
    }
});

fn field(line: &[u8]) -> Field<'_> {
    let end = line.iter().position(|&byte| byte == b'=').unwrap_or(line.len());
    (&line[..end], line.get(end + 1..).unwrap_or_default())
}

fn encoded(fields: &[Field<'_>], set: &'static AsciiSet) -> String {
    let encode = |bytes: &[u8]| percent_encode(bytes, set).to_string().replace("%20", "+");
    let pair = |(name, value): &Field<'_>| format!("{}={}", encode(name), encode(value));
    fields.iter().map(pair).collect::<Vec<_>>().join("&")
}

fn tag(key: &str, url: &str, fields: &[Field<'_>]) -> String {
    let mut by_name: BTreeMap<&[u8], Vec<&[u8]>> = BTreeMap::new();
    for (name, value) in fields {
        by_name.entry(name).or_default().push(value);
    }
    let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).expect("any length will do");
    mac.update(url.as_bytes());
    for (name, values) in by_name {
        for value in values {
            mac.update(&[name, value].concat());
        }
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

fn signed(fields: &[Field<'_>]) {
    let good = tag(KEY, URL, fields);
    for set in [NON_ALPHANUMERIC, FEW] {
        let Ok(form) = Form::decode(encoded(fields, set).as_bytes()) else {
            panic!("a form of few fields is decoded")
        };
        let holds = |header: &str, url| holds(Some(header), url, &form, ["another-key", KEY]);
        assert!(holds(&good, URL));
        assert!(!holds(&good, "https://example.com/hook"));
        assert!(!holds(&tag("no-key-of-ours", URL, fields), URL));
        assert!(!holds(&good[1..], URL) && !holds("", URL));
        let more = [fields, &[(b"a".as_slice(), b"b".as_slice())]].concat();
        assert!(!holds(&tag(KEY, URL, &more), URL));
        let is_test = matches!(fields, [(EVENTS, list)] if list.trim_ascii() == b"[]");
        assert_eq!(form.is_test(), is_test);
    }
}

fn read(list: &[u8]) {
    let events = event::read(list);
    let text = String::from_utf8_lossy(list);
    // What has no value, as a number beyond all bounds, may still be an event that is skipped.
    let Ok(value) = serde_json::from_str::<Value>(&text) else { return };
    let Some(given) = value.as_array() else {
        assert!(events.is_err(), "{value}");
        return;
    };
    let events = events.expect("a list");
    assert_eq!(events.stored.len() + events.skipped, given.len());
    let due = given.iter().filter(|event| must_be_stored(event)).count();
    assert!(events.stored.len() >= due, "{value}");
    for event in events.stored {
        let is_it = |given: &&Value| {
            let id = given["_id"].as_str().map(str::trim);
            id == Some(&event.id) && given["ts"] == event.at.unix_timestamp()
        };
        assert!(given.iter().any(|given| is_it(&given)), "{event:?} is of no event in the list");
        check(event);
    }
}

/// What says something of a person, with a mail's id and a time of this century.
fn must_be_stored(event: &Value) -> bool {
    let kinds = ["spam", "hard_bounce", "reject", "delivered"];
    let id = event["_id"].as_str().unwrap_or_default();
    event["event"].as_str().is_some_and(|kind| kinds.contains(&kind))
        && id.len() == 32
        && id.bytes().all(|byte| byte.is_ascii_hexdigit())
        && event["ts"].as_i64().is_some_and(|ts| (0..4_102_444_800).contains(&ts))
}

fn check(event: MailEvent) {
    let written = json!(event);
    for (object, needed) in [&written, &written["msg"]].into_iter().zip(NEEDED) {
        let mut names = object.as_object().expect("an object").keys();
        assert!(names.all(|name| needed.contains(&name.as_str())), "{written}");
    }
    assert!(written.to_string().len() < 6000, "{written}");
    assert_eq!(format!("{event:?}"), format!("MailEvent {{ event: {:?}, .. }}", event.event));
    assert_eq!(event.withdraws(), written["event"] == "spam");
    assert!(event.for_template()["fired_at"].is_string() || event.at.year() < 0);

    let received_at = datetime!(2026-01-02 03:04:05 UTC);
    let message = Message::new(NAME, event.event_id(), received_at, event);
    let enqueued = message.to_json().expect("JSON");
    let read = Message::<MailEvent>::from_json(&enqueued, NAME).expect("a message of ours");
    assert!(read.event == message.event, "another event came out of the queue");
    assert_eq!(read.event.event_id(), message.event_id);
}
