//! Authentication, and the event id.

use integration::Event;

use super::setup::{setup, start};
use crate::common::{
    callers,
    ory::{FIRST, ann, event},
    secret_lookups,
};

#[tokio::test]
async fn every_credential_is_accepted_or_rejected_as_expected() {
    callers::are_accepted_or_rejected(setup().await).await;
}

#[tokio::test]
async fn unauthenticated_callers_do_not_trigger_secret_lookups_per_call() {
    callers::do_not_trigger_lookups_per_call(start().await).await;
}

#[tokio::test]
async fn failing_secrets_manager_is_called_once_per_pause() {
    let without = Event::of_ory(&ann(), FIRST).header("authorization", "an-unknown-key-of-length");
    secret_lookups::do_not_depend_on_the_caller(setup, event(&ann()), without, |answer| {
        answer.message() == ("#/", 8_100_502)
    })
    .await;
}

#[tokio::test]
async fn idempotency_ignores_the_encoding_of_an_event() {
    callers::share_an_event_id_in_any_encoding(setup().await).await;
}
