//! AWS: all its services are called through the function's own HTTP client, with timeouts.
//!
//! A function calls them by `signed_call`: it does what the AWS SDK would do, with a fraction of the work.
//! The commands for an operator call further services, by the SDK.

mod credentials;
mod endpoint;
mod environment;
mod refusal;
mod signature;
mod signed_call;

use std::{sync::Arc, time::Duration};

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_types::retry::ReconnectMode;
use url::Url;

use self::environment::Variables;
use crate::{
    clock::SystemClock, http, idempotency::DynamoDbStore, queue::SqsQueue, secrets::AwsSecrets,
    settings::Ports, telemetry::Sink, template::Rendering,
};

/// The SDK sets no limit of its own on how long an answer may take. A person who signs up may be
/// waiting, so one attempt gets a second and the whole call two.
const ATTEMPT: Duration = Duration::from_secs(1);
const OPERATION: Duration = Duration::from_secs(2);
const ATTEMPTS: u32 = 2;

pub(crate) use endpoint::Service;
pub(crate) use refusal::CallError;
pub(crate) use signed_call::SignedCalls;

/// The configuration for the services' clients.
#[derive(Clone)]
pub struct Aws {
    sdk: SdkConfig,
    client: Arc<http::Client>,
}

impl Aws {
    /// AWS in a function: the SDK's own environment variables configure it.
    pub fn in_function(client: &http::Client) -> Self {
        let builder = environment::configuration(Variables::of_process());
        let sdk = builder.timeout_config(timeouts()).retry_config(retries()).build();
        Self { sdk, client: Arc::new(client.clone()) }
    }

    /// AWS on a developer's machine, profiles included, but always in this region.
    pub async fn at_hand(region: Option<&str>, client: &http::Client) -> Self {
        let loader = aws_config::defaults(BehaviorVersion::latest());
        let loader = match region {
            Some(region) => loader.region(Region::new(region.to_owned())),
            None => loader,
        };
        let loader = loader.http_client(client.for_sdk());
        let sdk = loader.timeout_config(timeouts()).retry_config(retries()).load().await;
        Self { sdk, client: Arc::new(client.clone()) }
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
        Self { sdk: config.build(), client: Arc::new(client.clone()) }
    }

    /// The same with other time limits: somebody at a terminal waits for longer than a sign-up.
    #[must_use]
    pub fn with_timeouts(&self, timeouts: TimeoutConfig) -> Self {
        let sdk = self.sdk.clone().into_builder().timeout_config(timeouts).build();
        Self { sdk, client: self.client.clone() }
    }

    /// The configuration of a service's client.
    pub fn sdk(&self) -> &SdkConfig {
        &self.sdk
    }

    /// The client of a service that a function calls. `at` is where it is said to be, unless
    /// the configuration says otherwise.
    pub(crate) fn signed_calls(&self, service: &'static Service, at: Option<&Url>) -> SignedCalls {
        SignedCalls::new(&self.sdk, self.client.clone(), service, at)
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
