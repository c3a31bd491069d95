//! Outages of the queue and the table.

use std::time::Duration;

use super::setup::{Setup, address, opt_in_event, queued_and_opting_in};
use crate::common::{
    enqueued,
    event_log::outcomes,
    ory::{ann, event},
};

#[tokio::test]
async fn event_that_cannot_be_enqueued_is_delivered_inline() {
    enqueued::is_delivered_inline_if_it_cannot_be_enqueued(queued_and_opting_in, event(&ann()))
        .await;
}

/// What was enqueued all the same changes nothing.
#[tokio::test]
async fn enqueue_timeout_delivers_inline_and_the_queued_event_is_a_duplicate() {
    let setup = async || Setup::queued().await;
    let stored = enqueued::is_delivered_inline_after_an_enqueue_timeout(setup, opt_in_event(1));
    for mut subscribe in stored.await {
        subscribe.received();
        assert!(subscribe.work().await.is_empty());
        assert!(subscribe.received().is_empty());
        let event_log = subscribe.end().await.event_log();
        assert_eq!(outcomes(&event_log[..1]), ["delivered"]);
        assert!(outcomes(&event_log[1..]).iter().all(|outcome| *outcome == "duplicate"));
    }
}

#[tokio::test]
async fn missing_table_prevents_queued_calls() {
    let mut subscribe = Setup::queued().await.start().await;
    subscribe.store(opt_in_event(1)).await;
    for unreachable in [true, false] {
        subscribe.dynamo_db.set_down(unreachable);
        subscribe.dynamo_db.set_delay(Duration::from_mins(if unreachable { 0 } else { 10 }));
        let wait = subscribe.work_after(5).await.unwrap();
        assert!((16..=32).contains(&wait), "{wait} s");
        assert!(subscribe.received().is_empty());
        subscribe.sqs.make_visible(crate::common::setup::QUEUE);
    }
    subscribe.dynamo_db.set_delay(Duration::ZERO);
    subscribe.let_time_pass(Duration::from_mins(31));
    assert!(subscribe.work().await.is_empty());
    assert_eq!(subscribe.status_of(&address(1)), Some("subscribed"));
}

#[tokio::test]
async fn missing_table_asks_ory_to_retry_inline() {
    let mut subscribe = Setup::new().await.with_table().start().await;
    subscribe.dynamo_db.set_down(true);
    assert_eq!(subscribe.call(opt_in_event(1)).await.message(), ("#/", 8_100_503));
    assert!(subscribe.received().is_empty());
    subscribe.dynamo_db.set_down(false);
    assert_eq!(subscribe.call(opt_in_event(1)).await.row(), (200, "delivered"));
    assert_eq!(subscribe.call(opt_in_event(1)).await.row(), (200, "duplicate"));
}

/// The contact is written and cannot be remembered: the event comes again, and finds it.
#[tokio::test]
async fn unrecorded_delivery_is_tried_again_and_writes_the_same() {
    let mut subscribe = Setup::queued().await.start().await;
    subscribe.store(opt_in_event(1)).await;
    let vendor = &subscribe.vendor;
    let (dynamo_db, message) = (&subscribe.dynamo_db, subscribe.sqs.receive("events", 1));
    vendor.set_delay(Some(Duration::from_millis(100)));
    let down = async {
        crate::common::queue::until_called(vendor).await;
        dynamo_db.set_down(true);
    };
    let (kept, ()) = tokio::join!(subscribe.sandbox.deliver(&message), down);
    assert_eq!(kept.len(), 1);
    subscribe.dynamo_db.set_down(false);
    subscribe.received();
    subscribe.let_time_pass(Duration::from_mins(2));
    assert!(subscribe.work().await.is_empty());
    assert_eq!(subscribe.methods(), ["GET", "PATCH"]);
    let mails =
        |audience: &mut fakes::mailchimp::Audience| audience.confirmation_mails(&address(1));
    assert_eq!(subscribe.vendor.audience(mails), 0);
    assert_eq!(outcomes(&subscribe.end().await.deliveries()), ["try_later", "delivered"]);
}
