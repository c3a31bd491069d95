//! Fetches templates over HTTPS, from a configuration that nobody may have checked yet.
//!
//! A pull request of a stranger may be linted where private services can be reached. So only public
//! addresses are called, after the name was resolved, and nothing is followed: no redirect, and no
//! proxy from the environment, which would resolve the name itself.

mod address;
#[cfg(test)]
mod tests;

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    fmt,
    net::IpAddr,
    time::Duration,
};

use ureq::{
    Agent, Error,
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{DefaultConnector, NextTimeout},
    },
};
use url::Url;

use crate::{Fetch, FetchError};

/// Fetches templates over HTTPS: from public addresses only, without redirects, each up to 1 MiB in
/// 10 seconds, and at most 50 of them.
pub struct HttpsFetch {
    agent: Agent,
    limits: Limits,
    left: Cell<usize>,
    fetched: RefCell<BTreeMap<String, Result<String, FetchError>>>,
}

/// What is fetched.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// Schemes of URLs.
    schemes: &'static [&'static str],
    /// Which addresses are called.
    is_allowed: fn(IpAddr) -> bool,
    /// The time for one template, all in all.
    timeout: Duration,
    /// The size of a template.
    bytes: u64,
    /// How many templates there may be.
    urls: usize,
}

impl Limits {
    const PUBLIC: Self = Self {
        schemes: &["https"],
        is_allowed: address::is_public,
        timeout: Duration::from_secs(10),
        bytes: 1024 * 1024,
        urls: 50,
    };
}

impl Default for HttpsFetch {
    fn default() -> Self {
        Self::with(Limits::PUBLIC)
    }
}

impl HttpsFetch {
    /// One that has fetched nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn with(limits: Limits) -> Self {
        let config = Config::builder()
            .https_only(limits.schemes == Limits::PUBLIC.schemes)
            .max_redirects(0)
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(limits.timeout))
            .user_agent(concat!("ory-lint/", env!("CARGO_PKG_VERSION")))
            .build();
        let resolver = Guarded { inner: DefaultResolver::default(), is_allowed: limits.is_allowed };
        let agent = Agent::with_parts(config, DefaultConnector::default(), resolver);
        Self { agent, limits, left: Cell::new(limits.urls), fetched: RefCell::default() }
    }

    fn call(&self, url: &str) -> Result<String, FetchError> {
        let parsed = Url::parse(url).map_err(|_| because("the URL is invalid"))?;
        if !self.limits.schemes.contains(&parsed.scheme()) {
            return Err(because("only `https://` is fetched"));
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(because("the URL has a user"));
        }
        let left = self.left.get().checked_sub(1);
        let left =
            left.ok_or_else(|| FetchError(format!("over {} templates", self.limits.urls)))?;
        self.left.set(left);
        let mut response = self.agent.get(url).call().map_err(|error| self.failed(&error))?;
        match response.status().as_u16() {
            200 => {}
            300..=399 => return Err(because("the server redirects, which is not followed")),
            other => return Err(FetchError(format!("the server answers {other}"))),
        }
        let body = response.body_mut().with_config().limit(self.limits.bytes).read_to_vec();
        let body = body.map_err(|error| self.failed(&error))?;
        String::from_utf8(body).map_err(|_| because("it is not UTF-8"))
    }

    /// In words that quote neither the URL, which may have a key, nor an address.
    fn failed(&self, error: &Error) -> FetchError {
        match error {
            Error::HostNotFound => because("the host is unknown"),
            Error::Timeout(_) => {
                FetchError(format!("it took over {} seconds", self.limits.timeout.as_secs_f32()))
            }
            Error::BodyExceedsLimit(_) => {
                FetchError(format!("it is over {} KiB", self.limits.bytes / 1024))
            }
            Error::Other(other) if other.is::<Private>() => FetchError(other.to_string()),
            Error::Tls(_) | Error::Rustls(_) => because("there is no TLS connection"),
            _ => because("there is no answer"),
        }
    }
}

impl Fetch for HttpsFetch {
    fn fetch(&self, url: &str) -> Result<String, FetchError> {
        if let Some(known) = self.fetched.borrow().get(url) {
            return known.clone();
        }
        let fetched = self.call(url);
        self.fetched.borrow_mut().insert(url.to_owned(), fetched.clone());
        fetched
    }
}

fn because(why: &str) -> FetchError {
    FetchError(why.to_owned())
}

/// Resolves a name, and refuses it if any of its addresses is not allowed. What it returns is what is
/// called, so the name cannot lead elsewhere in between.
struct Guarded {
    inner: DefaultResolver,
    is_allowed: fn(IpAddr) -> bool,
}

impl fmt::Debug for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guarded")
    }
}

#[derive(Debug, thiserror::Error)]
#[error("its host has an address that is not public")]
struct Private;

impl Resolver for Guarded {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let addresses = self.inner.resolve(uri, config, timeout)?;
        let all = addresses.iter().all(|address| (self.is_allowed)(address.ip()));
        if all { Ok(addresses) } else { Err(Error::Other(Box::new(Private))) }
    }
}
