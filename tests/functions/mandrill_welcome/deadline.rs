//! Deliveries close to the deadline of the invocation.

use super::{setup::Setup, templates::FROM_THE_DOCUMENTS};
use crate::common::{
    deadline,
    ory::{ann, event},
};

#[tokio::test]
async fn inline_delivery_near_the_deadline_makes_no_call_and_is_retried() {
    let setup = Setup::new().await.with_table().template(FROM_THE_DOCUMENTS);
    deadline::inline_delivery_near_the_deadline_makes_no_call_and_is_retried(setup, event(&ann()))
        .await;
}

#[tokio::test]
async fn enqueued_event_stays_queued_when_the_deadline_is_too_close() {
    let setup = Setup::new().await.with_table().template(FROM_THE_DOCUMENTS);
    deadline::enqueued_event_stays_queued_when_the_deadline_is_too_close(setup, event(&ann()))
        .await;
}
