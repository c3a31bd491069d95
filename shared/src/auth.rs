//! Who calls: the caller's credentials against the secret, both of its versions.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    envelope::{Authenticated, Request},
    secrets::{Cached, SecretError, Versions, field, is_placeholder, object_field},
};

/// A shorter secret could be guessed; one version of it is ignored.
const SHORTEST_SECRET: usize = 16;

/// A wrong key may be one that was rotated in a moment ago, so it is worth a look, but strangers
/// must not make us ask at every call.
const MISMATCH_PAUSE: Duration = Duration::from_secs(30);

/// Nobody was authenticated.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The credentials are missing or wrong.
    #[error("the credentials are missing or wrong")]
    Mismatch,
    /// The secret cannot be read.
    #[error("the caller's secret cannot be read")]
    Unreadable(#[from] SecretError),
    /// No version of the secret is fit for use.
    #[error(
        "the caller's secret is a placeholder, empty or shorter than {SHORTEST_SECRET} characters"
    )]
    Unusable,
}

/// How callers present themselves.
pub enum Scheme {
    /// Ory's: an API key in the named header or cookie, or HTTP Basic.
    Ory {
        /// The header or cookie that carries the API key.
        api_key_name: String,
    },
    /// Mailchimp's: `?secret=…`.
    Query,
}

/// Authenticates callers.
pub struct CallerAuth {
    secret: Cached,
    scheme: Scheme,
}

impl CallerAuth {
    /// Callers must present what `secret` holds, in the manner of `scheme`.
    pub fn new(secret: Cached, scheme: Scheme) -> Self {
        Self { secret, scheme }
    }

    /// The caller's secret, to be fetched ahead.
    pub fn secret(&self) -> &Cached {
        &self.secret
    }

    /// Lets the request pass if it presents the secret. A mismatch looks whether the secret was
    /// rotated just now.
    pub async fn authenticate(&self, request: Request) -> Result<Authenticated, AuthError> {
        let presented = self.presented(&request);
        let known = self.known(&self.secret.get().await?)?;
        if any_match(&presented, &known) {
            return Ok(Authenticated::new(request));
        }
        let known = self.known(&self.secret.refresh(MISMATCH_PAUSE).await?)?;
        if any_match(&presented, &known) {
            Ok(Authenticated::new(request))
        } else {
            Err(AuthError::Mismatch)
        }
    }

    fn presented(&self, request: &Request) -> Vec<Digested> {
        match &self.scheme {
            Scheme::Query => request.query("secret").map(|key| Digested::key(&key)).collect(),
            Scheme::Ory { api_key_name } => {
                let keys = request.header(api_key_name).chain(request.cookie(api_key_name));
                let basic = request.header("authorization").filter_map(basic);
                keys.map(Digested::key).chain(basic).collect()
            }
        }
    }

    fn known(&self, versions: &Versions) -> Result<Vec<Digested>, AuthError> {
        let both = [Some(&versions.current), versions.previous.as_ref()];
        let known: Vec<_> =
            both.into_iter().flatten().flat_map(|version| self.credentials(version)).collect();
        if known.is_empty() { Err(AuthError::Unusable) } else { Ok(known) }
    }

    fn credentials(&self, version: &SecretString) -> Vec<Digested> {
        match self.scheme {
            Scheme::Query => key(version, "secret").into_iter().collect(),
            Scheme::Ory { .. } => {
                key(version, "api_key").into_iter().chain(login(version)).collect()
            }
        }
    }
}

/// One field of a secret that a caller knows, in both versions: what it signs with, for one.
pub struct SigningSecret {
    secret: Cached,
    field: &'static str,
}

impl SigningSecret {
    /// What stands in `field` of `secret`.
    pub fn new(secret: Cached, field: &'static str) -> Self {
        Self { secret, field }
    }

    /// The cached secret, to be fetched ahead.
    pub fn secret(&self) -> &Cached {
        &self.secret
    }

    /// The versions that are fit for use.
    pub async fn versions(&self) -> Result<Vec<SecretString>, AuthError> {
        self.fit(&self.secret.get().await?)
    }

    /// The same after a mismatch: the secret may have been rotated just now.
    pub async fn versions_after_mismatch(&self) -> Result<Vec<SecretString>, AuthError> {
        self.fit(&self.secret.refresh(MISMATCH_PAUSE).await?)
    }

    fn fit(&self, versions: &Versions) -> Result<Vec<SecretString>, AuthError> {
        let both = [Some(&versions.current), versions.previous.as_ref()];
        let fit = both.into_iter().flatten();
        let fit: Vec<_> = fit.filter_map(|version| strong(field(version, self.field))).collect();
        if fit.is_empty() { Err(AuthError::Unusable) } else { Ok(fit) }
    }
}

fn key(version: &SecretString, name: &str) -> Option<Digested> {
    strong(field(version, name)).map(|key| Digested::key(key.expose_secret()))
}

fn login(version: &SecretString) -> Option<Digested> {
    let username = object_field(version, "username")?;
    let password = strong(object_field(version, "password"))?;
    Some(Digested::basic(username.expose_secret(), password.expose_secret()))
}

/// A secret that is fit for use.
fn strong(secret: Option<SecretString>) -> Option<SecretString> {
    secret.filter(|secret| is_fit(secret.expose_secret()))
}

fn is_fit(secret: &str) -> bool {
    secret.chars().count() >= SHORTEST_SECRET && !is_placeholder(secret)
}

/// The digest of a credential. Digests have one length, so comparing them tells nothing of the
/// secret's, and two kinds of credentials never meet. Nothing compares two but [`any_match`].
struct Digested([u8; 32]);

impl Digested {
    fn key(key: &str) -> Self {
        Self(Sha256::new().chain_update(b"key\0").chain_update(key).finalize().into())
    }

    fn basic(username: &str, password: &str) -> Self {
        let user = Sha256::digest(username);
        let digest = Sha256::new().chain_update(b"basic\0").chain_update(user);
        Self(digest.chain_update(password).finalize().into())
    }
}

/// Compares each with each, without stopping early.
fn any_match(presented: &[Digested], known: &[Digested]) -> bool {
    let pairs = presented.iter().flat_map(|one| known.iter().map(move |other| (one, other)));
    pairs.fold(subtle::Choice::from(0), |found, (one, other)| found | one.0.ct_eq(&other.0)).into()
}

/// `Authorization: Basic …` (RFC 7617).
fn basic(header: &str) -> Option<Digested> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = STANDARD.decode(encoded.trim()).ok()?;
    let (username, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some(Digested::basic(username, password))
}

#[cfg(test)]
mod tests;
