//! AWS, as all its services are reached: on the function's own HTTP client, with limits on time.

use std::time::Duration;

use aws_config::{
    BehaviorVersion, ConfigLoader, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_sdk_secretsmanager::{
    config::{Credentials, SharedCredentialsProvider, retry::ReconnectMode},
    error::{ProvideErrorMetadata, SdkError},
};

use crate::{http, telemetry::chain};

/// The SDK sets no limit of its own on how long an answer may take. Somebody who signs up may be
/// waiting, so one attempt gets a second and the whole call two.
const ATTEMPT: Duration = Duration::from_secs(1);
const OPERATION: Duration = Duration::from_secs(2);
const ATTEMPTS: u32 = 2;

/// What the services' clients are made from.
#[derive(Clone)]
pub struct Aws(SdkConfig);

impl Aws {
    /// AWS as a function has it: the SDK's own environment variables describe it, and nobody looks
    /// for profiles in files.
    pub async fn in_function(client: &http::Client) -> Self {
        let nothing = EnvConfigFiles::builder().with_contents(EnvConfigFileKind::Config, "");
        let loader = aws_config::defaults(BehaviorVersion::latest());
        Self::load(loader.profile_files(nothing.build()), client).await
    }

    /// AWS as somebody has it at their own machine, profiles included; in this region, whatever
    /// those say of one.
    pub async fn at_hand(region: Option<&str>, client: &http::Client) -> Self {
        let loader = aws_config::defaults(BehaviorVersion::latest());
        let loader = match region {
            Some(region) => loader.region(Region::new(region.to_owned())),
            None => loader,
        };
        Self::load(loader, client).await
    }

    async fn load(loader: ConfigLoader, client: &http::Client) -> Self {
        let loader = loader.http_client(client.for_sdk());
        Self(loader.timeout_config(timeouts()).retry_config(retries()).load().await)
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
            .timeout_config(timeouts())
            .retry_config(retries());
        Self(config.build())
    }

    pub(crate) fn sdk(&self) -> &SdkConfig {
        &self.0
    }
}

/// What went wrong at a service: the status and the name of its error. What else it wrote is not
/// told on, as it may quote the request, or be half a secret.
pub(crate) fn told<E>(error: &SdkError<E>) -> http::Cause
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match error.raw_response() {
        Some(answer) => format!("AWS answered {}: {}", answer.status().as_u16(), name(error)),
        None => chain(error),
    }
    .into()
}

/// The name of a service's error.
pub(crate) fn name<E: ProvideErrorMetadata>(error: &SdkError<E>) -> &str {
    let is_word = |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    error.as_service_error().and_then(E::code).filter(is_word).unwrap_or("unnamed")
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .read_timeout(ATTEMPT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build()
}

/// The SDK would throw away the connection of a failed attempt, but ours are not its own: it only
/// warns that it cannot.
fn retries() -> RetryConfig {
    let retries = RetryConfig::standard().with_max_attempts(ATTEMPTS);
    retries.with_reconnect_mode(ReconnectMode::ReuseAllConnections)
}
