//! Invocations that are about to end.

use super::{
    forms::form,
    setup::{TELLS, event, setup},
};
use crate::common::deadline;

#[tokio::test]
async fn inline_delivery_near_the_deadline_makes_no_call_and_is_retried() {
    let setup = setup().await.with_table().template(TELLS);
    deadline::inline_delivery_near_the_deadline_makes_no_call_and_is_retried(
        setup,
        event(form("subscribe")),
    )
    .await;
}

#[tokio::test]
async fn enqueued_event_stays_queued_when_the_deadline_is_too_close() {
    let setup = setup().await.with_table().template(TELLS);
    deadline::enqueued_event_stays_queued_when_the_deadline_is_too_close(
        setup,
        event(form("subscribe")),
    )
    .await;
}
