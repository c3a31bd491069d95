//! The settings that all functions share, and what a function is built from.

use std::{sync::Arc, time::Duration};

use crate::{
    auth::{CallerAuth, Scheme},
    clock::SharedClock,
    config::{ConfigError, Environment},
    http::Http,
    journal::{Journal, LogLevel, Sink},
    secrets::{Cached, SecretStore, Ttl},
    template::Source,
};

/// Defaults of the shared settings.
const API_KEY_NAME: &str = "Authorization";
const SECRET_TTL_SECONDS: u32 = 300;
const VENDOR_TIMEOUT_MS: u32 = 15_000;

/// Over twice the 14 days that a dead-letter queue keeps a message: whoever is sent again from
/// there still finds its record.
const RECORD_TTL_HOURS: u32 = 720;

/// The way to the outside. A function is built from these, so that a test or the local stack can
/// put others in their place.
#[derive(Clone)]
pub struct Ports {
    /// Where secrets are kept.
    pub secrets: Arc<dyn SecretStore>,
    /// The way out over HTTP.
    pub http: Arc<dyn Http>,
    /// The wall clock.
    pub clock: SharedClock,
    /// Where log lines go.
    pub journal: Sink,
}

/// What every function reads from its environment.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The secret that the caller must present.
    pub webhook_secret_id: String,
    /// How long a secret is cached.
    pub secret_ttl: Ttl,
    /// How long one call to a vendor may take.
    pub vendor_timeout: Duration,
    /// How much is logged.
    pub log_level: LogLevel,
}

impl Settings {
    /// Reads them.
    pub fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let second = Duration::from_secs(1);
        let millisecond = Duration::from_millis(1);
        let secret_id = "the id or ARN of the secret that callers present";
        Ok(Self {
            webhook_secret_id: env.required("WEBHOOK_SECRET_ID", secret_id)?,
            secret_ttl: Ttl(env.duration("SECRET_TTL_SECONDS", second, SECRET_TTL_SECONDS)?),
            vendor_timeout: env.duration("VENDOR_TIMEOUT_MS", millisecond, VENDOR_TIMEOUT_MS)?,
            log_level: LogLevel::from_env(env)?,
        })
    }

    /// The secret that callers present, in both versions.
    pub fn webhook_secret(&self, ports: &Ports) -> Cached {
        let id = self.webhook_secret_id.clone();
        Cached::both(id, ports.secrets.clone(), ports.clock.clone(), self.secret_ttl)
    }

    /// A vendor's secret, in its current version.
    pub fn vendor_secret(&self, id: String, ports: &Ports) -> Cached {
        Cached::current(id, ports.secrets.clone(), ports.clock.clone(), self.secret_ttl)
    }

    /// The journal of a function.
    pub fn journal(&self, function: &'static str, ports: &Ports) -> Journal {
        Journal::new(function, self.log_level, ports.clock.clone(), ports.journal.clone())
    }
}

/// Reads how long a record lives.
pub fn record_ttl(env: &Environment) -> Result<Duration, ConfigError> {
    env.duration("RECORD_TTL_HOURS", Duration::from_hours(1), RECORD_TTL_HOURS)
}

/// What the functions that Ory calls read from their environment besides.
pub struct OrySettings {
    /// What every function reads.
    pub settings: Settings,
    /// The header or cookie that carries the API key.
    pub api_key_name: String,
    /// The template; without one, the shipped template.
    pub template: Option<Source>,
    /// The template of replies.
    pub reply_template: Option<Source>,
}

impl OrySettings {
    /// Reads them.
    pub fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            settings: Settings::from_env(env)?,
            api_key_name: env.optional("WEBHOOK_API_KEY_NAME").unwrap_or(API_KEY_NAME).to_owned(),
            template: Source::from_env(env, "TEMPLATE")?,
            reply_template: Source::from_env(env, "REPLY_TEMPLATE")?,
        })
    }

    /// How Ory presents itself.
    pub fn caller_auth(&self, ports: &Ports) -> CallerAuth {
        let scheme = Scheme::Ory { api_key_name: self.api_key_name.clone() };
        CallerAuth::new(self.settings.webhook_secret(ports), scheme)
    }
}
