//! The settings that all functions share, and the parts that a function is built from.

use std::{sync::Arc, time::Duration};

use crate::{
    auth::{CallerAuth, Scheme},
    clock::SharedClock,
    config::{ConfigError, Endpoint, Environment},
    deliver::Dispatch,
    http::Http,
    idempotency::{Idempotency, IdempotencyStore, MemoryStore},
    queue::Queue,
    secrets::{Cached, SecretStore, Ttl},
    telemetry::{EventLog, LogLevel, Sink},
    template::{Rendering, Source, Template},
};

/// Defaults of the shared settings.
const STACK: &str = "local";
const API_KEY_NAME: &str = "Authorization";
const SECRET_TTL_SECONDS: u32 = 300;
/// Over twice the 14 days that a dead-letter queue keeps a message: an event that is sent again
/// from there still finds its record.
const RECORD_TTL_HOURS: u32 = 720;

/// The most that the shared settings may be; `template.yaml` has the same bounds.
pub mod most {
    /// A rotation takes as long as a secret is cached.
    pub const SECRET_TTL_SECONDS: u32 = 3600;
    /// Two seconds less than a function has in all, to end the delivery and answer.
    pub const VENDOR_TIMEOUT_MS: u32 = 23_000;
    /// Ten years.
    pub const RECORD_TTL_HOURS: u32 = 87_600;
}

/// The bounds of `VENDOR_TIMEOUT_MS`, in milliseconds. They differ for a function that Lambda lets run
/// for longer.
#[derive(Clone, Copy, Debug)]
pub struct VendorTimeout {
    /// The default.
    pub default_ms: u32,
    /// The most that it may be.
    pub most_ms: u32,
}

impl VendorTimeout {
    /// Those of a function that runs as long as most do.
    pub const USUAL: Self = Self { default_ms: 15_000, most_ms: most::VENDOR_TIMEOUT_MS };
}

/// The outside of a function. A function is built from these, so that a test or the local stack can
/// replace them.
#[derive(Clone)]
pub struct Ports {
    /// Where secrets are kept.
    pub secrets: Arc<dyn SecretStore>,
    /// Opens the queue at a URL.
    pub queues: Opener<dyn Queue>,
    /// Opens the table of records of a name.
    pub tables: Opener<dyn IdempotencyStore>,
    /// The HTTP client.
    pub http: Arc<dyn Http>,
    /// The same, but for public addresses only: where the host is not ours to vouch for.
    pub public_http: Arc<dyn Http>,
    /// The wall clock.
    pub clock: SharedClock,
    /// Where log entries go.
    pub event_log: Sink,
    /// Where templates are rendered.
    pub rendering: Rendering,
}

/// Opens the resource that a setting names.
pub type Opener<T> = Arc<dyn Fn(&str) -> Arc<T> + Send + Sync>;

/// What every function reads from its environment.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long a secret is cached.
    pub secret_ttl: Ttl,
    /// How long one call to a vendor may take.
    pub vendor_timeout: Duration,
    /// Where events are enqueued; if unset, they are delivered inline.
    pub queue_url: Option<Endpoint>,
    /// How much is logged.
    pub log_level: LogLevel,
    /// The stack, which tells its metrics from those of another one in the account.
    pub stack: String,
}

impl Settings {
    /// Reads them.
    pub fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        Self::with_timeout(env, VendorTimeout::USUAL)
    }

    /// Reads them, with these bounds of `VENDOR_TIMEOUT_MS`.
    pub fn with_timeout(env: &Environment, bounds: VendorTimeout) -> Result<Self, ConfigError> {
        let secret_ttl = env.duration(
            "SECRET_TTL_SECONDS",
            Duration::from_secs(1),
            SECRET_TTL_SECONDS,
            most::SECRET_TTL_SECONDS,
        )?;
        let vendor_timeout = env.duration(
            "VENDOR_TIMEOUT_MS",
            Duration::from_millis(1),
            bounds.default_ms,
            bounds.most_ms,
        )?;
        Ok(Self {
            secret_ttl: Ttl(secret_ttl),
            vendor_timeout,
            queue_url: env.optional_endpoint("QUEUE_URL")?,
            log_level: LogLevel::from_env(env)?,
            stack: env.optional("STACK").unwrap_or(STACK).to_owned(),
        })
    }

    /// A secret that callers know, in both versions.
    pub fn caller_secret(&self, id: String, ports: &Ports) -> Cached {
        Cached::both(id, ports.secrets.clone(), ports.clock.clone(), self.secret_ttl)
    }

    /// A vendor's secret, in its current version.
    pub fn vendor_secret(&self, id: String, ports: &Ports) -> Cached {
        Cached::current(id, ports.secrets.clone(), ports.clock.clone(), self.secret_ttl)
    }

    /// The way from accept to `delivery`.
    pub fn dispatch<D>(&self, function: &'static str, delivery: D, ports: &Ports) -> Dispatch<D> {
        Dispatch {
            name: function,
            queue: self.queue_url.as_ref().map(|url| (ports.queues)(url.as_str())),
            delivery,
            event_log: self.event_log(function, ports),
            clock: ports.clock.clone(),
        }
    }

    fn event_log(&self, function: &'static str, ports: &Ports) -> EventLog {
        let (clock, sink) = (ports.clock.clone(), ports.event_log.clone());
        EventLog::new(&self.stack, function, self.log_level, clock, sink)
    }
}

