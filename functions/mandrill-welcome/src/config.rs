//! What this function reads from its environment.

use shared::{
    config::{ConfigError, Endpoint, Environment},
    settings::{OrySettings, RecordSettings},
};

use crate::mail::Mail;

/// The default value.
const MANDRILL_URL: &str = "https://mandrillapp.com/api/1.0";

pub(crate) struct Config {
    pub(crate) ory: OrySettings,
    pub(crate) mandrill_secret_id: String,
    pub(crate) endpoint: Endpoint,
    pub(crate) screen_rejects: bool,
    pub(crate) mail: Mail,
    pub(crate) records: RecordSettings,
}

impl Config {
    pub(crate) fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let key_id = "the id or ARN of the secret that holds Mandrill's API key";
        let ory = OrySettings::from_env(env)?;
        Ok(Self {
            records: RecordSettings::from_env(env, &ory.settings)?,
            ory,
            mandrill_secret_id: env.required("MANDRILL_SECRET_ID", key_id)?,
            endpoint: env.endpoint("MANDRILL_URL", MANDRILL_URL)?,
            screen_rejects: env.flag("SCREEN_REJECTS", false)?,
            mail: Mail::from_env(env)?,
        })
    }
}
