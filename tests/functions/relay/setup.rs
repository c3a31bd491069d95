//! The function, called as Ory calls it.

use fakes::{FakeRelayed, WEBHOOK_KEY};
use integration::Answer;

use crate::common::setup::{Running, Setup};

pub(crate) async fn setup() -> Setup<FakeRelayed> {
    Setup::of("relay", WEBHOOK_KEY, Answer::assert_fit_for_ory).await
}

/// With a queue, and no table, which a preset that repeats does not need.
pub(crate) async fn queued() -> Setup<FakeRelayed> {
    setup().await.with_queue()
}

/// With the template of the preset and no setting that is not required.
pub(crate) async fn start() -> Running<FakeRelayed> {
    setup().await.start().await
}

/// Sends nothing about a person without an address.
pub(crate) const CANCELS_WITHOUT_ADDRESS: &str = "
function(ctx) if ctx.recipient == null then error 'cancel: no address' else { path: '/a' }
";
