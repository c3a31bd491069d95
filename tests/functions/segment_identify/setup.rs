//! The function, called as Ory calls it.

use integration::{Answer, Event};
use ory_actions::stack::WEBHOOK_KEY;
use serde_json::Value;

use crate::beside_segment::{Running, Setup};

pub(super) async fn setup() -> Setup {
    Setup::of("segment-identify", WEBHOOK_KEY, Answer::assert_fit_for_ory).await
}

/// With the shipped template and no setting that is not required.
pub(super) async fn start() -> Running {
    setup().await.start().await
}

/// With a template of its own.
pub(super) async fn start_with(code: &str) -> Running {
    setup().await.template(code).start().await
}

/// Ory's attempts at two webhooks.
pub(super) const FIRST: &str = "00000001-2222-4222-8222-000000000001";
pub(super) const SECOND: &str = "00000002-2222-4222-8222-000000000002";

/// An event as Ory sends it, the first of [`FIRST`].
pub(super) fn event(ctx: &Value) -> Event {
    event_of(FIRST, ctx)
}

/// An event as Ory sends it, with this Trigger-ID.
pub(super) fn event_of(trigger_id: &str, ctx: &Value) -> Event {
    Event::of_ory(ctx, trigger_id).header("authorization", WEBHOOK_KEY)
}
