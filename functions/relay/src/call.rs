//! The call that a template writes, checked.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue, Method, header::CONTENT_TYPE};
use serde_json::Value;
use shared::deliver::Rendered;

use crate::{
    auth::{self, Auth},
    headers, path,
};

/// What a template may give. `idempotency_key` was taken out before.
const KEYS: [&str; 5] = ["method", "path", "query", "headers", "body"];

/// What a call can do besides reading.
const METHODS: [Method; 4] = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// The largest body, in bytes. A queue's message holds no more than this of an event either.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The most parameters of a query.
const MAX_QUERY: usize = 50;

/// One call, without the secret.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// The path below the base path; `None`: the secret is the path.
    pub(crate) path: Option<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    /// The idempotency key as the vendor sees it.
    pub(crate) idempotency_key: String,
}

/// The body of a call.
#[derive(Clone, PartialEq)]
pub(crate) enum Body {
    Json(Value),
    Text(String),
    None,
}

impl fmt::Debug for Call {
    /// A path or a body may hold personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a {} call", self.method)
    }
}

/// What a call may use, from the configuration.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) auth: Auth,
    /// The headers that a template may set besides the usual ones.
    pub(crate) admitted: Vec<HeaderName>,
    /// Headers of every call.
    pub(crate) fixed: HeaderMap,
}

impl Call {
    /// Checks a template's output.
    ///
    /// # Errors
    /// The broken rule.
    pub(crate) fn read(
        rendered: &Rendered,
        limits: &Limits,
        idempotency_key: &str,
    ) -> Result<Self, &'static str> {
        if rendered.keys().any(|key| !KEYS.contains(&key.as_str())) {
            return Err("the template output has an unknown key");
        }
        let body = body(rendered.get("body"), &limits.auth)?;
        let mut headers = HeaderMap::new();
        if let Some(kind) = body.content_type() {
            headers.insert(CONTENT_TYPE, kind);
        }
        headers.extend(limits.fixed.clone());
        headers::add(&mut headers, given_headers(rendered.get("headers"))?, &limits.admitted)?;
        Ok(Self {
            method: method(rendered.get("method"))?,
            path: given_path(rendered.get("path"), &limits.auth)?,
            query: query(rendered.get("query"), &limits.auth)?,
            headers,
            body,
            idempotency_key: idempotency_key.to_owned(),
        })
    }
}

impl Body {
    /// The body as it is sent.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Json(value) => value.to_string(),
            Self::Text(text) => text.clone(),
            Self::None => String::new(),
        }
    }

    fn content_type(&self) -> Option<HeaderValue> {
        match self {
            Self::Json(_) => Some(HeaderValue::from_static("application/json")),
            Self::Text(_) => Some(HeaderValue::from_static("text/plain; charset=utf-8")),
            Self::None => None,
        }
    }
}

fn method(value: Option<&Value>) -> Result<Method, &'static str> {
    let Some(value) = present(value) else { return Ok(Method::POST) };
    let known = METHODS.into_iter().find(|method| value == method.as_str());
    known.ok_or("`method` is not POST, PUT, PATCH or DELETE")
}

/// A path, or its segments.
fn given_path(value: Option<&Value>, auth: &Auth) -> Result<Option<String>, &'static str> {
    let wrong = "`path` is neither a string nor a list of strings";
    match (present(value), auth) {
        (None, Auth::Path) => Ok(None),
        (Some(_), Auth::Path) => Err("the template sets a `path`, which the secret is"),
        (None, _) => Err("the template output has no `path`"),
        (Some(Value::String(text)), _) => {
            path::check(text)?;
            Ok(Some(text.clone()))
        }
        (Some(Value::Array(segments)), _) => {
            let segments: Option<Vec<_>> = segments.iter().map(Value::as_str).collect();
            path::of_segments(&segments.ok_or(wrong)?).map(Some)
        }
        (Some(_), _) => Err(wrong),
    }
}

fn query(value: Option<&Value>, auth: &Auth) -> Result<Vec<(String, String)>, &'static str> {
    let Some(value) = present(value) else { return Ok(Vec::new()) };
    let wrong = "`query` is not an object of strings, numbers and booleans";
    let parameters = value.as_object().ok_or(wrong)?;
    if parameters.len() > MAX_QUERY {
        return Err("`query` has more than 50 parameters");
    }
    if matches!(auth, Auth::Query(name) if parameters.contains_key(name)) {
        return Err("the template sets the parameter that holds the secret");
    }
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    };
    let pairs = parameters.iter().map(|(name, value)| Some((name.clone(), text(value)?)));
    pairs.collect::<Option<_>>().ok_or(wrong)
}

fn given_headers(
    value: Option<&Value>,
) -> Result<impl Iterator<Item = (&str, &str)>, &'static str> {
    let wrong = "`headers` is not an object of strings";
    let fields = match present(value) {
        None => None,
        Some(value) => Some(value.as_object().ok_or(wrong)?),
    };
    let pairs =
        fields.into_iter().flatten().map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    Ok(pairs.collect::<Option<Vec<_>>>().ok_or(wrong)?.into_iter())
}

