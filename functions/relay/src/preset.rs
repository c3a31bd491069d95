//! Presets: what a relay has to know of a vendor, as data.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName};
use serde::{Deserialize, de::IgnoredAny};
use shared::template::Source;

use crate::{auth::Auth, headers, outcome::Outcomes};

/// What becomes of a call of which nobody knows whether it went out.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum OnInDoubt {
    /// It is made again: the vendor notices the second one, or it does no harm.
    Repeat,
    /// It is not made again until somebody says so: a second one would be seen.
    Hold,
}

impl OnInDoubt {
    /// The one of this word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "repeat" => Some(Self::Repeat),
            "hold" => Some(Self::Hold),
            _ => None,
        }
    }
}

/// What a relay has to know of a vendor. Each field is a setting's default.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// The schema by which an editor checks the file.
    #[serde(rename = "$schema", default)]
    schema: IgnoredAny,
    /// What the vendor does with a call, in a few words.
    pub description: String,
    /// The vendor's pages that this rests on.
    pub sources: Vec<String>,
    /// What is not confirmed by them.
    #[serde(default)]
    pub unverified: Vec<String>,
    /// `RELAY_ORIGIN`; absent where each customer has another.
    #[serde(default)]
    pub origin: Option<String>,
    /// `RELAY_AUTH`.
    pub auth: String,
    /// `RELAY_OUTCOMES`.
    #[serde(default)]
    pub outcomes: Outcomes,
    /// `RELAY_IDEMPOTENCY_HEADER`.
    #[serde(default)]
    pub idempotency_header: Option<String>,
    /// `ON_IN_DOUBT`.
    pub on_in_doubt: OnInDoubt,
    /// What somebody would see of a call that is made twice.
    pub duplicate: String,
    /// Headers of every call.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Headers that templates may set besides the usual ones.
    #[serde(default)]
    pub template_headers: Vec<String>,
    /// The Jsonnet of its template. A shipped preset has it in a file beside it.
    #[serde(default)]
    pub template: Option<String>,
}

/// A preset that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PresetError {
    /// It is not JSON, or has unknown, missing or wrong fields.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// A field has a value that no relay may use.
    #[error("`{0}` cannot be used")]
    Field(&'static str),
}

impl Preset {
    /// Reads one, and checks what can be checked without the settings.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(json: &str) -> Result<Self, PresetError> {
        let preset: Self = serde_json::from_str(json)?;
        Auth::parse(&preset.auth).ok_or(PresetError::Field("auth"))?;
        preset.fixed_headers()?;
        preset.admitted_headers()?;
        let header = preset.idempotency_header.as_deref();
        if header.is_some_and(|name| headers::settable(name).is_none()) {
            return Err(PresetError::Field("idempotency_header"));
        }
        Ok(preset)
    }

    /// The headers of every call.
    pub(crate) fn fixed_headers(&self) -> Result<HeaderMap, PresetError> {
        let pair = |(name, text): (&String, &String)| {
            Some((headers::settable(name)?, headers::value(text)?))
        };
        let pairs: Option<_> = self.headers.iter().map(pair).collect();
        pairs.ok_or(PresetError::Field("headers"))
    }

    /// The headers that templates may set besides the usual ones.
    pub(crate) fn admitted_headers(&self) -> Result<Vec<HeaderName>, PresetError> {
        let names = self.template_headers.iter().map(|name| headers::settable(name));
        names.collect::<Option<_>>().ok_or(PresetError::Field("template_headers"))
    }
}

/// A preset that is compiled in.
#[derive(Debug, Eq, PartialEq)]
pub struct Shipped {
    /// Its name.
    pub name: &'static str,
    /// Its file.
    pub json: &'static str,
    /// Its template.
    pub template: &'static str,
}

macro_rules! shipped {
    ($($name:literal),*) => {
        &[$(Shipped {
            name: $name,
            json: include_str!(concat!("../presets/", $name, ".json")),
            template: include_str!(concat!("../presets/", $name, ".jsonnet")),
        }),*]
    };
}

/// All of them.
pub const SHIPPED: &[Shipped] =
    shipped!["braze", "customer-io", "customer-io-eu", "hubspot", "intercom", "slack", "webhook"];

impl Shipped {
    /// The one of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        SHIPPED.iter().find(|shipped| shipped.name == name)
    }

    /// Its template.
    pub fn source(&self) -> Source {
        Source::shipped(&format!("{}.jsonnet", self.name), self.template)
    }

    /// The preset.
    ///
    /// # Errors
    /// A file that a test would have refused.
    pub fn preset(&self) -> Result<Preset, PresetError> {
        Preset::parse(self.json)
    }
}

#[cfg(test)]
mod tests;
