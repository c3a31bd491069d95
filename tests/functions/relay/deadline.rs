//! Deliveries close to the deadline of the invocation.

use super::setup::setup;
use crate::common::{
    deadline,
    ory::{ann, event},
};

#[tokio::test]
async fn inline_delivery_near_the_deadline_makes_no_call_and_is_retried() {
    let setup = setup().await;
    deadline::inline_delivery_near_the_deadline_makes_no_call_and_is_retried(setup, event(&ann()))
        .await;
}

#[tokio::test]
async fn enqueued_event_stays_queued_when_the_deadline_is_too_close() {
    let setup = setup().await;
    deadline::enqueued_event_stays_queued_when_the_deadline_is_too_close(setup, event(&ann()))
        .await;
}
