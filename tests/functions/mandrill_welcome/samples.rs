//! The sample events of `events/`.

use super::setup::Welcome;
use crate::common::samples;

#[tokio::test]
async fn every_sample_has_the_expected_outcome() {
    samples::have_the_expected_outcomes("mandrill-welcome", Welcome::start().await).await;
}
