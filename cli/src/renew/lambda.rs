//! One function, over the API of Lambda.

use std::time::Duration;

use aws_sdk_lambda::{Client, client::Waiters, config::Builder, types::Environment};
use shared::{aws::Aws, telemetry::chain};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::deployed::{Alias, Configuration, Deployed};
use crate::aws::{ALIAS, CallError, failed, within};

/// The variable that makes each version differ: Lambda publishes none where nothing has changed. No
/// function reads it.
pub(super) const MARKER: &str = "RENEWED_AT";

/// Lambda checks a role or a network while the caller waits.
const OPERATION: Duration = Duration::from_secs(30);
/// Lambda prepares a version within seconds, in a VPC within a minute or two.
const PATIENCE: Duration = Duration::from_mins(5);

/// A call failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum LambdaError {
    /// Lambda refused it, or was not reached.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The variables cannot be decrypted, so they cannot be kept.
    #[error("Lambda does not tell the environment of the function; check its KMS key")]
    Environment,
}

type Result<T> = std::result::Result<T, LambdaError>;

/// A function in Lambda.
pub(super) struct Lambda {
    client: Client,
    function: String,
}

impl Lambda {
    /// The function of this name or ARN.
    pub(super) fn new(aws: &Aws, function: String) -> Self {
        let config = Builder::from(aws.sdk()).timeout_config(within(OPERATION)).build();
        Self { client: Client::from_conf(config), function }
    }

    /// The function as it is, and as the alias serves it.
    pub(super) async fn deployed(&self) -> Result<Deployed> {
        let alias = self.client.get_alias().function_name(&self.function).name(ALIAS).send();
        let alias = alias.await.map_err(failed("GetAlias"))?;
        let routing = alias.routing_config().and_then(|config| config.additional_version_weights());
        let (name, latest) = self.configuration(None).await?;
        let (_, live) = self.configuration(Some(ALIAS)).await?;
        let alias = Alias {
            version: alias.function_version().unwrap_or_default().to_owned(),
            is_shifting: routing.is_some_and(|weights| !weights.is_empty()),
            revision: alias.revision_id().unwrap_or_default().to_owned(),
        };
        Ok(Deployed { name, latest, live, alias })
    }

    async fn configuration(&self, qualifier: Option<&str>) -> Result<(String, Configuration)> {
        let ask = self.client.get_function_configuration().function_name(&self.function);
        let ask = ask.set_qualifier(qualifier.map(str::to_owned));
        let told = ask.send().await.map_err(failed("GetFunctionConfiguration"))?;
        let environment = told.environment();
        if environment.is_some_and(|environment| environment.error().is_some()) {
            return Err(LambdaError::Environment);
        }
        let variables = environment.and_then(|environment| environment.variables());
        let variables = variables.into_iter().flatten().map(|(k, v)| (k.clone(), v.clone()));
        let configuration = Configuration {
            code: told.code_sha256().unwrap_or_default().to_owned(),
            variables: variables.collect(),
            revision: told.revision_id().unwrap_or_default().to_owned(),
        };
        Ok((told.function_name().unwrap_or_default().to_owned(), configuration))
    }

    /// Marks the function as renewed, unless somebody changed it meanwhile.
    pub(super) async fn mark(&self, deployed: &Deployed, now: OffsetDateTime) -> Result<()> {
        let Configuration { variables, revision, .. } = &deployed.latest;
        let now = now.format(&Rfc3339).unwrap_or_default();
        let variables = variables.iter().map(|(name, value)| (name.clone(), value.clone()));
        let variables = variables.chain([(MARKER.to_owned(), now)]).collect();
        let environment = Environment::builder().set_variables(Some(variables)).build();
        let update = self.client.update_function_configuration().function_name(&self.function);
        let update = update.environment(environment).revision_id(revision);
        update.send().await.map_err(failed("UpdateFunctionConfiguration"))?;
        let wait = self.client.wait_until_function_updated_v2().function_name(&self.function);
        wait.wait(PATIENCE).await.map_err(|error| waited("UpdateFunctionConfiguration", &error))?;
        Ok(())
    }

    /// Publishes a version of the code that was looked at; its number.
    pub(super) async fn publish(&self, deployed: &Deployed) -> Result<String> {
        let publish = self.client.publish_version().function_name(&self.function);
        let publish = publish.code_sha256(&deployed.latest.code);
        let published = publish.send().await.map_err(failed("PublishVersion"))?;
        let version = published.version().unwrap_or_default().to_owned();
        let wait = self.client.wait_until_published_version_active().function_name(&self.function);
        let wait = wait.qualifier(&version).wait(PATIENCE);
        wait.await.map_err(|error| waited("PublishVersion", &error))?;
        Ok(version)
    }

    /// Moves the alias to a version, unless somebody moved it meanwhile.
    pub(super) async fn move_alias(&self, deployed: &Deployed, version: &str) -> Result<()> {
        let update = self.client.update_alias().function_name(&self.function).name(ALIAS);
        let update = update.function_version(version).revision_id(&deployed.alias.revision);
        update.send().await.map_err(failed("UpdateAlias"))?;
        Ok(())
    }
}

fn waited(operation: &'static str, error: &dyn std::error::Error) -> CallError {
    CallError::new(operation, chain(error))
}
