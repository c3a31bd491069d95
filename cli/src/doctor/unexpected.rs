//! Findings about responses that no check expects.

use shared::telemetry::chain;

use super::{Finding, reach::Answer, stack::flag};

/// A response that does not answer the question, or no response.
pub(super) fn response(check: &str, answer: &Answer) -> Finding {
    match answer {
        Ok(answer) => Finding::unknown(
            check,
            format!("unexpected response: {}", answer.status),
            "Try again later",
        ),
        Err(error) => {
            Finding::unknown(check, chain(error), "Check that this machine can reach the internet")
        }
    }
}

/// A URL that is invalid or would send a key unencrypted.
pub(super) fn url(check: &str, output: &str) -> Finding {
    let found = format!("{output} is not an https URL");
    Finding::fail(check, found, format!("Deploy with an https URL, or set {}", flag(output)))
}
