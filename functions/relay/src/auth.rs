//! How a relay authenticates at the vendor. The function adds the secret; templates never see it.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, header::AUTHORIZATION};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use shared::secrets::KeyField;

use crate::{headers, origin::Origin, path};

/// Where the secret goes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Auth {
    /// `Authorization: Bearer TOKEN`.
    Bearer,
    /// `Authorization: Basic`, of a user name and a password.
    Basic,
    /// A header of this name.
    Header(HeaderName),
    /// A parameter of the query. URLs end up in the logs of servers; prefer a header.
    Query(String),
    /// A member of the JSON body, by its JSON Pointer.
    Body(String),
    /// The path itself, as for Slack's incoming webhooks.
    Path,
    /// A signature by Standard Webhooks.
    Signature,
    /// None: the vendor asks for nothing.
    None,
}

impl Auth {
    /// Reads the setting; `None` if it is invalid.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (kind, argument) = match text.split_once(':') {
            Some((kind, argument)) => (kind, Some(argument)),
            None => (text, None),
        };
        match (kind, argument) {
            ("bearer", None) => Some(Self::Bearer),
            ("basic", None) => Some(Self::Basic),
            ("header", Some(name)) => headers::settable(name).map(Self::Header),
            ("query", Some(name)) if is_word(name) => Some(Self::Query(name.to_owned())),
            ("body", Some(pointer)) if is_pointer(pointer) => Some(Self::Body(pointer.to_owned())),
            ("path", None) => Some(Self::Path),
            ("signature", None) => Some(Self::Signature),
            ("none", None) => Some(Self::None),
            _ => None,
        }
    }

    /// Where in the secret it is; `None`: there is no secret.
    pub(crate) fn field(&self) -> Option<KeyField> {
        match self {
            Self::Bearer | Self::Header(_) | Self::Query(_) | Self::Body(_) => {
                Some(KeyField::One("token"))
            }
            Self::Basic => Some(KeyField::Basic),
            Self::Path => Some(KeyField::One("url_path")),
            Self::Signature => Some(KeyField::One("signing_key")),
            Self::None => None,
        }
    }
}

fn is_word(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// One member of an object, or one below: no lists.
fn is_pointer(text: &str) -> bool {
    text.strip_prefix('/').is_some_and(|rest| rest.split('/').all(is_word))
}

/// A secret that cannot be sent as it is. It is named by what is wrong, never by its value.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SecretFault {
    /// It has a line end, or a character that no header may have.
    #[error("the secret has a character that cannot be sent in a header")]
    NoHeader,
    /// It is a path with an invalid part.
    #[error("`url_path` of the secret is not a path: {0}")]
    NoPath(&'static str),
    /// It has nothing below the origin.
    #[error("`url_path` of the secret has no path below RELAY_ORIGIN")]
    EmptyPath,
    /// It is the URL of another host.
    #[error("`url_path` of the secret is a URL of another host than RELAY_ORIGIN")]
    OtherHost,
    /// It is no key of Standard Webhooks.
    #[error("`signing_key` of the secret is not base64 of 16 to 64 bytes")]
    NoSigningKey,
}

/// A header value that logs do not show.
pub(crate) fn header(text: &str) -> Result<HeaderValue, SecretFault> {
    let mut value = HeaderValue::try_from(text).map_err(|_| SecretFault::NoHeader)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Adds the header of the kinds that have one.
pub(crate) fn add_header(
    auth: &Auth,
    secret: &SecretString,
    headers: &mut HeaderMap,
) -> Result<(), SecretFault> {
    let authorization = |kind: &str, credentials: &str| header(&format!("{kind} {credentials}"));
    match auth {
        Auth::Bearer => {
            headers.insert(AUTHORIZATION, authorization("Bearer", secret.expose_secret())?)
        }
        Auth::Basic => {
            let credentials = STANDARD.encode(secret.expose_secret());
            headers.insert(AUTHORIZATION, authorization("Basic", &credentials)?)
        }
        Auth::Header(name) => headers.insert(name, header(secret.expose_secret())?),
        Auth::Query(_) | Auth::Body(_) | Auth::Path | Auth::Signature | Auth::None => None,
    };
    Ok(())
}

/// Puts the secret into the body, at a place that the template has left free.
pub(crate) fn add_to_body(pointer: &str, secret: &SecretString, body: &mut Value) {
    let mut place = body;
    for name in pointer.split('/').skip(1) {
        place = &mut place[name];
    }
    *place = Value::from(secret.expose_secret());
}

/// Whether the secret can be put there: objects lead to the place, and it is free.
pub(crate) fn is_free(pointer: &str, body: &Value) -> bool {
    let mut place = Some(body);
    for name in pointer.split('/').skip(1) {
        match place {
            Some(Value::Object(object)) => place = object.get(name),
            Some(_) => return false,
            None => {}
        }
    }
    place.is_none() && body.is_object()
}

/// The path that the secret holds.
pub(crate) fn path(secret: &SecretString, origin: &Origin) -> Result<String, SecretFault> {
    let path = written_path(secret.expose_secret(), origin)?;
    path::check(&path).map_err(SecretFault::NoPath)?;
    // The bare origin is no secret, and no webhook.
    if path.is_empty() || path == "/" { Err(SecretFault::EmptyPath) } else { Ok(path) }
}

/// The path as people write it: with its URL, with its slash, or without.
fn written_path(text: &str, origin: &Origin) -> Result<String, SecretFault> {
    if text.contains("://") {
        origin.path_of(text).ok_or(SecretFault::OtherHost)
    } else if text.starts_with('/') {
        Ok(text.to_owned())
    } else {
        Ok(format!("/{text}"))
    }
}
