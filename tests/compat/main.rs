//! Upgrades and ways back, see README.md: what one version of the code leaves in queues and table, another
//! one reads.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod recording;
mod stack;

use std::{env, path::PathBuf};

use serde_json::Value;
use time::Duration;

use self::{
    recording::{Enqueued, Recording},
    stack::Stack,
};

/// After this, a search at Mandrill finds what was sent.
const UNTIL_SEARCHED: Duration = Duration::minutes(10);

/// The bootstrap of the previous release, where it was built: `.ci/long` does. Otherwise that of this
/// code, which is its own previous one.
fn previous() -> Option<PathBuf> {
    env::var_os("PREVIOUS_BOOTSTRAP").map(PathBuf::from)
}

/// Delivers what is in the queues: the vendors receive what the sample events stand for.
async fn assert_delivers(reader: Option<PathBuf>, recording: &Recording) {
    let mut stack = Stack::start(reader).await;
    for enqueued in &recording.messages {
        let delivered = stack.deliver(enqueued.function(), &enqueued.body).await;
        assert!(delivered.is_done, "{} stays in the queue", enqueued.sample);
        assert_eq!(delivered.received, enqueued.received, "{}", enqueued.sample);
    }
}

/// Delivers once more what the table knows to be done: no person notices.
async fn assert_repeats_nothing(reader: Option<PathBuf>, recording: &Recording) {
    let mut stack = Stack::start(reader).await;
    stack.put_records(&recording.records, recording.age());
    for enqueued in &recording.messages {
        let delivered = stack.deliver(enqueued.function(), &enqueued.body).await;
        assert!(delivered.is_done, "{} stays in the queue", enqueued.sample);
        // Segment itself knows a repeated call by its id.
        let expected = if enqueued.is_to_segment() { &enqueued.received[..] } else { &[] };
        assert_eq!(delivered.received, expected, "{}", enqueued.sample);
    }
}

/// A mail that was sent, but for which no answer came, is found at Mandrill and not sent again.
async fn assert_settles(reader: Option<PathBuf>, recording: &Recording) {
    let mut stack = Stack::start(reader).await;
    let in_doubt = &recording.in_doubt;
    stack.put_mail(&in_doubt.mail);
    stack.put_records(&in_doubt.records, recording.age());
    let early = stack.deliver(mandrill_welcome::NAME, &in_doubt.message).await;
    assert!(!early.is_done && early.received.is_empty(), "{early:?}");
    stack.let_time_pass(UNTIL_SEARCHED);
    let later = stack.deliver(mandrill_welcome::NAME, &in_doubt.message).await;
    assert!(later.is_done && later.received.is_empty(), "{later:?}");
}

#[tokio::test]
async fn queue_of_the_previous_release_is_delivered() {
    assert_delivers(None, &Recording::of_version_1(previous()).await).await;
}

#[tokio::test]
async fn nothing_is_repeated_that_the_previous_release_has_done() {
    assert_repeats_nothing(None, &Recording::of_version_1(previous()).await).await;
}

#[tokio::test]
async fn what_the_previous_release_left_in_doubt_is_settled() {
    assert_settles(None, &Recording::of_version_1(previous()).await).await;
}

/// A rollback, with messages in the queues and records in the table.
#[tokio::test]
async fn the_previous_release_goes_on_with_what_this_one_leaves() {
    let recording = Recording::make(None).await;
    assert_delivers(previous(), &recording).await;
    assert_repeats_nothing(previous(), &recording).await;
    assert_settles(previous(), &recording).await;
}

#[tokio::test]
async fn message_of_another_format_stays_in_its_queue() {
    let recording = Recording::of_version_1(previous()).await;
    let mut stack = Stack::start(None).await;
    for function in stack::FUNCTIONS {
        let mut of_it = recording.messages.iter().filter(|message| message.function() == function);
        let Enqueued { body, .. } = of_it.next().unwrap();
        for version in [0, 2] {
            let mut message: Value = serde_json::from_str(body).unwrap();
            message["version"] = version.into();
            let delivered = stack.deliver(function, &message.to_string()).await;
            assert!(!delivered.is_done && delivered.received.is_empty(), "{function}: {version}");
        }
    }
}
