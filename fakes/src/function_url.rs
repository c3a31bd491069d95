//! The event of a function URL.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, Request, request::Parts};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

/// The event that Lambda makes from a request to a function URL (payload format 2.0).
pub fn function_url_event(request: Request<Bytes>) -> Value {
    let (parts, body) = request.into_parts();
    let (body, is_base64) = if is_text(&parts.headers) {
        (String::from_utf8_lossy(&body).into_owned(), false)
    } else {
        (STANDARD.encode(&body), true)
    };
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/",
        "rawQueryString": parts.uri.query().unwrap_or_default(),
        "cookies": cookies(&parts),
        "headers": headers(&parts),
        "requestContext": {
            "accountId": "anonymous",
            "http": {
                "method": parts.method.as_str(), "path": "/", "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
            },
            "timeEpoch": OffsetDateTime::now_utc().unix_timestamp() * 1000,
        },
        "body": body,
        "isBase64Encoded": is_base64,
    })
}

/// Lambda leaves these content types as text and encodes the others.
fn is_text(headers: &HeaderMap) -> bool {
    let content_type = headers.get("content-type").and_then(|value| value.to_str().ok());
    content_type
        .is_none_or(|kind| kind.starts_with("text/") || kind.starts_with("application/json"))
}

fn headers(parts: &Parts) -> Value {
    let mut headers = Map::new();
    for name in parts.headers.keys().filter(|name| *name != "cookie") {
        headers.insert(name.to_string(), json!(values(parts, name.as_str()).join(",")));
    }
    Value::Object(headers)
}

fn cookies(parts: &Parts) -> Vec<String> {
    let lines = values(parts, "cookie");
    lines.iter().flat_map(|line| line.split(';')).map(|cookie| cookie.trim().to_owned()).collect()
}

fn values<'a>(parts: &'a Parts, name: &str) -> Vec<&'a str> {
    parts.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect()
}
