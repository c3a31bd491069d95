//! Who may call, and what of two calls makes them one event.

use super::setup::{Setup, Welcome};
use crate::common::callers;

#[tokio::test]
async fn whatever_callers_present_they_pass_or_are_turned_away() {
    callers::pass_or_are_turned_away(Setup::new().await).await;
}

#[tokio::test]
async fn strangers_do_not_make_us_ask_for_the_secret_at_each_call() {
    callers::cannot_make_us_ask_at_each_call(Welcome::start().await).await;
}

#[tokio::test]
async fn an_event_is_one_however_it_is_written() {
    callers::send_one_event_however_they_write_it(Setup::new().await).await;
}