/// The id of the secret that callers present, for a function whose callers do not sign instead.
pub fn webhook_secret_id(env: &Environment) -> Result<String, ConfigError> {
    env.required("WEBHOOK_SECRET_ID", "the id or ARN of the secret that callers present")
}

/// Where a function keeps its records, to detect repeated work.
pub struct RecordSettings {
    table: Option<String>,
    ttl: Duration,
}

impl RecordSettings {
    /// Reads them. A queue may deliver twice, to two sandboxes, so with one the records must be
    /// where both find them.
    pub fn from_env(env: &Environment, settings: &Settings) -> Result<Self, ConfigError> {
        let table = env.optional("RECORDS_TABLE").map(str::to_owned);
        if table.is_none() && settings.queue_url.is_some() {
            let wanted = "wanted the DynamoDB table of records, as QUEUE_URL is set";
            return Err(ConfigError::new("RECORDS_TABLE", wanted));
        }
        let ttl = env.duration(
            "RECORD_TTL_HOURS",
            Duration::from_hours(1),
            RECORD_TTL_HOURS,
            most::RECORD_TTL_HOURS,
        )?;
        Ok(Self { table, ttl })
    }

    /// The salt of this stack's digests of addresses: the name of its table, which CloudFormation
    /// makes unique. It is no secret: anybody who has the table and its name can try addresses.
    pub fn salt(&self) -> &str {
        self.table.as_deref().unwrap_or("in memory")
    }

    /// Whether all sandboxes have the same records: without a table, each has its own.
    pub fn are_shared(&self) -> bool {
        self.table.is_some()
    }

    /// The records of `function`; without a table, in memory.
    pub fn idempotency(&self, function: &'static str, ports: &Ports) -> Idempotency {
        let store = match &self.table {
            Some(table) => (ports.tables)(table),
            None => Arc::new(MemoryStore::default()),
        };
        Idempotency { function, store, ttl: self.ttl, clock: ports.clock.clone() }
    }
}

/// What the functions that Ory calls read from their environment besides.
pub struct OrySettings {
    /// What every function reads.
    pub settings: Settings,
    /// The secret that Ory must present.
    pub webhook_secret_id: String,
    /// The header or cookie that carries the API key.
    pub api_key_name: String,
    /// The template; if unset, the shipped one.
    pub template: Option<Source>,
    /// The reply template.
    pub reply_template: Option<Source>,
}

impl OrySettings {
    /// Reads them.
    pub fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            reply_template: Source::from_env(env, "REPLY_TEMPLATE")?,
            ..Self::without_reply(env, VendorTimeout::USUAL)?
        })
    }

    /// Reads those of a function that has no reply template, with these bounds of
    /// `VENDOR_TIMEOUT_MS`.
    pub fn without_reply(env: &Environment, bounds: VendorTimeout) -> Result<Self, ConfigError> {
        Ok(Self {
            settings: Settings::with_timeout(env, bounds)?,
            webhook_secret_id: webhook_secret_id(env)?,
            api_key_name: env.optional("WEBHOOK_API_KEY_NAME").unwrap_or(API_KEY_NAME).to_owned(),
            template: Source::from_env(env, "TEMPLATE")?,
            reply_template: None,
        })
    }

    /// The reply template.
    pub fn reply_template(&self, ports: &Ports) -> Option<Arc<Template>> {
        let source = self.reply_template.clone()?;
        Some(Template::begin(ports.rendering, source))
    }

    /// How Ory presents its credentials.
    pub fn caller_auth(&self, ports: &Ports) -> CallerAuth {
        let scheme = Scheme::Ory { api_key_name: self.api_key_name.clone() };
        let secret = self.settings.caller_secret(self.webhook_secret_id.clone(), ports);
        CallerAuth::new(secret, scheme)
    }
}
