//! Findings about responses that no check expects.

use shared::telemetry::chain;

use super::{CheckResult, reach::Answer, stack::flag};

/// A response that does not answer the question, or no response.
pub(super) fn response(check: &str, answer: &Answer) -> CheckResult {
    match answer {
        Ok(answer) => CheckResult::unknown(
            check,
            format!("unexpected response: {}", answer.status),
            "Try again later",
        ),
        Err(error) => CheckResult::unknown(
            check,
            chain(error),
            "Check that this machine can reach the internet",
        ),
    }
}

/// A URL that is invalid or would send a key unencrypted.
pub(super) fn url(check: &str, output: &str) -> CheckResult {
    let found = format!("{output} is not an https URL");
    CheckResult::fail(check, found, format!("Deploy with an https URL, or set {}", flag(output)))
}
