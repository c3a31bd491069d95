//! The bootstraps that `sam build` made, in `.aws-sam/build/`.

use std::path::PathBuf;

use integration::Deployment;
use ory_actions::up::{
    local::{Fakes, PortNumbers},
    samples::SAMPLES,
};
use serde_json::Value;

use super::{assert_as_expected, repository};

/// A function and its name in `template.yaml`, of those that deliver inline too. `mandrill-inbound` does
/// not start without a queue: [`super::deploy`] gives it one.
pub(super) const FUNCTIONS: [(&str, &str); 4] = [
    (mandrill_welcome::NAME, "MandrillWelcome"),
    (segment_identify::NAME, "SegmentIdentify"),
    (mailchimp_inbound::NAME, "MailchimpInbound"),
    (mailchimp_subscribe::NAME, "MailchimpSubscribe"),
];

/// What `sam build` made of a function of `template.yaml`.
pub(super) fn bootstrap(logical_id: &str) -> PathBuf {
    let bootstrap = repository().join(".aws-sam/build").join(logical_id).join("bootstrap");
    assert!(bootstrap.is_file(), "{} is missing; run `sam build`", bootstrap.display());
    bootstrap
}

#[tokio::test]
async fn every_sample_gives_the_same_result_in_the_built_bootstraps() {
    for (function, logical_id) in FUNCTIONS {
        assert_samples(function, bootstrap(logical_id)).await;
    }
}

/// Gives the function's samples to a process of `binary`.
pub(super) async fn assert_samples(function: &'static str, binary: PathBuf) {
    let fakes = Fakes::start(PortNumbers::default()).await.unwrap();
    let deployment = Deployment::of(function).binary(binary);
    let deployment = deployment.var("AWS_ENDPOINT_URL", fakes.secrets_manager.url());
    let settings = fakes.settings(function).into_iter();
    let deployment = settings.fold(deployment, |all, (name, value)| all.var(name, value));
    let mut sandbox = deployment.start().await;
    for sample in SAMPLES.iter().filter(|sample| sample.function == function) {
        let event: Value = serde_json::from_str(sample.json()).unwrap();
        let answer = sandbox.invoke(event).await;
        assert_as_expected(sample, &answer, &fakes.take_received());
    }
}
