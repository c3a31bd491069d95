//! The sample events of `events/`.

use super::setup::start;
use crate::common::samples;

#[tokio::test]
async fn every_sample_comes_out_as_it_should() {
    samples::come_out_as_they_should("mailchimp-inbound", start().await).await;
}
