//! Sends events, as Ory and Mailchimp do.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::HeaderValue;
use serde_json::Value;
use time::{OffsetDateTime, macros::format_description};
use tokio::time::sleep;
use uuid::{Builder, Uuid};

use super::{Console, Unfit, event::Sent, reading::TRIGGER_ID};
use crate::up::samples::Sample;

/// How long Kratos waits before its second and third attempt. Mailchimp retries much later.
const WAITS_OF_KRATOS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];

/// Sends a sample as a new event: of a new person, or with the current time.
pub(super) fn send(console: &Arc<Console>, sample: &'static Sample) -> Result<(), Unfit> {
    let request = sample.event().and_then(|event| event.request("/")).map_err(|_| Unfit)?;
    let mut sent = Sent::of(&request.map(Bytes::from));
    if sample.function == mailchimp_inbound::NAME {
        happens_now(&mut sent);
    } else {
        happens_to_somebody_new(&mut sent);
    }
    deliver(console, sample.function, sent);
    Ok(())
}

/// Sends the last request of an event again, unchanged.
pub(super) fn send_again(console: &Arc<Console>, event: usize) -> Result<(), Unfit> {
    let event = console.events.event(event).ok_or(Unfit)?;
    let last = event.requests.last().ok_or(Unfit)?;
    deliver(console, event.function, last.sent.clone());
    Ok(())
}

/// Calls the function, and retries as its caller would.
fn deliver(console: &Arc<Console>, function: &'static str, sent: Sent) {
    let console = console.clone();
    let waits: &[_] = if function == mailchimp_inbound::NAME { &[] } else { &WAITS_OF_KRATOS };
    tokio::spawn(async move {
        let mut waits = waits.iter();
        while let Some(answer) = console.call(function, sent.request()).await {
            match waits.next() {
                Some(wait) if answer.status().is_server_error() => sleep(*wait).await,
                _ => break,
            }
        }
    });
}

fn happens_to_somebody_new(sent: &mut Sent) {
    if let Ok(trigger) = HeaderValue::try_from(random_id().to_string()) {
        sent.headers.insert(TRIGGER_ID, trigger);
    }
    let Ok(mut body) = serde_json::from_slice::<Value>(&sent.body) else { return };
    let ctx = if body.get("ctx").is_some() { &mut body["ctx"] } else { &mut body };
    if let Some(id) = ctx.pointer_mut("/identity/id").filter(|id| !is_nil(id)) {
        *id = random_id().to_string().into();
        sent.body = body.to_string().into();
    }
}

fn is_nil(id: &Value) -> bool {
    id.as_str().and_then(|id| id.parse::<Uuid>().ok()).is_some_and(|id| id.is_nil())
}

fn random_id() -> Uuid {
    Builder::from_random_bytes(fastrand::u128(..).to_be_bytes()).into_uuid()
}

/// Mailchimp's events carry their time, and older ones are skipped.
fn happens_now(sent: &mut Sent) {
    const FIELD: &str = "fired_at=";
    let format = format_description!("[year]-[month]-[day]+[hour]%3A[minute]%3A[second]");
    let Ok(now) = OffsetDateTime::now_utc().format(format) else { return };
    let Ok(form) = std::str::from_utf8(&sent.body) else { return };
    let fields = form.split('&').map(|field| {
        if field.starts_with(FIELD) { format!("{FIELD}{now}") } else { field.to_owned() }
    });
    sent.body = fields.collect::<Vec<_>>().join("&").into();
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Method};
    use serde_json::json;

    use super::*;

    fn sent(body: &str) -> Sent {
        let (query, headers) = (String::new(), HeaderMap::new());
        Sent { method: Method::POST, query, headers, body: body.to_owned().into() }
    }

    #[test]
    fn resent_mailchimp_event_changes_only_its_time() {
        let mut event = sent("type=profile&fired_at=2020-01-01+00%3A00%3A00&data[email]=a%20b%40c");
        happens_now(&mut event);
        let body = std::str::from_utf8(&event.body).unwrap();
        let (before, rest) = body.split_once("&fired_at=").unwrap();
        let (time, after) = rest.split_once('&').unwrap();
        assert_eq!((before, after), ("type=profile", "data[email]=a%20b%40c"));
        assert!(time > "2026" && time.len() == "2020-01-01+00%3A00%3A00".len(), "{time}");
    }

    #[test]
    fn resent_ory_event_is_a_new_person_unless_before_save() {
        let nil = Uuid::nil().to_string();
        for ctx in [json!({"identity": {"id": "old"}}), json!({"identity": {"id": nil}})] {
            for body in [ctx.clone(), json!({ "ctx": ctx })] {
                let mut event = sent(&body.to_string());
                happens_to_somebody_new(&mut event);
                assert!(event.headers.contains_key(TRIGGER_ID));
                let changed: Value = serde_json::from_slice(&event.body).unwrap();
                assert_eq!(changed == body, ctx["identity"]["id"] == nil.as_str(), "{changed}");
            }
        }
    }
}
