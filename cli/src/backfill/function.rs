//! The deployed function, over the API of Lambda.

use std::time::Duration;

use aws_sdk_lambda::{Client, config::Builder};
use shared::{aws::Aws, config::Environment};

use crate::aws::{ALIAS, CallError, failed, within};

const OPERATION: Duration = Duration::from_secs(10);

/// What the version behind the alias is.
pub(super) struct Deployed {
    /// Its name in Lambda.
    pub(super) name: String,
    /// The name of our function: `Handler` in `template.yaml`.
    pub(super) handler: String,
    /// Its variables.
    pub(super) env: Environment,
}

impl Deployed {
    /// The function of this name or ARN.
    pub(super) async fn find(aws: &Aws, function: &str) -> Result<Self, CallError> {
        let config = Builder::from(aws.sdk()).timeout_config(within(OPERATION)).build();
        let ask = Client::from_conf(config).get_function_configuration().function_name(function);
        let told = ask.qualifier(ALIAS).send().await;
        let told = told.map_err(failed("GetFunctionConfiguration"))?;
        let variables = told.environment().and_then(|environment| environment.variables());
        Ok(Self {
            name: told.function_name().unwrap_or(function).to_owned(),
            handler: told.handler().unwrap_or_default().to_owned(),
            env: Environment::of(
                variables.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())),
            ),
        })
    }

    /// A variable that is set.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        self.env.optional(name).map(str::to_owned)
    }
}
