//! The settings of this function, from its environment.

use shared::{
    config::{ConfigError, Endpoint, Environment},
    settings::OrySettings,
};

/// The default value.
const CRM_URL: &str = "https://api.hubapi.com";

pub(crate) struct Config {
    pub(crate) ory: OrySettings,
    pub(crate) secret_id: String,
    pub(crate) endpoint: Endpoint,
}

impl Config {
    pub(crate) fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let token_id = "the id or ARN of the secret that holds the CRM's access token";
        Ok(Self {
            ory: OrySettings::from_env(env)?,
            secret_id: env.required("CRM_SECRET_ID", token_id)?,
            endpoint: env.endpoint("CRM_URL", CRM_URL)?,
        })
    }
}
