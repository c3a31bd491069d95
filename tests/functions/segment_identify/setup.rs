//! The function, called as Ory calls it.

use fakes::{FakeSegment, WEBHOOK_KEY};
use integration::Answer;

use crate::common::setup::{Running, Setup};

pub(crate) async fn setup() -> Setup<FakeSegment> {
    Setup::of("segment-identify", WEBHOOK_KEY, Answer::assert_fit_for_ory).await
}

/// With a queue, and no table, which it needs not.
pub(crate) async fn queued() -> Setup<FakeSegment> {
    setup().await.with_queue()
}

/// With the shipped template and no setting that is not required.
pub(crate) async fn start() -> Running<FakeSegment> {
    setup().await.start().await
}

/// Sends nothing about a person without an address.
pub(crate) const CANCELS_WITHOUT_ADDRESS: &str = "
function(ctx) if ctx.recipient == null then error 'cancel: no address' else { userId: 'u' }
";

/// With a template of its own.
pub(crate) async fn start_with(code: &str) -> Running<FakeSegment> {
    setup().await.template(code).start().await
}
