//! The sample events of `events/`.

use ory_actions::up::samples::{SAMPLES, Via};
use serde_json::Value;

use super::setup::{Running, Vendor};

/// Sends all samples to a function.
pub(crate) async fn have_the_expected_outcomes<V: Vendor>(function: &str, mut running: Running<V>) {
    for sample in SAMPLES.iter().filter(|sample| sample.function == function) {
        let event: Value = serde_json::from_str(sample.json()).unwrap();
        let answer = running.call(event).await;
        let (status, word) = sample.answer(Via::Inline);
        assert_eq!(answer.row(), (status, word.unwrap_or_default()), "{}", sample.file);
        assert_eq!(running.vendor.take_lines(), sample.expected.received, "{}", sample.file);
    }
}
