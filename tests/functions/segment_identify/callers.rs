//! Who may call, and what of two calls makes them one event.

use integration::Event;

use super::setup::{setup, start};
use crate::common::{
    callers,
    ory::{FIRST, ann, event},
    secret_lookups,
};

#[tokio::test]
async fn whatever_callers_present_they_pass_or_are_turned_away() {
    callers::pass_or_are_turned_away(setup().await).await;
}

#[tokio::test]
async fn strangers_do_not_make_us_ask_for_the_secret_at_each_call() {
    callers::cannot_make_us_ask_at_each_call(start().await).await;
}

#[tokio::test]
async fn a_secrets_manager_that_fails_is_asked_once_per_pause_whoever_calls() {
    let without =
        Event::of_ory(&ann(), FIRST).header("authorization", "a-stranger-s-key-of-length");
    secret_lookups::do_not_depend_on_who_calls(setup, event(&ann()), without, |answer| {
        answer.message() == ("#/", 8_100_502)
    })
    .await;
}

#[tokio::test]
async fn an_event_is_one_however_it_is_written() {
    callers::send_one_event_however_they_write_it(setup().await).await;
}
