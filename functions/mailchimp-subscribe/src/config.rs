//! What this function reads from its environment.

use std::{sync::Arc, time::Duration};

use shared::{
    config::{ConfigError, Endpoint, Environment},
    deliver::VendorClient,
    http::Http,
    ory::AdminSettings,
    secrets::{ApiKey, Cached, Product},
    settings::{OrySettings, RecordSettings},
};

use crate::{
    VENDOR_TIMEOUT,
    consent::{NotOptedIn, OptIn, Rules, Unverified},
    mailchimp::Mailchimp,
};

pub(crate) struct Config {
    pub(crate) ory: OrySettings,
    pub(crate) audience: AudienceSettings,
    /// The admin API of Ory; `None`: identities are not read again.
    pub(crate) admin: Option<AdminSettings>,
    pub(crate) rules: Rules,
    pub(crate) records: RecordSettings,
}

impl Config {
    pub(crate) fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let ory = OrySettings::without_reply(env, VENDOR_TIMEOUT)?;
        Ok(Self {
            records: RecordSettings::from_env(env, &ory.settings)?,
            ory,
            audience: AudienceSettings::from_env(env)?,
            admin: AdminSettings::from_env(env)?,
            rules: Rules {
                opt_in: word(env, "OPT_IN", OptIn::WORDS)?,
                unverified: word(env, "UNVERIFIED", Unverified::WORDS)?,
                not_opted_in: word(env, "NOT_OPTED_IN", NotOptedIn::WORDS)?,
            },
        })
    }
}

/// The audience, and how to reach it.
pub(crate) struct AudienceSettings {
    pub(crate) secret_id: String,
    pub(crate) list: String,
    /// The root of the API; `None`: that of the key's data center.
    pub(crate) endpoint: Option<Endpoint>,
}

impl AudienceSettings {
    pub(crate) fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let key_id = "the id or ARN of the secret that holds the Mailchimp Marketing API key";
        Ok(Self {
            secret_id: env.required("MAILCHIMP_SECRET_ID", key_id)?,
            list: list(env)?,
            endpoint: env.optional_endpoint("MAILCHIMP_URL")?,
        })
    }

    /// The client, whose key is in `secret`.
    pub(crate) fn client(
        self,
        secret: Cached,
        http: Arc<dyn Http>,
        timeout: Duration,
    ) -> VendorClient<Mailchimp> {
        VendorClient {
            vendor: Mailchimp { endpoint: self.endpoint, list: self.list, http },
            key: Arc::new(ApiKey::new(secret, "api_key", Product::Mailchimp)),
            timeout,
        }
    }
}

/// The id becomes part of a path. Ids of audiences are letters and digits.
fn list(env: &Environment) -> Result<String, ConfigError> {
    const NAME: &str = "MAILCHIMP_LIST_ID";
    let id = env.required(NAME, "the id of the Mailchimp audience")?;
    if id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        Ok(id)
    } else {
        Err(ConfigError::new(NAME, "wanted the id of a Mailchimp audience: letters and digits"))
    }
}

/// One of the words; the first if unset.
fn word<T: Copy + Default>(
    env: &Environment,
    name: &'static str,
    words: &[(&str, T)],
) -> Result<T, ConfigError> {
    let Some(text) = env.optional(name) else { return Ok(T::default()) };
    let known = words.iter().find(|(word, _)| *word == text);
    known.map(|(_, value)| *value).ok_or_else(|| {
        let all: Vec<_> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
        ConfigError::new(name, format!("wanted one of {}", all.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(more: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let required = [
            ("WEBHOOK_SECRET_ID", "w"),
            ("MAILCHIMP_SECRET_ID", "m"),
            ("MAILCHIMP_LIST_ID", "a6b5"),
        ];
        Config::from_env(&Environment::of(required.iter().chain(more).copied()))
    }

    #[test]
    fn what_is_not_set_has_a_default() {
        let config = config(&[]).unwrap();
        let rules = Rules {
            opt_in: OptIn::List,
            unverified: Unverified::Wait,
            not_opted_in: NotOptedIn::Skip,
        };
        assert_eq!((config.rules, config.audience.endpoint), (rules, None));
        assert_eq!(config.ory.settings.vendor_timeout, Duration::from_secs(35));
    }

    #[test]
    fn each_rule_has_its_words() {
        let set = |name, value| config(&[(name, value)]).map(|config| config.rules);
        assert_eq!(set("OPT_IN", "list").unwrap().opt_in, OptIn::List);
        assert_eq!(set("OPT_IN", "confirm").unwrap().opt_in, OptIn::Confirm);
        assert_eq!(set("OPT_IN", "trust").unwrap().opt_in, OptIn::Trust);
        assert_eq!(set("UNVERIFIED", "wait").unwrap().unverified, Unverified::Wait);
        assert_eq!(set("UNVERIFIED", "confirm").unwrap().unverified, Unverified::Confirm);
        assert_eq!(set("NOT_OPTED_IN", "skip").unwrap().not_opted_in, NotOptedIn::Skip);
        let transactional = set("NOT_OPTED_IN", "transactional").unwrap().not_opted_in;
        assert_eq!(transactional, NotOptedIn::Transactional);
        for name in ["OPT_IN", "UNVERIFIED", "NOT_OPTED_IN"] {
            let error = set(name, "subscribed").unwrap_err();
            assert_eq!(error.variable, name);
            assert!(error.wanted.contains('`') && !error.wanted.contains("subscribed"), "{error}");
        }
    }

    #[test]
    fn unusable_setting_is_named() {
        for (name, value) in [
            ("MAILCHIMP_LIST_ID", "a6b5/members"),
            ("MAILCHIMP_LIST_ID", "a6b5?x"),
            ("MAILCHIMP_URL", "http://us6.api.mailchimp.com/3.0"),
            ("VENDOR_TIMEOUT_MS", "58001"),
        ] {
            assert_eq!(config(&[(name, value)]).err().unwrap().variable, name, "{value}");
        }
    }
}
