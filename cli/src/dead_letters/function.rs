//! What the version of a function behind the alias uses, over the API of Lambda.

use std::{collections::HashMap, time::Duration};

use aws_sdk_lambda::{Client, config::Builder};
use shared::{aws::Aws, config::Environment};

use crate::aws::{ALIAS, CallError, failed, within};

const OPERATION: Duration = Duration::from_secs(10);

/// The setting with the URL of a function's queue.
const QUEUE_URL: &str = "QUEUE_URL";

/// A function cannot have dead letters.
#[derive(Debug, thiserror::Error)]
#[error("the function {0} has no queue: {QUEUE_URL} is not set")]
pub(crate) struct NoQueue(String);

/// A deployed function, as its alias serves it.
pub(crate) struct Live {
    /// Its name in Lambda.
    pub(crate) name: String,
    /// Which of our functions it is: `Handler` in the template.
    pub(crate) handler: String,
    /// Its settings.
    variables: HashMap<String, String>,
    /// The name of the group of its logs.
    pub(crate) log_group: String,
}

impl Live {
    /// The function of this name or ARN.
    pub(crate) async fn of(aws: &Aws, function: &str) -> Result<Self, CallError> {
        const NAME: &str = "GetFunctionConfiguration";
        let config = Builder::from(aws.sdk()).timeout_config(within(OPERATION)).build();
        let ask = Client::from_conf(config).get_function_configuration().function_name(function);
        let told = ask.qualifier(ALIAS).send().await;
        let told = told.map_err(failed(NAME))?;
        let environment = told.environment();
        if environment.is_some_and(|environment| environment.error().is_some()) {
            let cause =
                format!("Lambda does not tell the environment of {function}; check its KMS key");
            return Err(CallError::new(NAME, cause));
        }
        let variables = environment.and_then(|environment| environment.variables());
        let name = told.function_name().unwrap_or(function);
        let group = told.logging_config().and_then(|config| config.log_group());
        Ok(Self {
            name: name.to_owned(),
            handler: told.handler().unwrap_or_default().to_owned(),
            variables: variables.cloned().unwrap_or_default(),
            log_group: group.map_or_else(|| format!("/aws/lambda/{name}"), str::to_owned),
        })
    }

    /// Its settings, to be read as the function reads them.
    pub(crate) fn environment(&self) -> Environment {
        Environment::of(self.variables.clone())
    }

    /// One of its settings.
    pub(crate) fn setting(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The URL of its queue.
    pub(crate) fn queue_url(&self) -> Result<&str, NoQueue> {
        self.setting(QUEUE_URL).ok_or_else(|| NoQueue(self.name.clone()))
    }
}
