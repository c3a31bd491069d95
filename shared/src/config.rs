//! Reads a function's settings from the environment, once, at start.
//!
//! An error names the variable and what it wanted, never the value: somebody may have pasted a
//! key into the wrong variable.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use url::{Host, Url};

/// A setting that cannot be used; the function does not start.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{variable}: {wanted}")]
pub struct ConfigError {
    /// The environment variable.
    pub variable: &'static str,
    /// What it should hold, as an instruction.
    pub wanted: String,
}

impl ConfigError {
    /// An error about `variable`, which should hold `wanted`.
    pub fn new(variable: &'static str, wanted: impl Into<String>) -> Self {
        Self { variable, wanted: wanted.into() }
    }
}

/// The environment variables. An empty variable counts as unset, as CloudFormation's empty
/// parameters arrive that way.
#[derive(Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    asked: Mutex<BTreeSet<String>>,
}

impl Environment {
    /// The variables of this process.
    pub fn of_process() -> Self {
        let utf8 = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self::of(std::env::vars_os().filter_map(utf8))
    }

    /// An environment with only the given variables.
    pub fn of<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let pairs = pairs.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self { variables: pairs.collect(), asked: Mutex::default() }
    }

    /// An optional variable.
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
        self.variables.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The names that were read so far: what a deployment's template has to set.
    pub fn asked(&self) -> BTreeSet<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A required variable.
    pub fn required(&self, name: &'static str, what: &str) -> Result<String, ConfigError> {
        self.optional(name)
            .map(str::to_owned)
            .ok_or_else(|| ConfigError::new(name, format!("is not set; wanted {what}")))
    }

    /// `true` or `false`.
    pub fn flag(&self, name: &'static str, default: bool) -> Result<bool, ConfigError> {
        match self.optional(name) {
            None => Ok(default),
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(_) => Err(ConfigError::new(name, "wanted `true` or `false`")),
        }
    }

    /// A duration written as a whole number of `unit`s, from one to `most`.
    pub fn duration(
        &self,
        name: &'static str,
        unit: Duration,
        default: u32,
        most: u32,
    ) -> Result<Duration, ConfigError> {
        let count = match self.optional(name) {
            None => default,
            Some(text) => {
                text.parse().ok().filter(|count| (1..=most).contains(count)).ok_or_else(|| {
                    ConfigError::new(name, format!("wanted a whole number from 1 to {most}"))
                })?
            }
        };
        Ok(unit * count)
    }

    /// The URL of an optional service; see [`Endpoint`].
    pub fn optional_endpoint(&self, name: &'static str) -> Result<Option<Endpoint>, ConfigError> {
        self.optional(name).map(|_| self.endpoint(name, "")).transpose()
    }

    /// The URL of a service, see [`Endpoint`].
    pub fn endpoint(&self, name: &'static str, default: &str) -> Result<Endpoint, ConfigError> {
        let wanted = || ConfigError::new(name, "wanted an https URL, or a loopback one for tests");
        Endpoint::parse(self.optional(name).unwrap_or(default)).ok_or_else(wanted)
    }
}

/// The root of a service's API: `https`, or plain `http` to this machine itself. Anything else
/// would send a key over the network in clear text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endpoint(Url);

impl Endpoint {
    /// Reads an endpoint; `None` if it would leak a key or is no URL.
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let safe = match url.scheme() {
            "https" => url.host().is_some(),
            "http" => is_loopback(&url.host()?),
            _ => false,
        };
        let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        (safe && plain).then_some(Self(url))
    }

    /// The URL itself.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The same, as a URL.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// The URL of `path` under this root.
    pub fn join(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}/{path}", self.0.path().trim_end_matches('/')));
        url
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => IpAddr::V4(*address).is_loopback(),
        Host::Ipv6(address) => IpAddr::V6(*address).is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoint_is_https_or_loopback() {
        let table = [
            ("https://mandrillapp.com/api/1.0", true),
            ("http://127.0.0.1:8080", true),
            ("http://127.8.9.1", true),
            ("http://localhost:1/x", true),
            ("http://[::1]:9000", true),
            ("http://mandrillapp.com/api/1.0", false),
            ("http://localhost.evil.example", false),
            ("http://127.0.0.1.evil.example", false),
            ("http://169.254.169.254/latest", false),
            ("https://user:pass@example.com", false),
            ("https://example.com/?key=1", false),
            ("ftp://127.0.0.1", false),
            ("https://", false),
            ("mandrillapp.com", false),
            ("", false),
        ];
        for (text, usable) in table {
            assert_eq!(Endpoint::parse(text).is_some(), usable, "{text}");
        }
    }

    #[test]
    fn path_is_joined_below_the_root_with_any_slash() {
        for root in ["https://example.com/api/1.0", "https://example.com/api/1.0/"] {
            let joined = Endpoint::parse(root).unwrap().join("messages/send");
            assert_eq!(joined.as_str(), "https://example.com/api/1.0/messages/send");
        }
    }

    #[test]
    fn error_names_the_variable_and_redacts_its_value() {
        let env = Environment::of([("MANDRILL_URL", "http://hunter2.example"), ("N", "-3")]);
        let error = env.endpoint("MANDRILL_URL", "https://example.com").unwrap_err().to_string();
        assert!(error.starts_with("MANDRILL_URL: wanted an https URL"), "{error}");
        assert!(!error.contains("hunter2"));
        assert_eq!(env.duration("N", Duration::from_secs(1), 5, 10).unwrap_err().variable, "N");
    }

    #[test]
    fn empty_variable_is_unset() {
        let env = Environment::of([("A", " "), ("B", "")]);
        assert_eq!(env.optional("A"), None);
        assert!(env.required("B", "a secret's id").is_err());
        let duration = env.duration("A", Duration::from_secs(1), 300, 600);
        assert_eq!(duration.unwrap(), Duration::from_mins(5));
    }

    #[test]
    fn duration_is_at_least_one_and_at_most_its_bound() {
        for (text, taken) in [("0", false), ("1", true), ("10", true), ("11", false)] {
            let env = Environment::of([("N", text)]);
            let duration = env.duration("N", Duration::from_secs(1), 5, 10);
            assert_eq!(duration.is_ok(), taken, "{text}");
        }
    }
}
