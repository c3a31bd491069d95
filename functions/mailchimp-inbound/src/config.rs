//! What this function reads from its environment.

use std::collections::BTreeSet;

use shared::{
    config::{ConfigError, Environment},
    inbound::InboundSettings,
    settings::{Settings, webhook_secret_id},
};

/// Where the shipped template may patch: whether the newsletter is wanted, and a place for Mailchimp
/// in the metadata.
pub const PATCH_PATHS: &str = "/traits/consent/newsletter,/metadata_public/mailchimp";

pub(crate) struct Config {
    pub(crate) settings: Settings,
    pub(crate) webhook_secret_id: String,
    pub(crate) lists: Lists,
    pub(crate) signing_secret_id: Option<String>,
    pub(crate) inbound: InboundSettings,
}

impl Config {
    pub(crate) fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let settings = Settings::from_env(env)?;
        Ok(Self {
            inbound: InboundSettings::from_env(env, &settings, PATCH_PATHS)?,
            settings,
            webhook_secret_id: webhook_secret_id(env)?,
            lists: Lists::read(env.optional("MAILCHIMP_LISTS")).ok_or_else(|| {
                ConfigError::new("MAILCHIMP_LISTS", "wanted list ids with commas between them")
            })?,
            signing_secret_id: env.optional("MAILCHIMP_SIGNING_SECRET_ID").map(str::to_owned),
        })
    }
}

/// The audiences whose events are accepted.
pub(crate) struct Lists(Option<BTreeSet<String>>);

impl Lists {
    /// Reads a comma-separated list; `None` if it holds no id: every event would be skipped.
    fn read(text: Option<&str>) -> Option<Self> {
        let ids = |text: &str| -> BTreeSet<String> {
            let ids = text.split(',').map(|id| id.trim().to_lowercase());
            ids.filter(|id| !id.is_empty()).collect()
        };
        let ids = text.map(ids);
        (!ids.as_ref().is_some_and(BTreeSet::is_empty)).then_some(Self(ids))
    }

    /// Whether events of this audience are accepted: all, if none is named. Ids are compared
    /// without case: one copied in capitals would otherwise silently lose every event.
    pub(crate) fn admit(&self, list_id: &str) -> bool {
        self.0.as_ref().is_none_or(|ids| ids.contains(&list_id.to_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_configured_lists_are_accepted_or_all_if_none_is_configured() {
        assert!(Lists::read(None).unwrap().admit("a6b5da1054"));
        assert!(Lists::read(Some(" , ")).is_none());
        let two = Lists::read(Some("a6b5da1054, B7C6EB2165,")).unwrap();
        assert!(two.admit("a6b5da1054") && two.admit("A6B5DA1054") && two.admit("b7c6eb2165"));
        assert!(!two.admit("a6b5da105") && !two.admit(""));
    }
}
