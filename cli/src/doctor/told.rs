//! How an answer that no check expects is told.

use shared::telemetry::chain;

use super::{Finding, reach::Answer, stack::flag};

/// An answer, or none, that says nothing about what was asked.
pub(super) fn unexpected(check: &str, answer: &Answer) -> Finding {
    match answer {
        Ok(answer) => Finding::unsure(
            check,
            format!("answered {}, which tells nothing", answer.status),
            "Try again later",
        ),
        Err(error) => {
            Finding::unsure(check, chain(error), "Look whether this machine reaches the internet")
        }
    }
}

/// A URL that would carry a key in the clear, or is none.
pub(super) fn unfit_url(check: &str, output: &str) -> Finding {
    let found = format!("{output} is no https URL");
    Finding::mend(check, found, format!("Deploy with another, or name it by {}", flag(output)))
}
