//! Deliveries close to the deadline of the invocation.

use std::time::Duration;

use integration::Deployment;
use serde_json::json;

use super::{
    events::event,
    setup::{known, signed},
};
use crate::common::event_log::outcomes;

/// Storing takes no time of the queue's that Lambda has not left.
#[tokio::test]
async fn enqueued_event_stays_queued_when_the_deadline_is_too_close() {
    let mut inbound = known().await.start().await;
    inbound.is_told(&[event("hard_bounce", 0)]).await;
    let about_to_end = Duration::from_millis(50);
    inbound.sandbox.deploy(|deployment| deployment.time_limit(about_to_end)).await;
    assert_eq!(inbound.work().await.len(), 1);
    assert!(inbound.vendor.ory.take_patches().is_empty() && inbound.received().is_empty());
    inbound.sandbox.deploy(Deployment::usual_time_limit).await;
    inbound.sqs.make_visible(crate::common::setup::QUEUE);
    assert!(inbound.work().await.is_empty());
    inbound.received_once();
    let event_log = inbound.end().await.event_log();
    assert_eq!(outcomes(&event_log), ["accepted", "try_later", "delivered"]);
}

#[tokio::test]
async fn call_near_the_deadline_is_refused_or_stored_and_never_lost() {
    let setup = known().await;
    let limit = Duration::from_millis(50);
    let mut inbound = setup.with(|deployment| deployment.time_limit(limit)).start().await;
    let answer = inbound.call(signed(&json!([event("hard_bounce", 0)]))).await;
    let is_stored = !inbound.stored().is_empty();
    assert!(answer.status == 503 || answer.status == 200 && is_stored, "{answer:?}");
}
