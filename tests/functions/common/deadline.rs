//! The deadline of an invocation: with 50 ms left no call is started, and no event is lost.

use std::time::Duration;

use integration::{Deployment, Event};

use super::setup::{QUEUE, Running, Setup, Vendor};
use crate::common::event_log::outcomes;

const ABOUT_TO_END: Duration = Duration::from_millis(50);

async fn about_to_end<V: Vendor>(setup: Setup<V>) -> Running<V> {
    setup.with(|deployment| deployment.time_limit(ABOUT_TO_END)).start().await
}

async fn has_time_again<V: Vendor>(running: &mut Running<V>) {
    running.sandbox.deploy(Deployment::usual_time_limit).await;
}

/// Without a queue the caller is asked to try again, and then it is delivered at once.
pub(crate) async fn inline_delivery_near_the_deadline_makes_no_call_and_is_retried<V: Vendor>(
    setup: Setup<V>,
    event: Event,
) {
    let mut running = about_to_end(setup).await;
    assert_eq!(running.call(event.clone()).await.status, 503);
    assert!(running.received().is_empty());
    has_time_again(&mut running).await;
    assert_eq!(running.call(event).await.row(), (200, "delivered"));
    running.received_once();
    assert_eq!(outcomes(&running.end().await.event_log()), ["try_later", "delivered"]);
}

/// With one it is stored, and stays there for an invocation with more time.
pub(crate) async fn enqueued_event_stays_queued_when_the_deadline_is_too_close<V: Vendor>(
    setup: Setup<V>,
    event: Event,
) {
    let mut running = about_to_end(setup.with_queue()).await;
    assert_eq!(running.call(event).await.body["status"], "accepted");
    let [message] = running.sqs.receive(QUEUE, 10).try_into().unwrap();
    assert_eq!(running.sandbox.deliver(&[message]).await.len(), 1);
    assert!(running.received().is_empty());
    has_time_again(&mut running).await;
    running.sqs.make_visible(QUEUE);
    assert!(running.work().await.is_empty());
    running.received_once();
    let event_log = running.end().await.event_log();
    assert_eq!(outcomes(&event_log), ["accepted", "try_later", "delivered"]);
}
