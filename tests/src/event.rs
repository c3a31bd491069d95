//! The events that Lambda makes of requests to a function URL (payload format 2.0).

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

/// The header that stays the same over Ory's attempts at one webhook.
const TRIGGER_ID: &str = "ory-webhook-trigger-id";

/// One request to a function URL.
#[derive(Clone)]
pub struct Event {
    method: String,
    path: String,
    query: String,
    headers: BTreeMap<String, String>,
    cookies: Vec<String>,
    body: String,
    is_base64: bool,
}

impl Event {
    /// A POST of this body.
    pub fn post(body: impl Into<String>) -> Self {
        Self {
            method: "POST".to_owned(),
            path: "/".to_owned(),
            query: String::new(),
            headers: BTreeMap::new(),
            cookies: Vec::new(),
            body: body.into(),
            is_base64: false,
        }
    }

    /// A webhook of Ory's over this ctx, in one of its attempts at it.
    pub fn of_ory(ctx: &Value, trigger_id: &str) -> Self {
        Self::post(ctx.to_string())
            .header("accept-encoding", "gzip")
            .header("content-type", "application/json")
            .header(TRIGGER_ID, trigger_id)
            .header("user-agent", "Go-http-client/2.0")
            .header("x-forwarded-for", "203.0.113.7")
    }

    /// A webhook of Mailchimp's with this form, which Lambda encodes, as it is no text.
    pub fn of_mailchimp(form: impl AsRef<[u8]>) -> Self {
        Self::post(STANDARD.encode(form))
            .declared_base64()
            .header("accept-encoding", "gzip")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("user-agent", "MailChimp")
            .header("x-forwarded-for", "203.0.113.7")
    }

    /// The same without a Trigger-ID.
    #[must_use]
    pub fn without_trigger(mut self) -> Self {
        self.headers.remove(TRIGGER_ID);
        self
    }

    /// With another method.
    #[must_use]
    pub fn method(self, method: &str) -> Self {
        Self { method: method.to_owned(), ..self }
    }

    /// The same at another path of the function's URL.
    #[must_use]
    pub fn path(self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self }
    }

    /// With a query, as it stands in the URL.
    #[must_use]
    pub fn query(self, query: &str) -> Self {
        Self { query: query.to_owned(), ..self }
    }

    /// With a header. Lambda writes their names small.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.insert(name.to_ascii_lowercase(), value.into());
        self
    }

    /// With a cookie, `name=value`.
    #[must_use]
    pub fn cookie(mut self, pair: &str) -> Self {
        self.cookies.push(pair.to_owned());
        self
    }

    /// With another body.
    #[must_use]
    pub fn body(self, body: impl Into<String>) -> Self {
        Self { body: body.into(), ..self }
    }

    /// The same, its body encoded, as Lambda does with what is no text.
    #[must_use]
    pub fn base64(self) -> Self {
        let body = STANDARD.encode(&self.body);
        self.body(body).declared_base64()
    }

    /// The same, its body said to be base64, whatever it is.
    #[must_use]
    pub fn declared_base64(self) -> Self {
        Self { is_base64: true, ..self }
    }
}

impl From<Event> for Value {
    fn from(event: Event) -> Self {
        json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": event.path,
            "rawQueryString": event.query,
            "headers": event.headers,
            "cookies": event.cookies,
            "requestContext": {
                "accountId": "anonymous",
                "apiId": "abcdefghij",
                "domainName": "abcdefghij.lambda-url.us-east-1.on.aws",
                "domainPrefix": "abcdefghij",
                "http": {
                    "method": event.method, "path": event.path, "protocol": "HTTP/1.1",
                    "sourceIp": "203.0.113.7", "userAgent": "Go-http-client/2.0",
                },
                "requestId": "00000000-4444-4444-8444-000000000000",
                "routeKey": "$default",
                "stage": "$default",
                "time": "31/Jan/2026:11:19:37 +0000",
                "timeEpoch": 1_769_858_377_000_i64,
            },
            "body": event.body,
            "isBase64Encoded": event.is_base64,
        })
    }
}
