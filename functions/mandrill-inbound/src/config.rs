//! What this function reads from its environment.

use shared::{
    config::{ConfigError, Endpoint, Environment},
    inbound::InboundSettings,
    settings::Settings,
};
use url::Url;

/// Where the shipped template may patch: whether the newsletter is wanted, and a place for Mandrill in
/// the metadata.
pub const PATCH_PATHS: &str = "/traits/consent/newsletter,/metadata_public/mandrill";

pub(crate) struct Config {
    pub(crate) settings: Settings,
    /// The secret with the key by which Mandrill signs.
    pub(crate) webhook_key_id: String,
    /// The URL that Mandrill signs, as it was entered there; `None` for a placeholder.
    pub(crate) webhook_url: Option<String>,
    pub(crate) inbound: InboundSettings,
}

impl Config {
    /// Reads them. A call brings up to a thousand events, which no caller waits for: without a queue
    /// the function does not start.
    pub(crate) fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let settings = Settings::from_env(env)?;
        if settings.queue_url.is_none() {
            let wanted = "wanted the URL of the SQS queue that stores the events";
            return Err(ConfigError::new("QUEUE_URL", wanted));
        }
        let key = "the id or ARN of the secret with the key of the webhook at Mandrill";
        Ok(Self {
            webhook_key_id: env.required("MANDRILL_WEBHOOK_SECRET_ID", key)?,
            webhook_url: webhook_url(env)?,
            inbound: InboundSettings::from_env(env, &settings, PATCH_PATHS)?,
            settings,
        })
    }
}

/// The host of the URL until the webhook exists: a function has no URL before it is deployed.
const PLACEHOLDER: &str = "replace-me.invalid";

/// It is kept as it is written, as each character of it is signed; user and query are part of it.
fn webhook_url(env: &Environment) -> Result<Option<String>, ConfigError> {
    const NAME: &str = "MANDRILL_WEBHOOK_URL";
    let text =
        env.required(NAME, "the URL of the webhook, exactly as it was entered at Mandrill")?;
    let mut url = Url::parse(&text).ok();
    if let Some(url) = &mut url {
        url.set_query(None);
        // Neither fails for a URL with a host, and others are no endpoints.
        let _ = (url.set_username(""), url.set_password(None));
    }
    let wanted = || ConfigError::new(NAME, "wanted an https URL, or a loopback one for tests");
    let url = url.filter(|url| Endpoint::parse(url.as_str()).is_some()).ok_or_else(wanted)?;
    Ok((url.host_str() != Some(PLACEHOLDER)).then_some(text))
}
