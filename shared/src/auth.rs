//! Authenticates callers: compares their credentials with both versions of the secret.

use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    envelope::{Authenticated, WebhookRequest},
    secrets::{Cached, LOOK_UP_PAUSE, SecretError, Versions, field, is_placeholder, object_field},
};

/// A shorter secret could be guessed; such a version is ignored.
const SHORTEST_SECRET: usize = 16;

/// The caller is not authenticated.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The credentials are missing or wrong.
    #[error("the credentials are missing or wrong")]
    Mismatch,
    /// The secret cannot be read.
    #[error("cannot read the secret of the caller")]
    Unreadable(#[from] SecretError),
    /// No version of the secret is usable.
    #[error(
        "the secret of the caller is a placeholder, empty or shorter than {SHORTEST_SECRET} characters"
    )]
    Unusable,
}

/// How callers present their credentials.
#[derive(Clone)]
pub enum Scheme {
    /// Ory's: an API key in the named header or cookie, or HTTP Basic.
    Ory {
        /// The header or cookie that carries the API key.
        api_key_name: String,
    },
    /// Mailchimp's: `?secret=…`.
    Query,
}

impl Scheme {
    /// The credentials in a version of the secret that are usable.
    fn credentials(&self, version: &SecretString) -> Vec<Digested> {
        match self {
            Self::Query => key(version, "secret").into_iter().collect(),
            Self::Ory { .. } => key(version, "api_key").into_iter().chain(login(version)).collect(),
        }
    }
}

/// Warns when the current version of a secret is unusable and the previous one takes its place: the
/// operator believes that the new one is in use.
fn warn_of_unfit_current(
    secret_id: &str,
    versions: &Versions,
    is_fit: impl Fn(&SecretString) -> bool,
) {
    if let Some(previous) = &versions.previous
        && !is_fit(&versions.current)
        && is_fit(previous)
    {
        tracing::warn!(
            secret.id = secret_id,
            "the current version of the caller's secret is a placeholder, empty or shorter than \
             {SHORTEST_SECRET} characters; using the previous version"
        );
    }
}

/// Authenticates callers.
pub struct CallerAuth {
    secret: Cached,
    scheme: Scheme,
}

impl CallerAuth {
    /// Callers must present the value of `secret`, as `scheme` says.
    pub fn new(secret: Cached, scheme: Scheme) -> Self {
        let of_warning = scheme.clone();
        let secret = secret.inspected(move |id, versions| {
            warn_of_unfit_current(id, versions, |one| !of_warning.credentials(one).is_empty());
        });
        Self { secret, scheme }
    }

    /// The caller's secret, to be fetched in advance.
    pub fn secret(&self) -> &Cached {
        &self.secret
    }

    /// Lets the request pass if it presents the secret. On a mismatch, the secret may have just
    /// been rotated: it is looked up again, at most once per [`LOOK_UP_PAUSE`].
    ///
    /// # Errors
    /// Why the caller is not authenticated.
    pub async fn authenticate(&self, request: WebhookRequest) -> Result<Authenticated, AuthError> {
        let presented = self.presented(&request);
        let held = self.secret.get().await?;
        if any_match(&presented, &self.known(&held)) {
            return Ok(Authenticated::new(request));
        }
        let known = self.known(&self.secret.refresh(LOOK_UP_PAUSE).await?);
        if known.is_empty() {
            Err(AuthError::Unusable)
        } else if any_match(&presented, &known) {
            Ok(Authenticated::new(request))
        } else {
            Err(AuthError::Mismatch)
        }
    }

    fn presented(&self, request: &WebhookRequest) -> Vec<Digested> {
        match &self.scheme {
            Scheme::Query => request.query("secret").map(|key| Digested::key(&key)).collect(),
            Scheme::Ory { api_key_name } => {
                let keys = request.header(api_key_name).chain(request.cookie(api_key_name));
                let basic = request.header("authorization").filter_map(basic);
                keys.map(Digested::key).chain(basic).collect()
            }
        }
    }

    /// The usable credentials of both versions.
    fn known(&self, versions: &Versions) -> Vec<Digested> {
        let both = [Some(&versions.current), versions.previous.as_ref()];
        both.into_iter().flatten().flat_map(|version| self.scheme.credentials(version)).collect()
    }
}

/// One field of a secret that a caller shares with us, in both versions: a signing secret, for one.
pub struct SigningSecret {
    secret: Cached,
    field: &'static str,
}

impl SigningSecret {
    /// The value of `field` in `secret`.
    pub fn new(secret: Cached, field: &'static str) -> Self {
        let secret = secret.inspected(move |id, versions| {
            warn_of_unfit_current(id, versions, |one| fit_field(one, field).is_some());
        });
        Self { secret, field }
    }

    /// The cached secret, to be fetched in advance.
    pub fn secret(&self) -> &Cached {
        &self.secret
    }

    /// The usable versions. If there is none, somebody may have just added one: the secret is
    /// looked up again, at most once per [`LOOK_UP_PAUSE`].
    ///
    /// # Errors
    /// Why there is none.
    pub async fn versions(&self) -> Result<Vec<SecretString>, AuthError> {
        match self.fit(&self.secret.get().await?) {
            Err(AuthError::Unusable) => self.versions_after_mismatch().await,
            fit => fit,
        }
    }

    /// The same after a mismatch: the secret may have just been rotated.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn versions_after_mismatch(&self) -> Result<Vec<SecretString>, AuthError> {
        self.fit(&self.secret.refresh(LOOK_UP_PAUSE).await?)
    }

    /// Whether the current version is usable, and not only the previous one.
    ///
    /// # Errors
    /// Why the secret cannot be read.
    pub async fn is_current_fit(&self) -> Result<bool, AuthError> {
        Ok(fit_field(&self.secret.get().await?.current, self.field).is_some())
    }

    fn fit(&self, versions: &Versions) -> Result<Vec<SecretString>, AuthError> {
        let both = [Some(&versions.current), versions.previous.as_ref()];
        let fit: Vec<_> =
            both.into_iter().flatten().filter_map(|one| fit_field(one, self.field)).collect();
        if fit.is_empty() { Err(AuthError::Unusable) } else { Ok(fit) }
    }
}

fn key(version: &SecretString, name: &str) -> Option<Digested> {
    fit_field(version, name).map(|key| Digested::key(key.expose_secret()))
}

fn login(version: &SecretString) -> Option<Digested> {
    let username = object_field(version, "username")?;
    let password = object_field(version, "password").filter(is_strong)?;
    let is_filled_in = !is_placeholder(username.expose_secret());
    is_filled_in.then(|| Digested::basic(username.expose_secret(), password.expose_secret()))
}

/// A field of a secret, if it is usable.
fn fit_field(version: &SecretString, name: &str) -> Option<SecretString> {
    field(version, name).filter(is_strong)
}

fn is_strong(secret: &SecretString) -> bool {
    is_fit(secret.expose_secret())
}

fn is_fit(secret: &str) -> bool {
    secret.chars().count() >= SHORTEST_SECRET && !is_placeholder(secret)
}

/// The digest of a credential. All digests have one length, so comparing them reveals nothing about
/// the secret's, and two kinds of credentials never match. Only [`any_match`] compares two.
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

/// Compares all pairs, without stopping early.
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
