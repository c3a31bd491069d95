//! Sends events, as Ory, Mailchimp and Mandrill do.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use fakes::mandrill::SentEvents;
use http::HeaderValue;
use serde_json::Value;
use shared::clock::Clock;
use time::{OffsetDateTime, macros::format_description};
use tokio::time::sleep;
use url::form_urlencoded;
use uuid::{Builder, Uuid};

use super::{Console, Unfit, event::Sent, mails, reading::TRIGGER_ID};
use crate::up::{
    local::{MANDRILL_WEBHOOK_KEY, MANDRILL_WEBHOOK_URL},
    people,
    samples::{Sample, is_called_by_ory},
};

/// How long Kratos waits before its second and third attempt. The vendors retry much later.
const WAITS_OF_KRATOS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];

/// Sends a sample as a new event: of a new person, or with the current time.
pub(super) fn send(console: &Arc<Console>, sample: &'static Sample) -> Result<(), Unfit> {
    deliver_later(console, sample.function, anew(console, sample)?);
    Ok(())
}

/// The request of a sample, as a new event.
fn anew(console: &Console, sample: &Sample) -> Result<Sent, Unfit> {
    let request = sample.event().and_then(|event| event.request("/")).map_err(|_| Unfit)?;
    let mut sent = Sent::of(&request.map(Bytes::from));
    match sample.function {
        mailchimp_inbound::NAME => happens_now(&mut sent, console.clock.now()),
        mandrill_inbound::NAME => happens_to_a_mail_now(&mut sent, console.clock.now()),
        mailchimp_subscribe::NAME => happens_in_ory(console, &mut sent),
        mandrill_welcome::NAME => {
            happens_to_somebody_new(&mut sent);
            is_registered(console, &mut sent);
        }
        _ => happens_to_somebody_new(&mut sent),
    }
    Ok(sent)
}

#[cfg(test)]
impl Console {
    /// The same, and waits for the answer; false if the sample is no event.
    pub(crate) async fn sends(&self, sample: &'static Sample) -> bool {
        match anew(self, sample) {
            Ok(sent) => deliver(self, sample.function, &sent).await,
            Err(Unfit) => return false,
        }
        true
    }
}

/// Sends the last request of an event again, unchanged.
pub(super) fn send_again(console: &Arc<Console>, event: usize) -> Result<(), Unfit> {
    let event = console.events.event(event).ok_or(Unfit)?;
    let last = event.requests.last().ok_or(Unfit)?;
    deliver_later(console, event.function, last.sent.clone());
    Ok(())
}

/// The same in the background.
fn deliver_later(console: &Arc<Console>, function: &'static str, sent: Sent) {
    let console = console.clone();
    tokio::spawn(async move { deliver(&console, function, &sent).await });
}

/// Calls the function, and retries as its caller would.
pub(super) async fn deliver(console: &Console, function: &'static str, sent: &Sent) {
    let waits: &[_] = if is_called_by_ory(function) { &WAITS_OF_KRATOS } else { &[] };
    let mut waits = waits.iter();
    while let Some(answer) = console.call(function, sent.request()).await {
        match waits.next() {
            Some(wait) if answer.status().is_server_error() => sleep(*wait).await,
            _ => break,
        }
    }
}

fn happens_to_somebody_new(sent: &mut Sent) {
    is_triggered_anew(sent);
    change_ctx(sent, |ctx| {
        if let Some(id) = ctx.pointer_mut("/identity/id").filter(|id| !is_nil(id)) {
            *id = random_id().to_string().into();
        }
    });
}

/// Ory has the identity, so that what becomes of the mail can be written to it. The address is no
/// longer that of anybody else.
fn is_registered(console: &Console, sent: &mut Sent) {
    change_ctx(sent, |ctx| {
        if !is_nil(&ctx["identity"]["id"]) {
            people::put_alone(&console.fakes.ory, &ctx["identity"], console.clock.now());
        }
    });
}

/// The same person does it, whose contact is in Mailchimp: Ory has the identity, changed just now.
fn happens_in_ory(console: &Console, sent: &mut Sent) {
    is_triggered_anew(sent);
    change_ctx(sent, |ctx| {
        if let Some(held) = people::put(&console.fakes.ory, &ctx["identity"], console.clock.now()) {
            ctx["identity"]["updated_at"] = held["updated_at"].clone();
        }
    });
}

fn is_triggered_anew(sent: &mut Sent) {
    if let Ok(trigger) = HeaderValue::try_from(random_id().to_string()) {
        sent.headers.insert(TRIGGER_ID, trigger);
    }
}

fn change_ctx(sent: &mut Sent, change: impl FnOnce(&mut Value)) {
    let Ok(mut body) = serde_json::from_slice::<Value>(&sent.body) else { return };
    change(if body.get("ctx").is_some() { &mut body["ctx"] } else { &mut body });
    sent.body = body.to_string().into();
}

fn is_nil(id: &Value) -> bool {
    id.as_str().and_then(|id| id.parse::<Uuid>().ok()).is_some_and(|id| id.is_nil())
}

pub(super) fn random_id() -> Uuid {
    Builder::from_random_bytes(fastrand::u128(..).to_be_bytes()).into_uuid()
}

/// Mailchimp's events carry their time, and older ones are skipped.
fn happens_now(sent: &mut Sent, now: OffsetDateTime) {
    const FIELD: &str = "fired_at=";
    let format = format_description!("[year]-[month]-[day]+[hour]%3A[minute]%3A[second]");
    let Ok(now) = now.format(format) else { return };
    let Ok(form) = std::str::from_utf8(&sent.body) else { return };
    let fields = form.split('&').map(|field| {
        if field.starts_with(FIELD) { format!("{FIELD}{now}") } else { field.to_owned() }
    });
    sent.body = fields.collect::<Vec<_>>().join("&").into();
}

/// Mandrill's events carry their time, too, and it signs them.
fn happens_to_a_mail_now(sent: &mut Sent, now: OffsetDateTime) {
    let form = form_urlencoded::parse(&sent.body).next();
    let events = form.and_then(|(_, events)| serde_json::from_str::<Vec<Value>>(&events).ok());
    let Some(mut events) = events.filter(|events| !events.is_empty()) else { return };
    for event in &mut events {
        event["ts"] = now.unix_timestamp().into();
    }
    let events = Value::from(events).to_string();
    let signed = SentEvents::signed(MANDRILL_WEBHOOK_URL, MANDRILL_WEBHOOK_KEY, &events);
    if let Some(anew) = mails::request(&signed) {
        *sent = anew;
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Method};
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    fn sent(body: &str) -> Sent {
        let (query, headers) = (String::new(), HeaderMap::new());
        Sent { method: Method::POST, query, headers, body: body.to_owned().into() }
    }

    #[test]
    fn resent_mailchimp_event_changes_only_its_time() {
        let mut event = sent("type=profile&fired_at=2020-01-01+00%3A00%3A00&data[email]=a%20b%40c");
        happens_now(&mut event, datetime!(2026-01-31 11:19:37.5 UTC));
        let now = "type=profile&fired_at=2026-01-31+11%3A19%3A37&data[email]=a%20b%40c";
        assert_eq!(event.body, now);
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
