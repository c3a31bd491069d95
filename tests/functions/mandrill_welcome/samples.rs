//! The sample events of `events/`.

use ory_actions::samples::SAMPLES;
use serde_json::Value;

use super::setup::Welcome;

#[tokio::test]
async fn every_sample_comes_out_as_it_should() {
    let mut welcome = Welcome::start().await;
    for sample in SAMPLES.iter().filter(|sample| sample.function == "mandrill-welcome") {
        let event: Value = serde_json::from_str(sample.json()).unwrap();
        let answer = welcome.call(event).await;
        let expected = &sample.expected;
        let row = (expected.status, expected.outcome.unwrap_or_default());
        assert_eq!(answer.row(), row, "{}", sample.file);
        let received: Vec<_> = welcome.received().iter().map(ToString::to_string).collect();
        assert_eq!(received, expected.received, "{}", sample.file);
    }
}
