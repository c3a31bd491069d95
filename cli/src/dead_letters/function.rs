//! Where the events and the log of a function are, over the API of Lambda.

use std::time::Duration;

use aws_sdk_lambda::{Client, config::Builder};
use shared::aws::Aws;

use crate::aws::{ALIAS, CallError, failed, within};

const OPERATION: Duration = Duration::from_secs(10);

/// The setting with the URL of a function's queue.
const QUEUE_URL: &str = "QUEUE_URL";

/// A function cannot have dead letters.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoQueue {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("the function {0} has no queue: {QUEUE_URL} is not set")]
    Unset(String),
}

/// What the version behind the alias uses.
pub(super) struct Places {
    /// The URL of its queue.
    pub(super) queue_url: String,
    /// The name of the group of its logs.
    pub(super) log_group: String,
}

impl Places {
    /// Those of the function of this name or ARN.
    pub(super) async fn of(aws: &Aws, function: &str) -> Result<Self, NoQueue> {
        let config = Builder::from(aws.sdk()).timeout_config(within(OPERATION)).build();
        let ask = Client::from_conf(config).get_function_configuration().function_name(function);
        let told = ask.qualifier(ALIAS).send().await;
        let told = told.map_err(failed("GetFunctionConfiguration"))?;
        let variables = told.environment().and_then(|environment| environment.variables());
        let queue_url = variables.and_then(|variables| variables.get(QUEUE_URL)).cloned();
        let name = told.function_name().unwrap_or(function);
        let group = told.logging_config().and_then(|config| config.log_group());
        Ok(Self {
            queue_url: queue_url.ok_or_else(|| NoQueue::Unset(name.to_owned()))?,
            log_group: group.map_or_else(|| format!("/aws/lambda/{name}"), str::to_owned),
        })
    }
}
