//! What the commands that call AWS have in common.

use std::time::Duration;

use aws_sdk_lambda::{
    config::timeout::TimeoutConfig,
    error::{ProvideErrorMetadata, SdkError},
};
use shared::telemetry::chain;

/// The alias behind the URL, the permissions and the event source mapping of a function, as
/// `AutoPublishAlias` in `template.yaml` names it.
pub(crate) const ALIAS: &str = "live";

/// A call failed.
#[derive(Debug, thiserror::Error)]
#[error("{operation}: {cause}")]
pub(crate) struct CallError {
    operation: &'static str,
    cause: String,
}

impl CallError {
    pub(crate) fn new(operation: &'static str, cause: impl Into<String>) -> Self {
        Self { operation, cause: cause.into() }
    }
}

/// What AWS says of a refusal is meant for the person who asked.
pub(crate) fn failed<E>(operation: &'static str) -> impl FnOnce(SdkError<E>) -> CallError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    move |error| match (error.code(), error.message()) {
        (Some(code), Some(message)) => CallError::new(operation, format!("{code}: {message}")),
        _ => CallError::new(operation, chain(&error)),
    }
}

/// The limit of a call that nobody signs up with: the limits of the functions are much lower, and
/// whatever is not set here is taken from them.
pub(crate) fn within(limit: Duration) -> TimeoutConfig {
    let builder = TimeoutConfig::builder().operation_timeout(limit);
    builder.operation_attempt_timeout(limit).read_timeout(limit).build()
}

/// The region in an ARN: who runs a command need not have it in the environment.
pub(crate) fn region(function: &str) -> Option<&str> {
    function.strip_prefix("arn:").and_then(|rest| rest.split(':').nth(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn region_is_read_from_an_arn_only() {
        assert_eq!(region("arn:aws:lambda:eu-west-1:000000000000:function:f"), Some("eu-west-1"));
        assert_eq!(region("ory-actions-MandrillWelcome-1A2B"), None);
    }

    #[test]
    fn no_shorter_limit_of_the_functions_remains() {
        let limit = Duration::from_secs(30);
        let mut limits = within(limit);
        let second = Duration::from_secs(1);
        limits.take_defaults_from(&within(second));
        assert_eq!(limits.operation_attempt_timeout(), Some(limit));
        assert_eq!(limits.read_timeout(), Some(limit));
    }
}
