//! The sample events of `events/`.

use ory_actions::samples::SAMPLES;
use serde_json::Value;

use super::setup::start;

#[tokio::test]
async fn every_sample_comes_out_as_it_should() {
    let mut inbound = start().await;
    for sample in SAMPLES.iter().filter(|sample| sample.function == "mailchimp-inbound") {
        let event: Value = serde_json::from_str(sample.json()).unwrap();
        let answer = inbound.call(event).await;
        let expected = &sample.expected;
        let row = (expected.status, expected.outcome.unwrap_or_default());
        assert_eq!(answer.row(), row, "{}", sample.file);
        let received: Vec<_> = inbound.received().iter().map(ToString::to_string).collect();
        assert_eq!(received, expected.received, "{}", sample.file);
    }
}
