//! The secret store over AWS Secrets Manager.
//!
//! AWS' own caching crate asks `DescribeSecret` once its time has run out, which the usual
//! policy (`GetSecretValue` only) denies: it would work for a minute and then no more. Hence the
//! SDK itself, behind our cache.

use std::time::Duration;

use async_trait::async_trait;
use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_secretsmanager::{
    Client,
    config::{Builder, Credentials, SharedCredentialsProvider},
    error::SdkError,
    operation::get_secret_value::GetSecretValueError,
};
use secrecy::SecretString;

use super::{SecretError, SecretStore, Stage};
use crate::http;

/// The action that a function's policy must allow, on each of its secrets.
pub const ACTION: &str = "secretsmanager:GetSecretValue";

/// The SDK sets no limit of its own on how long an answer may take. A secret is read in the way
/// of a sign-up, so one attempt gets a second and the whole look-up two.
const ATTEMPT: Duration = Duration::from_secs(1);
const OPERATION: Duration = Duration::from_secs(2);

/// The SDK's shared configuration, on the function's own HTTP client. Reads the SDK's usual
/// variables.
async fn sdk_config(client: &http::Client) -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest()).http_client(client.for_sdk()).load().await
}

/// AWS Secrets Manager.
pub struct SecretsManager(Client);

impl SecretsManager {
    /// Secrets Manager as the SDK's own environment variables describe it.
    pub async fn from_env(client: &http::Client) -> Self {
        Self::new(&sdk_config(client).await)
    }

    /// A stand-in at `endpoint`, which asks for no real credentials.
    pub fn at(endpoint: &str, client: &http::Client) -> Self {
        let nobody = Credentials::new("local", "local", None, None, "local stand-in");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(nobody))
            .endpoint_url(endpoint)
            .http_client(client.for_sdk())
            .build();
        Self::new(&config)
    }

    /// Secrets Manager as `config` describes it.
    fn new(config: &SdkConfig) -> Self {
        let timeouts = TimeoutConfig::builder()
            .read_timeout(ATTEMPT)
            .operation_attempt_timeout(ATTEMPT)
            .operation_timeout(OPERATION)
            .build();
        let config = Builder::from(config)
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(2))
            .build();
        Self(Client::from_conf(config))
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