fn body(value: Option<&Value>, auth: &Auth) -> Result<Body, &'static str> {
    let body = match present(value) {
        None => Body::None,
        Some(Value::String(text)) => Body::Text(text.clone()),
        Some(value @ (Value::Object(_) | Value::Array(_))) => Body::Json(value.clone()),
        Some(_) => return Err("`body` is neither an object, a list nor a string"),
    };
    if body.text().len() > MAX_BODY_BYTES {
        return Err("`body` is larger than 1 MiB");
    }
    match (auth, &body) {
        (Auth::Body(pointer), Body::Json(value)) if auth::is_free(pointer, value) => Ok(body),
        (Auth::Body(_), _) => Err("`body` has no free place for the secret"),
        _ => Ok(body),
    }
}

fn present(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn limits(auth: &str) -> Limits {
        let fixed = HeaderMap::from_iter([(
            HeaderName::from_static("x-version"),
            HeaderValue::from_static("1"),
        )]);
        let auth = Auth::parse(auth).unwrap();
        Limits { auth, admitted: vec![HeaderName::from_static("x-tenant")], fixed }
    }

    fn read(auth: &str, output: Value) -> Result<Call, &'static str> {
        let rendered = output.as_object().unwrap();
        Call::read(rendered, &limits(auth), "key")
    }

    #[test]
    fn call_is_a_post_of_json_with_the_fixed_headers() {
        let call = read("bearer", json!({"path": "/a", "body": {"b": 1}})).unwrap();
        assert_eq!(call.method, Method::POST);
        assert_eq!(call.path.as_deref(), Some("/a"));
        assert_eq!(call.headers["content-type"], "application/json");
        assert_eq!(call.headers["x-version"], "1");
        assert_eq!(call.body.text(), r#"{"b":1}"#);
    }

    #[test]
    fn all_that_a_template_may_set_is_set() {
        let output = json!({
            "method": "PUT",
            "path": ["a", "b c"],
            "query": {"text": "x y", "number": 1, "flag": true},
            "headers": {"Accept": "text/csv", "X-Tenant": "t", "Content-Type": "text/csv"},
            "body": "a,b",
        });
        let call = read("bearer", output).unwrap();
        assert_eq!(call.path.as_deref(), Some("/a/b%20c"));
        let pairs = [("flag", "true"), ("number", "1"), ("text", "x y")];
        assert_eq!(call.query, pairs.map(|(a, b)| (a.to_owned(), b.to_owned())));
        assert_eq!(call.headers["content-type"], "text/csv");
        assert_eq!(call.headers["x-tenant"], "t");
        assert_eq!(call.body.text(), "a,b");
    }

    #[test]
    fn null_is_absent() {
        let output =
            json!({"method": null, "path": "/a", "query": null, "headers": null, "body": null});
        let call = read("bearer", output).unwrap();
        assert!(call.body == Body::None && call.headers.get(CONTENT_TYPE).is_none());
    }

    #[test]
    fn output_that_breaks_a_rule_is_refused() {
        for (auth, output) in [
            ("bearer", json!({})),
            ("bearer", json!({"path": 1})),
            ("bearer", json!({"path": ["a", 1]})),
            ("bearer", json!({"path": "/a/../b"})),
            ("bearer", json!({"path": "https://evil.example/"})),
            ("bearer", json!({"path": "/a", "url": "https://evil.example/"})),
            ("bearer", json!({"path": "/a", "host": "evil.example"})),
            ("bearer", json!({"path": "/a", "method": "GET"})),
            ("bearer", json!({"path": "/a", "method": "post"})),
            ("bearer", json!({"path": "/a", "method": "CONNECT"})),
            ("bearer", json!({"path": "/a", "query": []})),
            ("bearer", json!({"path": "/a", "query": {"a": {}}})),
            ("bearer", json!({"path": "/a", "headers": []})),
            ("bearer", json!({"path": "/a", "headers": {"Accept": 1}})),
            ("bearer", json!({"path": "/a", "headers": {"Host": "evil.example"}})),
            ("bearer", json!({"path": "/a", "headers": {"Authorization": "Bearer x"}})),
            ("bearer", json!({"path": "/a", "headers": {"X-Other": "x"}})),
            ("bearer", json!({"path": "/a", "headers": {"Accept": "a\r\nX-Other: b"}})),
            ("bearer", json!({"path": "/a", "body": 1})),
            ("path", json!({"path": "/a"})),
            ("query:key", json!({"path": "/a", "query": {"key": "x"}})),
            ("body:/auth/token", json!({"path": "/a"})),
            ("body:/auth/token", json!({"path": "/a", "body": []})),
            ("body:/auth/token", json!({"path": "/a", "body": "text"})),
            ("body:/auth/token", json!({"path": "/a", "body": {"auth": {"token": "x"}}})),
            ("body:/auth/token", json!({"path": "/a", "body": {"auth": "x"}})),
        ] {
            assert!(read(auth, output.clone()).is_err(), "{auth} {output}");
        }
        let large = json!({"path": "/a", "body": "a".repeat(MAX_BODY_BYTES + 1)});
        assert!(read("bearer", large).is_err());
    }

    #[test]
    fn debug_shows_no_personal_data() {
        let call = read("bearer", json!({"path": "/ann", "body": {"email": "ann"}})).unwrap();
        assert!(!format!("{call:?}").contains("ann"));
    }
}
