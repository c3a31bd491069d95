//! In-doubt calls: nothing is resent before a search has settled whether the mail was sent.

mod address_changed;
mod erased;
mod resend;
mod search;
mod wait;

use std::time::Duration;

use fakes::server::FakeReply;
use integration::attribute;
use serde_json::json;
use time::OffsetDateTime;

use super::setup::Welcome;
use crate::common::{
    ory::{ann, event},
    queue::until_called,
    setup::QUEUE,
};

const SEARCH: &str = "messages/search";
const SEND: &str = "messages/send";

const MINUTE: Duration = Duration::from_mins(1);

/// An event whose mail was sent before Mandrill closed the connection.
async fn sent_without_a_word() -> Welcome {
    let mut welcome = Welcome::queued().await;
    welcome.vendor.act_and_reply_next(FakeReply::HangUp);
    delivered_in_vain(&mut welcome).await;
    welcome
}

/// An event whose mail was not sent before Mandrill closed the connection.
async fn lost_without_a_word() -> Welcome {
    let mut welcome = Welcome::queued().await;
    welcome.vendor.reply_next(FakeReply::HangUp);
    delivered_in_vain(&mut welcome).await;
    welcome
}

async fn delivered_in_vain(welcome: &mut Welcome) {
    welcome.store(event(&ann())).await;
    is_about(welcome.work_after(1).await, 120);
    assert_eq!(welcome.mails(), 1);
}

/// The methods of the calls since the last look.
fn methods(welcome: &Welcome) -> Vec<String> {
    welcome.received().into_iter().map(|call| call.method).collect()
}

/// Checks a backoff until a known time, part of which may have passed: it is not shorter, and
/// spread.
fn is_about(wait: Option<u32>, seconds: u32) {
    let wait = wait.unwrap();
    let spread = seconds.saturating_sub(20)..=seconds + seconds.div_ceil(2);
    assert!(spread.contains(&wait), "{wait} s, not {seconds} s");
}

/// Checks that a delivery makes no call, or only searches, and delays the message by about this
/// time.
async fn stays(welcome: &mut Welcome, calls: &[&str], seconds: u32) {
    is_about(welcome.work_after(7).await, seconds);
    assert_eq!(methods(welcome), calls);
}

/// Checks that these calls finish the message, with the record in this state.
async fn comes_to(welcome: &mut Welcome, calls: &[&str], state: &str) {
    assert!(welcome.work().await.is_empty());
    assert_eq!(methods(welcome), calls);
    let record = welcome.record();
    assert_eq!(record["state"], json!({ "S": state }));
    for gone in ["in_doubt_since", "lease_until", "recipient_digest"] {
        assert_eq!(record.get(gone), None);
    }
}

/// How long ago the in-doubt marker of the record was set, in seconds.
fn age_of_mark(welcome: &Welcome) -> i64 {
    let now = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
    (i64::try_from(now).unwrap() - attribute(&welcome.record(), "in_doubt_since").unwrap()) / 1000
}

/// Delivers the message, and is killed while Mandrill has the mail; the calls.
async fn die_sending(welcome: &mut Welcome) -> Vec<String> {
    let message = welcome.sqs.receive(QUEUE, 1);
    let mut seen = Vec::new();
    let vendor = &welcome.vendor;
    let sent = async {
        while !seen.iter().any(|method| method == SEND) {
            seen.extend(until_called(vendor).await.into_iter().map(|call| call.method));
        }
    };
    tokio::select! {
        () = sent => {}
        kept = welcome.sandbox.deliver(&message) => panic!("it came to an end: {kept:?}"),
    }
    welcome.sandbox.crash().await;
    seen
}
