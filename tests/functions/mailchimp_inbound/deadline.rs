//! Deliveries close to the deadline of the invocation.

use super::{
    forms::form,
    setup::{SENDS_TO_SEGMENT, event, setup},
};
use crate::common::deadline;

#[tokio::test]
async fn inline_delivery_near_the_deadline_makes_no_call_and_is_retried() {
    let setup = setup().await.with_table().template(SENDS_TO_SEGMENT);
    deadline::inline_delivery_near_the_deadline_makes_no_call_and_is_retried(
        setup,
        event(form("subscribe")),
    )
    .await;
}

#[tokio::test]
async fn enqueued_event_stays_queued_when_the_deadline_is_too_close() {
    let setup = setup().await.with_table().template(SENDS_TO_SEGMENT);
    deadline::enqueued_event_stays_queued_when_the_deadline_is_too_close(
        setup,
        event(form("subscribe")),
    )
    .await;
}
