//! Describes a request as far as that is possible without its function.

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use mailchimp_inbound::{
    event::{self, Decoded},
    form,
};
use mandrill_inbound::{event::MailEvent, form::Form};
use serde_json::Value;
use shared::{ctx::Ctx, key::EventId, queue::ReceivedMessage};
use uuid::Uuid;

use super::events::Arrival;
use crate::render::rendering::{self, Subject};

/// The id that Ory sends with all attempts of one webhook.
pub(super) const TRIGGER_ID: &str = "ory-webhook-trigger-id";

/// Reads a request to a function: one event, or as many as Mandrill tells of at once.
pub(super) fn read(function: &'static str, request: &Request<Bytes>) -> Vec<Arrival> {
    if function == mandrill_inbound::NAME && request.method() == Method::POST {
        let events = rendering::of_mandrill(request.body()).unwrap_or_default();
        if !events.stored.is_empty() {
            return events.stored.iter().map(of_mandrill).collect();
        }
    }
    vec![one(function, request)]
}

fn one(function: &'static str, request: &Request<Bytes>) -> Arrival {
    let known = match function {
        mailchimp_inbound::NAME => of_mailchimp(request),
        mandrill_inbound::NAME => Some((without_event(request), None)),
        _ => of_ory(request),
    };
    let (title, key) = known.unwrap_or_else(|| (request.method().to_string(), None));
    let subject = Subject::named(function).unwrap_or(Subject::File);
    let argument = rendering::argument(subject, request.body()).unwrap_or_default();
    Arrival { function, title, key, argument }
}

/// The event id in a message of a queue.
pub(super) fn event_id(message: &ReceivedMessage) -> Option<String> {
    let body: Value = serde_json::from_str(&message.body).ok()?;
    Some(body["event_id"].as_str()?.to_owned())
}

fn of_ory(request: &Request<Bytes>) -> Option<(String, Option<String>)> {
    let ctx = Ctx::decode(request.body()).ok()?.sanitize();
    let title = flow(ctx.as_value());
    let key = EventId::of_event(trigger_id(request.headers()), ctx.as_value());
    Some((title, Some(key.as_str().to_owned())))
}

fn trigger_id(headers: &HeaderMap) -> Option<Uuid> {
    Uuid::try_parse(headers.get(TRIGGER_ID)?.to_str().ok()?).ok()
}

/// The flow according to ctx: from the tag of the forwarding template, or from the URL of the flow.
fn flow(ctx: &Value) -> String {
    let tag = |name: &str| ctx["hook"][name].as_str();
    if let Some(flow) = tag("flow") {
        let method = tag("method").map(|method| format!(" by {method}")).unwrap_or_default();
        return format!("{flow}{method}");
    }
    let url = ctx["flow"]["request_url"].as_str().or(ctx["request_url"].as_str());
    let mut segments = url.unwrap_or_default().split('/');
    let named = segments.find(|segment| *segment == "self-service").and(segments.next());
    named.unwrap_or("Ory event").to_owned()
}

fn of_mandrill(event: &MailEvent) -> Arrival {
    Arrival {
        function: mandrill_inbound::NAME,
        title: event.event.word().to_owned(),
        key: Some(event.event_id().as_str().to_owned()),
        argument: rendering::with_somebody(event),
    }
}

/// A call of Mandrill of which nothing is stored.
fn without_event(request: &Request<Bytes>) -> String {
    let is_test = Form::decode(request.body()).is_ok_and(|form| form.is_test());
    let is_check = request.method() == Method::HEAD || is_test;
    if is_check { "check of the URL" } else { "Mandrill events" }.to_owned()
}

fn of_mailchimp(request: &Request<Bytes>) -> Option<(String, Option<String>)> {
    if request.method() != Method::POST {
        return Some(("validator".to_owned(), None));
    }
    let title = match event::read(&form::decode(request.body()).ok()?).ok()? {
        Decoded::Event(event) => event.kind().to_owned(),
        Decoded::Unknown { kind } => kind,
    };
    Some((title, Some(EventId::digest(request.body()).as_str().to_owned())))
}
