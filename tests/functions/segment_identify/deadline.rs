//! Invocations that are about to end.

use super::setup::setup;
use crate::common::{
    deadline,
    ory::{ann, event},
};

#[tokio::test]
async fn in_line_no_call_is_begun_and_the_next_attempt_delivers() {
    let setup = setup().await;
    deadline::in_line_no_call_is_begun_and_the_next_attempt_delivers(setup, event(&ann())).await;
}

#[tokio::test]
async fn an_event_is_stored_and_stays_until_there_is_time() {
    let setup = setup().await;
    deadline::an_event_is_stored_and_stays_until_there_is_time(setup, event(&ann())).await;
}
