//! The calls of the admin API.

use std::fmt;

use bytes::Bytes;
use http::{Method, Request, header::AUTHORIZATION};
use serde_json::Value;
use url::form_urlencoded;

use super::list::PageRequest;

/// The path of the identities.
const IDENTITIES: &str = "/admin/identities";

/// One call that arrived.
#[derive(Clone, Debug)]
pub struct AdminCall {
    /// The method.
    pub method: Method,
    /// The path: `/admin/identities/…`
    pub path: String,
    /// The query, decoded.
    pub query: Vec<(String, String)>,
    /// The bearer token that it carries.
    pub token: Option<String>,
    /// The body; null if there is none.
    pub body: Value,
}

/// The request of a call.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asked<'a> {
    /// The identity with an id.
    Get(&'a str),
    /// The identities with this sign-in identifier.
    Find(&'a str),
    /// A page of all identities.
    List(PageRequest<'a>),
    /// Changes to the identity with an id.
    Patch(&'a str),
    /// A path that the admin API does not have.
    Elsewhere,
    /// Something that the fake does not support, described in words.
    Unknown(&'static str),
}

impl AdminCall {
    pub(super) fn read(request: &Request<Bytes>) -> Self {
        let query = request.uri().query().unwrap_or_default();
        Self {
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            token: token(request),
            body: serde_json::from_slice(request.body()).unwrap_or_default(),
        }
    }

    pub(super) fn asked(&self) -> Asked<'_> {
        let rest = self.path.strip_prefix(IDENTITIES);
        let id = rest.and_then(|rest| rest.strip_prefix('/')).filter(|id| !id.contains('/'));
        match (self.method.as_str(), id, self.query.as_slice()) {
            ("GET", Some(id), []) => Asked::Get(id),
            ("PATCH", Some(id), []) => Asked::Patch(id),
            ("GET", None, [(name, identifier)])
                if rest == Some("") && name == "credentials_identifier" =>
            {
                Asked::Find(identifier)
            }
            ("GET", None, query) if rest == Some("") && !query.is_empty() => {
                PageRequest::read(query).map_or_else(Asked::Unknown, Asked::List)
            }
            ("GET" | "PATCH", ..) if rest.is_none_or(|rest| rest.contains('/')) => Asked::Elsewhere,
            ("GET" | "PATCH", ..) => Asked::Unknown("unknown query parameters"),
            _ => Asked::Unknown("no such method"),
        }
    }

    /// Whether it changes an identity, or tries to.
    pub fn is_patch(&self) -> bool {
        matches!(self.asked(), Asked::Patch(_))
    }

    /// The paths that a patch touches.
    fn paths(&self) -> impl Iterator<Item = &str> {
        let operations = self.body.as_array().into_iter().flatten();
        operations.filter_map(|operation| operation["path"].as_str())
    }
}

impl fmt::Display for AdminCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.asked() {
            Asked::Get(id) => write!(f, "Ory: get {id}"),
            Asked::Find(identifier) => write!(f, "Ory: find {identifier}"),
            Asked::List(page) if page.is_first() => write!(f, "Ory: list {}", page.size),
            Asked::List(page) => write!(f, "Ory: list {} after {}", page.size, page.after),
            Asked::Patch(id) => {
                write!(f, "Ory: patch {id}")?;
                self.paths().try_for_each(|path| write!(f, " {path}"))
            }
            Asked::Unknown(_) | Asked::Elsewhere => write!(f, "Ory: {} {}", self.method, self.path),
        }
    }
}

fn token(request: &Request<Bytes>) -> Option<String> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    header.strip_prefix("Bearer ").map(str::to_owned)
}
