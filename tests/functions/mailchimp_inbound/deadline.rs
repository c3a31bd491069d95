//! Invocations that are about to end.

use super::{
    forms::form,
    setup::{TELLS, event, setup},
};
use crate::common::deadline;

#[tokio::test]
async fn in_line_no_call_is_begun_and_the_next_attempt_delivers() {
    let setup = setup().await.with_table().template(TELLS);
    deadline::in_line_no_call_is_begun_and_the_next_attempt_delivers(
        setup,
        event(form("subscribe")),
    )
    .await;
}

#[tokio::test]
async fn an_event_is_stored_and_stays_until_there_is_time() {
    let setup = setup().await.with_table().template(TELLS);
    deadline::an_event_is_stored_and_stays_until_there_is_time(setup, event(form("subscribe")))
        .await;
}
