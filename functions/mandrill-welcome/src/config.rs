//! What this function reads from its environment.

use std::time::Duration;

use shared::{
    config::{ConfigError, Endpoint, Environment},
    settings::Settings,
    template::Source,
};

/// The default values.
const API_KEY_NAME: &str = "Authorization";
const MANDRILL_URL: &str = "https://mandrillapp.com/api/1.0";

/// Over twice the 14 days that a dead-letter queue keeps a message: whoever is sent again from
/// there still finds its record.
const RECORD_TTL_HOURS: u32 = 720;

pub(crate) struct Config {
    pub(crate) settings: Settings,
    pub(crate) api_key_name: String,
    pub(crate) template: Option<Source>,
    pub(crate) reply_template: Option<Source>,
    pub(crate) mandrill_secret_id: String,
    pub(crate) endpoint: Endpoint,
    pub(crate) screen_rejects: bool,
    pub(crate) record_ttl: Duration,
}

impl Config {
    pub(crate) fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let hour = Duration::from_hours(1);
        let key_id = "the id or ARN of the secret that holds Mandrill's API key";
        Ok(Self {
            settings: Settings::from_env(env)?,
            api_key_name: env.optional("WEBHOOK_API_KEY_NAME").unwrap_or(API_KEY_NAME).to_owned(),
            template: Source::from_env(env, "TEMPLATE")?,
            reply_template: Source::from_env(env, "REPLY_TEMPLATE")?,
            mandrill_secret_id: env.required("MANDRILL_SECRET_ID", key_id)?,
            endpoint: env.endpoint("MANDRILL_URL", MANDRILL_URL)?,
            screen_rejects: env.flag("SCREEN_REJECTS", false)?,
            record_ttl: env.duration("RECORD_TTL_HOURS", hour, RECORD_TTL_HOURS)?,
        })
    }
}
