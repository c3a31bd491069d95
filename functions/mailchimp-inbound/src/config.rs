//! What this function reads from its environment.

use std::collections::BTreeSet;

use shared::{
    config::{ConfigError, Endpoint, Environment},
    ory::AdminSettings,
    segment,
    settings::{RecordSettings, Settings},
    template::Source,
};

use crate::patch::PatchPaths;

pub(crate) struct Config {
    pub(crate) settings: Settings,
    pub(crate) template: Option<Source>,
    pub(crate) lists: Lists,
    pub(crate) signing_secret_id: Option<String>,
    pub(crate) ory: Option<AdminSettings>,
    pub(crate) patch_paths: PatchPaths,
    pub(crate) segment: Option<SegmentConfig>,
    pub(crate) records: RecordSettings,
}

/// The Segment client; `None` without a secret.
pub(crate) struct SegmentConfig {
    pub(crate) secret_id: String,
    pub(crate) endpoint: Endpoint,
}

fn patch_paths(env: &Environment) -> Result<PatchPaths, ConfigError> {
    let Some(paths) = env.optional("ORY_PATCH_PATHS") else { return Ok(PatchPaths::default()) };
    let wanted = "wanted JSON Pointers of two tokens or more, with commas between them";
    PatchPaths::parse(paths).ok_or_else(|| ConfigError::new("ORY_PATCH_PATHS", wanted))
}

impl Config {
    pub(crate) fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let endpoint = env.endpoint("SEGMENT_URL", segment::DEFAULT_URL)?;
        let secret_id = env.optional("SEGMENT_SECRET_ID").map(str::to_owned);
        let settings = Settings::from_env(env)?;
        Ok(Self {
            records: RecordSettings::from_env(env, &settings)?,
            settings,
            template: Source::from_env(env, "TEMPLATE")?,
            lists: Lists::read(env.optional("MAILCHIMP_LISTS")).ok_or_else(|| {
                ConfigError::new("MAILCHIMP_LISTS", "wanted list ids with commas between them")
            })?,
            signing_secret_id: env.optional("MAILCHIMP_SIGNING_SECRET_ID").map(str::to_owned),
            ory: AdminSettings::from_env(env)?,
            patch_paths: patch_paths(env)?,
            segment: secret_id.map(|secret_id| SegmentConfig { secret_id, endpoint }),
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
