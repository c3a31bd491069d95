//! The functions' own code, each with its settings, called as Lambda calls them.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, request::Parts};
use serde_json::{Map, Value, json};
use shared::{
    config::Environment,
    key::FunctionArn,
    lambda::{Function, Invocation, LAMBDA_TIMEOUT, StartError},
    settings::Ports,
};
use time::OffsetDateTime;

use super::Surroundings;

/// The name of the table that the functions open.
const TABLE: &str = "records";

type Build = fn(&Environment, &Ports) -> Result<Arc<dyn Function>, StartError>;

const BUILDS: [(&str, Build); 3] = [
    (mandrill_welcome::NAME, mandrill_welcome::build),
    (segment_identify::NAME, segment_identify::build),
    (mailchimp_inbound::NAME, mailchimp_inbound::build),
];

/// A function did not start.
#[derive(Debug, thiserror::Error)]
#[error("{name} did not start")]
pub struct FunctionError {
    name: &'static str,
    source: StartError,
}

/// The functions of a stack.
pub(crate) struct Functions(Vec<Named>);

/// A function under the name that its URL carries.
struct Named {
    name: &'static str,
    function: Arc<dyn Function>,
}

impl Functions {
    /// Builds them, among these surroundings.
    pub(crate) fn build(surroundings: &Surroundings, ports: &Ports) -> Result<Self, FunctionError> {
        let build = |(name, build): (&'static str, Build)| {
            let mut settings = surroundings.settings(name);
            settings.push(("RECORDS_TABLE", TABLE.to_owned()));
            settings.push(("SCREEN_REJECTS", "true".to_owned()));
            match build(&Environment::of(settings), ports) {
                Ok(function) => Ok(Named { name, function }),
                Err(source) => Err(FunctionError { name, source }),
            }
        };
        Ok(Self(BUILDS.into_iter().map(build).collect::<Result<_, _>>()?))
    }

    /// Makes them ready for calls.
    pub(crate) async fn warm(&self) -> Result<(), FunctionError> {
        for Named { name, function } in &self.0 {
            let warmed = function.warm().await;
            warmed.map_err(|fault| FunctionError { name, source: fault.into() })?;
        }
        Ok(())
    }

    /// Their names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|named| named.name)
    }

    /// Calls one by its URL; nothing where there is none of that name.
    pub(crate) async fn call(
        &self,
        name: &str,
        request: Request<Bytes>,
    ) -> Option<Response<Bytes>> {
        let Named { name, function } = self.0.iter().find(|named| named.name == name)?;
        let invocation =
            Invocation { arn: arn(name), ends: OffsetDateTime::now_utc() + LAMBDA_TIMEOUT };
        let answer = function.accept(event(request).into(), &invocation).await.into_lambda();
        let mut response = Response::new(Bytes::from(answer.body.unwrap_or_default()));
        *response.status_mut() = u16::try_from(answer.status_code)
            .ok()
            .and_then(|status| status.try_into().ok())
            .unwrap_or_default();
        *response.headers_mut() = answer.headers;
        Some(response)
    }
}

fn arn(name: &str) -> FunctionArn {
    FunctionArn::new(&format!("arn:aws:lambda:us-east-1:000000000000:function:{name}"))
}

/// The event that Lambda makes of a request to a function URL (payload format 2.0).
pub fn event(request: Request<Bytes>) -> Value {
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
