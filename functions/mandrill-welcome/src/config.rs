//! What this function reads from its environment.

use std::time::Duration;

use shared::{
    config::{ConfigError, Endpoint, Environment},
    settings::{OrySettings, record_ttl},
};

/// The default value.
const MANDRILL_URL: &str = "https://mandrillapp.com/api/1.0";

pub(crate) struct Config {
    pub(crate) ory: OrySettings,
    pub(crate) mandrill_secret_id: String,
    pub(crate) endpoint: Endpoint,
    pub(crate) screen_rejects: bool,
    pub(crate) record_ttl: Duration,
}

impl Config {
    pub(crate) fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let key_id = "the id or ARN of the secret that holds Mandrill's API key";
        Ok(Self {
            ory: OrySettings::from_env(env)?,
            mandrill_secret_id: env.required("MANDRILL_SECRET_ID", key_id)?,
            endpoint: env.endpoint("MANDRILL_URL", MANDRILL_URL)?,
            screen_rejects: env.flag("SCREEN_REJECTS", false)?,
            record_ttl: record_ttl(env)?,
        })
    }
}
