//! Answers that are not the vendor's word, and what is left of those that are.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header::RETRY_AFTER};
use serde_json::{Value, json};
use shared::http::{Error, Response};

use crate::{chance::Chance, fault::Fault, network::Vendor};

/// The answer of a vendor that does not act.
pub(crate) fn refusal(fault: Option<Fault>, chance: &Chance, vendor: Vendor) -> Option<Response> {
    let error = |status, name: &str| {
        let body = match vendor {
            Vendor::Mandrill => json!({"status": "error", "code": -1, "name": name}),
            Vendor::Segment => json!({"success": false}),
            Vendor::Ory => json!({"error": {"code": status, "message": name}}),
            Vendor::Mailchimp => json!({"title": name, "status": status, "detail": name}),
        };
        answer(status, &body)
    };
    match fault? {
        Fault::Conflict => Some(error(409, "conflict")),
        Fault::EdgeNotFound => Some(plain(404, "404 page not found\n")),
        Fault::ResetBefore => Some(html(200)),
        Fault::ServerError => Some(error(500, "GeneralError")),
        Fault::Html => Some(html(502)),
        Fault::TooMany if vendor == Vendor::Mailchimp && chance.is(0.5) => {
            chance.count(Fault::Edge);
            Some(plain([429, 403][chance.number(0..2)], "Access Denied"))
        }
        Fault::TooMany => {
            let answer = error(429, "RequestLimitExceeded");
            let name = match vendor {
                Vendor::Ory => HeaderName::from_static("x-ratelimit-reset"),
                _ => RETRY_AFTER,
            };
            Some(if chance.is(0.5) { asking_to_wait(answer, name, chance) } else { answer })
        }
        _ => None,
    }
}

/// The answer with a wait that it asks for.
pub(crate) fn asking_to_wait(mut answer: Response, name: HeaderName, chance: &Chance) -> Response {
    let seconds = chance.scale(Duration::from_secs(1)..Duration::from_hours(1)).as_secs();
    answer.headers.insert(name, HeaderValue::from(seconds));
    answer
}

/// What reaches us of an answer.
pub(crate) fn spoilt(fault: Option<Fault>, answer: Response) -> Result<Response, Error> {
    match fault {
        Some(Fault::ResetBefore | Fault::ResetAfter) => Err(Error::MaybeWritten("reset".into())),
        Some(Fault::Truncated) => {
            let half = answer.body.slice(..answer.body.len() / 2);
            Ok(Response { body: half, ..answer })
        }
        Some(Fault::Gateway) => Ok(html(504)),
        Some(Fault::ActedHtml) => Ok(html(502)),
        _ => Ok(answer),
    }
}

pub(crate) fn answer(status: u16, body: &Value) -> Response {
    Response { status, headers: HeaderMap::new(), body: body.to_string().into() }
}

/// An answer that is no JSON.
pub(crate) fn plain(status: u16, text: &'static str) -> Response {
    Response { status, headers: HeaderMap::new(), body: Bytes::from_static(text.as_bytes()) }
}

fn html(status: u16) -> Response {
    plain(status, "<html><body>Bad gateway</body></html>")
}
