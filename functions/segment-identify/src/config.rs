//! What this function reads from its environment.

use shared::{
    config::{ConfigError, Endpoint, Environment},
    segment,
    settings::OrySettings,
};

pub(crate) struct Config {
    pub(crate) ory: OrySettings,
    pub(crate) segment_secret_id: String,
    pub(crate) endpoint: Endpoint,
}

impl Config {
    pub(crate) fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let key_id = "the id or ARN of the secret that holds Segment's write key";
        Ok(Self {
            ory: OrySettings::from_env(env)?,
            segment_secret_id: env.required("SEGMENT_SECRET_ID", key_id)?,
            endpoint: env.endpoint("SEGMENT_URL", segment::DEFAULT_URL)?,
        })
    }
}
