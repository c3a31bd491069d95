//! In-doubt mails whose recipient changed since the call: a search for the new address would not
//! find them.

use std::collections::HashMap;

use fakes::server::FakeReply;
use integration::Event;
use serde_json::{Value, json};

use super::{MINUTE, SEARCH, SEND, is_about, methods};
use crate::{
    common::{
        ory::{FIRST, SECOND, ann, event, event_of},
        setup::QUEUE,
    },
    mandrill_welcome::{
        mandrill_replies,
        setup::{Setup, Welcome},
    },
};

/// Where Ann gets her mail by now.
const NEW: &str = "ann@example.org";

/// The second event of the same person, who has moved.
fn moved() -> Event {
    let mut ctx = ann();
    ctx["identity"]["traits"]["email"] = json!(NEW);
    ctx["identity"]["verifiable_addresses"] =
        json!([{"value": NEW, "via": "email", "verified": true}]);
    event_of(SECOND, &ctx)
}

/// Ann's welcome was given up on, and she has moved; both her events are in the queue. The shipped
/// template names the same key for both.
async fn in_doubt(is_sent: bool) -> Welcome {
    let mut welcome = Setup::queued().await.start().await;
    if is_sent {
        welcome.vendor.act_and_reply_next(FakeReply::HangUp);
    } else {
        welcome.vendor.reply_next(FakeReply::HangUp);
    }
    welcome.store(event(&ann())).await;
    is_about(welcome.work_after(1).await, 120);
    assert_eq!(methods(&welcome), [SEND]);
    welcome.store(moved()).await;
    welcome.let_time_pass(31 * MINUTE);
    welcome
}

/// Delivers the event with this key; what was called.
async fn deliver(welcome: &mut Welcome, key: &str) -> Vec<(String, Value)> {
    let messages = welcome.sqs.receive(QUEUE, usize::MAX);
    let one = messages.into_iter().filter(|message| message.body.contains(key));
    let one: Vec<_> = one.collect();
    assert_eq!(one.len(), 1);
    welcome.deliver(&one).await;
    welcome.sqs.make_visible(QUEUE);
    let calls = welcome.received().into_iter();
    calls.map(|call| (call.method, call.body["query"].clone())).collect()
}

fn search(query: &str) -> (String, Value) {
    (SEARCH.to_owned(), json!(query))
}

fn mails<const N: usize>(of: [(&str, usize); N]) -> HashMap<String, usize> {
    of.map(|(address, count)| (address.to_owned(), count)).into()
}

#[tokio::test]
async fn in_doubt_mail_to_the_old_address_is_found_and_not_sent_to_the_new_one() {
    let mut welcome = in_doubt(true).await;
    assert_eq!(deliver(&mut welcome, SECOND).await, [search("*")]);
    assert_eq!(welcome.record()["state"], json!({"S": "delivered"}));
    assert!(deliver(&mut welcome, FIRST).await.is_empty());
    assert_eq!(welcome.vendor.mails(), mails([("ann@example.com", 1)]));
    assert!(welcome.stored().is_empty());
}

#[tokio::test]
async fn in_doubt_mail_not_found_at_any_address_is_sent_once() {
    let mut welcome = in_doubt(false).await;
    let calls = deliver(&mut welcome, SECOND).await;
    assert_eq!(calls, [search("*"), (SEND.to_owned(), Value::Null)]);
    assert!(deliver(&mut welcome, FIRST).await.is_empty());
    assert_eq!(welcome.vendor.mails(), mails([(NEW, 1)]));
}

#[tokio::test]
async fn full_search_page_keeps_the_mail_in_doubt_until_the_old_address_is_searched() {
    let mut welcome = in_doubt(true).await;
    let rows: Vec<_> = (0..1000)
        .map(|n| json!({"_id": n.to_string(), "state": "sent", "metadata": {"ory_key": "x"}}))
        .collect();
    welcome.vendor.reply_next(mandrill_replies::rows(&json!(rows)));
    assert_eq!(deliver(&mut welcome, SECOND).await, [search("*")]);
    assert_eq!(welcome.record()["state"], json!({"S": "in_progress"}));
    welcome.let_time_pass(MINUTE);
    let calls = deliver(&mut welcome, FIRST).await;
    assert_eq!(calls, [search("\"ann@example.com\"")]);
    assert!(deliver(&mut welcome, SECOND).await.is_empty());
    assert_eq!(welcome.vendor.mails(), mails([("ann@example.com", 1)]));
}

#[tokio::test]
async fn in_doubt_record_holds_no_address() {
    let mut welcome = in_doubt(true).await;
    let record = welcome.record();
    let digest = record["recipient_digest"]["S"].as_str().unwrap();
    assert_eq!(digest.len(), 16);
    assert!(!record.to_string().contains('@'));
    // A lease request for somebody else leaves it as it was.
    welcome.vendor.reply_next(mandrill_replies::error(500, "GeneralError"));
    deliver(&mut welcome, SECOND).await;
    assert_eq!(welcome.record()["recipient_digest"], record["recipient_digest"]);
}
