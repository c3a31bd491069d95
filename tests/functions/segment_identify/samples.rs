//! The sample events of `events/`.

use ory_actions::samples::SAMPLES;
use serde_json::Value;

use super::setup::start;

#[tokio::test]
async fn every_sample_comes_out_as_it_should() {
    let mut identify = start().await;
    for sample in SAMPLES.iter().filter(|sample| sample.function == "segment-identify") {
        let event: Value = serde_json::from_str(sample.json()).unwrap();
        let answer = identify.call(event).await;
        let expected = &sample.expected;
        let row = (expected.status, expected.outcome.unwrap_or_default());
        assert_eq!(answer.row(), row, "{}", sample.file);
        let received: Vec<_> = identify.received().iter().map(ToString::to_string).collect();
        assert_eq!(received, expected.received, "{}", sample.file);
    }
}
