//! The sample events of `events/`.

use fakes::ory::people_of_the_samples;

use super::setup::{setup, with_ory};
use crate::common::samples;

#[tokio::test]
async fn every_sample_has_the_expected_outcome() {
    let setup = with_ory(setup().await);
    for person in people_of_the_samples() {
        setup.vendor.ory.put_identity(person);
    }
    samples::have_the_expected_outcomes("mailchimp-inbound", setup.start().await).await;
}
