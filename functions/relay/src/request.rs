//! The request of a call, with the secret in its place.

use std::time::Duration;

use http::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use shared::http::Request;
use time::OffsetDateTime;

use crate::{
    auth::{self, Auth, SecretFault},
    call::{Body, Call},
    origin::{NotBelow, Origin},
    signature,
};

/// Where and how calls are sent, from the configuration.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) origin: Origin,
    pub(crate) auth: Auth,
    /// The header that carries the idempotency key.
    pub(crate) idempotency_header: Option<HeaderName>,
}

/// A request that cannot be made; nothing was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unsendable {
    #[error(transparent)]
    Secret(#[from] SecretFault),
    #[error(transparent)]
    Path(#[from] NotBelow),
    #[error("the idempotency key cannot be sent in a header")]
    Key,
}

impl Target {
    /// The request of a `call` at the time `now`.
    ///
    /// # Errors
    /// The secret does not fit.
    pub(crate) fn request(
        &self,
        call: &Call,
        secret: &SecretString,
        now: OffsetDateTime,
        timeout: Duration,
    ) -> Result<Request, Unsendable> {
        let path = match &call.path {
            Some(path) => path.clone(),
            None => auth::path(secret, &self.origin)?,
        };
        let mut query = call.query.clone();
        if let Auth::Query(name) = &self.auth {
            query.push((name.clone(), secret.expose_secret().to_owned()));
        }
        let url = self.origin.join(&path, &query)?;
        let body = self.body(call, secret);
        let mut headers = call.headers.clone();
        if let Some(name) = &self.idempotency_header {
            let key = HeaderValue::try_from(&call.idempotency_key).map_err(|_| Unsendable::Key)?;
            headers.insert(name, key);
        }
        auth::add_header(&self.auth, secret, &mut headers)?;
        if self.auth == Auth::Signature {
            signature::sign(&mut headers, secret, &call.idempotency_key, now, &body)?;
        }
        Ok(Request { method: call.method.clone(), url, headers, body: body.into(), timeout })
    }

    fn body(&self, call: &Call, secret: &SecretString) -> String {
        match (&self.auth, &call.body) {
            (Auth::Body(pointer), Body::Json(value)) => {
                let mut value = value.clone();
                auth::add_to_body(pointer, secret, &mut value);
                value.to_string()
            }
            (_, body) => body.text(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::call::Limits;

    const SECRET: &str = "s3cr3t-t0k3n";

    fn target(auth: &str) -> Target {
        let origin = Origin::parse("https://vendor.example/base/", false).unwrap();
        let idempotency_header = Some(HeaderName::from_static("idempotency-key"));
        Target { origin, auth: Auth::parse(auth).unwrap(), idempotency_header }
    }

    fn request(auth: &str, output: Value, secret: &str) -> Result<Request, Unsendable> {
        let target = target(auth);
        let limits = Limits {
            auth: target.auth.clone(),
            admitted: Vec::new(),
            fixed: http::HeaderMap::new(),
        };
        let call = Call::read(output.as_object().unwrap(), &limits, "the-key").unwrap();
        let now = OffsetDateTime::UNIX_EPOCH;
        target.request(&call, &secret.to_owned().into(), now, Duration::from_secs(1))
    }

    #[test]
    fn secret_is_where_the_vendor_wants_it_and_nowhere_else() {
        let output = || json!({"path": "/a", "body": {"b": 1}});
        let table = [
            ("bearer", "header"),
            ("basic", "header"),
            ("header:X-Api-Key", "header"),
            ("query:key", "url"),
            ("body:/auth/token", "body"),
            ("none", "nowhere"),
        ];
        for (auth, place) in table {
            let request = request(auth, output(), SECRET).unwrap();
            let encoded =
                base64::Engine::encode(&base64::engine::general_purpose::STANDARD, SECRET);
            let has = |text: &str| text.contains(SECRET) || text.contains(&encoded);
            let in_header = request.headers.values().any(|value| value.to_str().is_ok_and(has));
            let places = [
                ("header", in_header),
                ("url", has(request.url.as_str())),
                ("body", has(std::str::from_utf8(&request.body).unwrap())),
            ];
            for (name, is_there) in places {
                assert_eq!(is_there, name == place, "{auth}: {name}");
            }
            let shown = format!("{request:?} {:?}", request.headers);
            assert!(!has(&shown), "{auth}: {shown}");
            assert_eq!(request.headers["idempotency-key"], "the-key");
            assert_eq!(request.url.path(), "/base/a");
        }
    }

    #[test]
    fn secret_path_is_a_path_or_the_whole_url_of_the_origin() {
        for secret in
            ["services/T/B/X", "/services/T/B/X", "https://vendor.example/base/services/T/B/X"]
        {
            let request = request("path", json!({"body": {}}), secret).unwrap();
            assert_eq!(
                request.url.as_str(),
                "https://vendor.example/base/services/T/B/X",
                "{secret}"
            );
            assert!(!format!("{request:?}").contains("services"), "{request:?}");
        }
        for secret in [
            "https://evil.example/services/T/B/X",
            "https://vendor.example/other",
            "../other",
            "services//T",
            "services/T?x=1",
            "services/T\nX",
            "https://vendor.example/base",
            "https://vendor.example/base\n",
            "https://vendor.example/base/",
            "/",
        ] {
            let refused = request("path", json!({"body": {}}), secret).unwrap_err();
            assert!(!refused.to_string().contains(secret), "{refused}");
        }
    }

    #[test]
    fn secret_that_no_header_can_hold_is_refused_without_its_value() {
        for auth in ["bearer", "header:X-Api-Key"] {
            let refused = request(auth, json!({"path": "/a"}), "a\nb").unwrap_err();
            assert_eq!(refused.to_string(), SecretFault::NoHeader.to_string());
        }
    }

    #[test]
    fn empty_path_is_the_origin_itself() {
        let url = request("bearer", json!({"path": ""}), SECRET).unwrap().url;
        assert_eq!(url.as_str(), "https://vendor.example/base");
    }
}
