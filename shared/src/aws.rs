//! AWS: all its services are called through the function's own HTTP client, with timeouts.

use std::{sync::Arc, time::Duration};

use aws_config::{
    BehaviorVersion, ConfigLoader, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_sdk_secretsmanager::{
    config::{Credentials, SharedCredentialsProvider, retry::ReconnectMode},
    error::{ProvideErrorMetadata, SdkError},
};

use crate::{
    clock::SystemClock,
    http,
    idempotency::DynamoDbStore,
    queue::SqsQueue,
    secrets::AwsSecrets,
    settings::Ports,
    telemetry::{Sink, chain},
    template::Rendering,
};

/// The SDK sets no limit of its own on how long an answer may take. A person who signs up may be
/// waiting, so one attempt gets a second and the whole call two.
const ATTEMPT: Duration = Duration::from_secs(1);
const OPERATION: Duration = Duration::from_secs(2);
const ATTEMPTS: u32 = 2;

/// The configuration for the services' clients.
#[derive(Clone)]
pub struct Aws(SdkConfig);

impl Aws {
    /// AWS in a function: the SDK's own environment variables configure it, and no profile files
    /// are read.
    pub async fn in_function(client: &http::Client) -> Self {
        let nothing = EnvConfigFiles::builder().with_contents(EnvConfigFileKind::Config, "");
        let loader = aws_config::defaults(BehaviorVersion::latest());
        Self::load(loader.profile_files(nothing.build()), client).await
    }

    /// AWS on a developer's machine, profiles included, but always in this region.
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

    /// A fake at `endpoint`, which needs no real credentials.
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

    /// The same with other time limits: somebody at a terminal waits for longer than a sign-up.
    #[must_use]
    pub fn with_timeouts(&self, timeouts: TimeoutConfig) -> Self {
        Self(self.0.clone().into_builder().timeout_config(timeouts).build())
    }

    /// The configuration of a service's client.
    pub fn sdk(&self) -> &SdkConfig {
        &self.0
    }
}

impl Ports {
    /// The outside of a function on AWS.
    pub fn on_aws(aws: &Aws, client: http::Client, event_log: Sink) -> Self {
        let (for_queues, for_tables) = (aws.clone(), aws.clone());
        Self {
            secrets: Arc::new(AwsSecrets::new(aws)),
            queues: Arc::new(move |url| Arc::new(SqsQueue::new(&for_queues, url))),
            tables: Arc::new(move |table| Arc::new(DynamoDbStore::new(&for_tables, table))),
            public_http: Arc::new(client.to_public_hosts()),
            http: Arc::new(client),
            clock: Arc::new(SystemClock),
            event_log,
            rendering: Rendering::OnItsThread,
        }
    }
}

/// What went wrong at a service: the status and the name of its error. Nothing else is passed on,
/// as it may quote the request, or contain half a secret.
pub(crate) fn cause<E>(error: &SdkError<E>) -> http::Cause
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

/// The SDK would throw away the connection of a failed attempt, but it does not own ours: it would
/// only warn that it cannot.
fn retries() -> RetryConfig {
    let retries = RetryConfig::standard().with_max_attempts(ATTEMPTS);
    retries.with_reconnect_mode(ReconnectMode::ReuseAllConnections)
}
