//! The secret store over AWS Secrets Manager.
//!
//! AWS' own caching crate asks `DescribeSecret` once its time has run out, which the usual
//! policy (`GetSecretValue` only) denies: it would work for a minute and then no more. Hence the
//! SDK itself, behind our cache.

use async_trait::async_trait;
use aws_sdk_secretsmanager::{
    Client, error::SdkError, operation::get_secret_value::GetSecretValueError,
};
use secrecy::SecretString;

use super::{SecretError, SecretStore, Stage};
use crate::aws::Aws;

/// The action that a function's policy must allow, on each of its secrets.
pub const ACTION: &str = "secretsmanager:GetSecretValue";

/// AWS Secrets Manager.
pub struct SecretsManager(Client);

impl SecretsManager {
    /// The Secrets Manager of `aws`.
    pub fn new(aws: &Aws) -> Self {
        Self(Client::new(aws.sdk()))
    }
}

#[async_trait]
impl SecretStore for SecretsManager {
    async fn fetch(&self, id: &str, stage: Stage) -> Result<Option<SecretString>, SecretError> {
        let label = match stage {
            Stage::Current => "AWSCURRENT",
            Stage::Previous => "AWSPREVIOUS",
        };
        match self.0.get_secret_value().secret_id(id).version_stage(label).send().await {
            Ok(answer) => Ok(answer.secret_string.map(SecretString::from)),
            Err(error) if stage == Stage::Previous && is_not_found(&error) => Ok(None),
            Err(error) => Err(told(error)),
        }
    }
}

type Failure = SdkError<GetSecretValueError>;

fn is_not_found(error: &Failure) -> bool {
    error.as_service_error().is_some_and(GetSecretValueError::is_resource_not_found_exception)
}

/// A 4xx other than throttling is a plain no; all else may pass. What the service wrote is not
/// told on: only the name of its error.
fn told(error: Failure) -> SecretError {
    let answered = error.raw_response().map(|response| response.status().as_u16());
    let name = error.as_service_error().and_then(|error| error.meta().code()).unwrap_or("unnamed");
    let throttled = name.contains("Throttling") || name.contains("TooManyRequests");
    match answered {
        Some(400..=499) if !throttled => SecretError::Refused(name.to_owned()),
        _ => SecretError::Unreachable(error.into()),
    }
}
