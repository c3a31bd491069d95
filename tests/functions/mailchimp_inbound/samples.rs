//! The sample events of `events/`.

use fakes::ory::people_of_the_samples;

use super::setup::{setup, with_ory};
use crate::common::samples;

#[tokio::test]
async fn every_sample_comes_out_as_it_should() {
    let setup = with_ory(setup().await);
    for person in people_of_the_samples() {
        setup.vendor.ory.put_identity(person);
    }
    samples::come_out_as_they_should("mailchimp-inbound", setup.start().await).await;
}
