//! The sample events of `events/`.

use super::setup::Subscribe;
use crate::common::samples;

#[tokio::test]
async fn every_sample_has_the_expected_outcome() {
    samples::have_the_expected_outcomes("mailchimp-subscribe", Subscribe::start().await).await;
}
