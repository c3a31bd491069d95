//! Where a relay sends to: one host, fixed by configuration.

use std::net::Ipv4Addr;

use shared::{config::ConfigError, http::is_public};
use url::{Host, Url};

/// The setting.
pub(crate) const VARIABLE: &str = "RELAY_ORIGIN";

/// An https origin with an optional base path, which no call leaves.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Origin(Url);

impl Origin {
    /// Reads one: `https`, a host, the usual port, and nothing but a path. A literal address must be
    /// public; what a name resolves to is checked when it is called. `allow_loopback` also admits
    /// `http://127.0.0.1:PORT`, for local runs and tests.
    ///
    /// # Errors
    /// What was wanted.
    pub fn parse(text: &str, allow_loopback: bool) -> Result<Self, ConfigError> {
        let wrong = || {
            let wanted =
                "wanted an https URL of a public host, with no user, port, query or fragment";
            ConfigError::new(VARIABLE, wanted)
        };
        let url = Url::parse(text).map_err(|_| wrong())?;
        let is_admitted = is_https(&url) || (allow_loopback && is_loopback(&url));
        let is_plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        let below = format!("{}/x", base_path(&url));
        let is_clean = crate::path::check(&below).is_ok();
        if is_admitted && is_plain && is_clean { Ok(Self(url)) } else { Err(wrong()) }
    }

    /// The URL of a checked `path` under the base path, with a query.
    ///
    /// # Errors
    /// The URL would not be the one that was asked for.
    pub(crate) fn join(&self, path: &str, query: &[(String, String)]) -> Result<Url, NotBelow> {
        let wanted = format!("{}{path}", base_path(&self.0));
        let mut url = self.0.clone();
        url.set_path(&wanted);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        // Whatever the checks before have let pass: the URL library has changed nothing.
        let wanted = if wanted.is_empty() { "/" } else { &wanted };
        let is_same = url.origin() == self.0.origin() && url.path() == wanted;
        if is_same { Ok(url) } else { Err(NotBelow) }
    }

    /// The path of a URL of this origin, if it is one: people paste the whole URL of a webhook.
    pub(crate) fn path_of(&self, text: &str) -> Option<String> {
        let url = Url::parse(text).ok()?;
        let is_here = url.origin() == self.0.origin() && url.query().is_none();
        let path = url.path().strip_prefix(base_path(&self.0))?;
        (is_here && url.fragment().is_none()).then(|| path.to_owned())
    }

    /// The origin as a URL.
    pub(crate) fn url(&self) -> &Url {
        &self.0
    }

    /// The origin as it is configured.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// A path that is not below the base path.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the path is not below the base path of RELAY_ORIGIN")]
pub(crate) struct NotBelow;

/// The base path, without a slash at its end.
fn base_path(url: &Url) -> &str {
    url.path().strip_suffix('/').unwrap_or(url.path())
}

fn is_https(url: &Url) -> bool {
    let is_public = match url.host() {
        Some(Host::Domain(name)) => !is_local_name(name),
        Some(Host::Ipv4(address)) => is_public(address.into()),
        Some(Host::Ipv6(address)) => is_public(address.into()),
        None => false,
    };
    url.scheme() == "https" && url.port().is_none() && is_public
}

/// Names that no public server has.
fn is_local_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let is_in = |zone: &str| name == zone || name.ends_with(&format!(".{zone}"));
    ["localhost", "local", "internal"].into_iter().any(is_in) || !name.contains('.')
}

fn is_loopback(url: &Url) -> bool {
    url.scheme() == "http"
        && url.port().is_some()
        && url.host() == Some(Host::Ipv4(Ipv4Addr::LOCALHOST))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn origin_is_https_of_a_public_host_with_a_base_path_at_most() {
        for text in [
            "https://api.hubapi.com",
            "https://api.hubapi.com/",
            "https://api.example.com/v1/base",
            "https://api.example.com/v1/base/",
            "https://xn--bcher-kva.example",
            "https://1.1.1.1",
            "https://[2606:4700:4700::1111]",
        ] {
            assert!(Origin::parse(text, false).is_ok(), "{text}");
        }
        for text in [
            "http://api.hubapi.com",
            "http://127.0.0.1:9007",
            "https://127.0.0.1",
            "https://127.1",
            "https://0x7f000001",
            "https://2130706433",
            "https://169.254.169.254",
            "https://[::1]",
            "https://[::ffff:169.254.169.254]",
            "https://localhost",
            "https://localhost.",
            "https://vendor.local",
            "https://metadata.google.internal",
            "https://intranet",
            "https://api.hubapi.com:8443",
            "https://user@api.hubapi.com",
            "https://user:password@api.hubapi.com",
            "https://api.hubapi.com?a=b",
            "https://api.hubapi.com#a",
            "https://api.hubapi.com/a//b",
            "https://api.hubapi.com/a//",
            "https://api.hubapi.com//",
            "https://api.hubapi.com/a;b",
            "ftp://api.hubapi.com",
            "api.hubapi.com",
            "",
        ] {
            assert_eq!(Origin::parse(text, false).unwrap_err().variable, VARIABLE, "{text}");
        }
    }

    #[test]
    fn loopback_is_admitted_only_as_a_literal_and_only_if_allowed() {
        assert!(Origin::parse("http://127.0.0.1:9007", true).is_ok());
        for text in [
            "http://127.0.0.1",
            "http://127.0.0.2:9007",
            "http://localhost:9007",
            "http://[::1]:9007",
            "http://10.0.0.1:9007",
            "http://169.254.169.254:80",
            "https://127.0.0.1:9007",
        ] {
            assert!(Origin::parse(text, true).is_err(), "{text}");
        }
    }

    #[test]
    fn path_of_a_pasted_url_is_known_by_its_origin() {
        let origin = Origin::parse("https://hooks.slack.com", false).unwrap();
        let path = |text: &str| origin.path_of(text);
        assert_eq!(path("https://hooks.slack.com/services/T/B/X").unwrap(), "/services/T/B/X");
        assert_eq!(path("https://hooks.slack.com.evil.example/services/T/B/X"), None);
        assert_eq!(path("http://hooks.slack.com/services/T/B/X"), None);
        assert_eq!(path("https://hooks.slack.com/services/T/B/X?a=b"), None);
    }

    proptest! {
        /// Whatever is written as a path, the call goes to the configured host and stays below the
        /// base path, or is not made.
        #[test]
        fn call_never_leaves_the_origin(path: String, name: String, value: String) {
            for base in ["https://api.example.com", "https://api.example.com/v1/base/"] {
                let origin = Origin::parse(base, false).unwrap();
                if crate::path::check(&path).is_err() {
                    continue;
                }
                if let Ok(url) = origin.join(&path, &[(name.clone(), value.clone())]) {
                    prop_assert_eq!(url.host_str(), Some("api.example.com"));
                    prop_assert_eq!(url.scheme(), "https");
                    prop_assert!(base.starts_with("https://api.example.com/v1") == url.path().starts_with("/v1/base") || path.starts_with("/v1"));
                    let pairs: Vec<_> = url.query_pairs().into_owned().collect();
                    prop_assert_eq!(pairs, [(name.clone(), value.clone())]);
                }
            }
        }
    }
}
