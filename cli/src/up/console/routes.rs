//! The routes of the page.

use std::sync::Arc;

use bytes::Bytes;
use fakes::{Fault, mailchimp::Act, mandrill::Fate, server::FakeReply};
use http::{Method, Request};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    Console, dead_letters,
    editor::{self, Draft},
    feed, guard, in_doubt, page,
    people::OryAct,
    retrying, sending, showing,
};

#[derive(Deserialize)]
struct Send {
    file: String,
    function: String,
}

/// The number of an event.
#[derive(Deserialize)]
struct OfEvent {
    event: usize,
}

/// The number of an event, or null for all.
#[derive(Deserialize)]
struct OfEvents {
    event: Option<usize>,
}

#[derive(Deserialize)]
struct Decide {
    event: usize,
    is_sent: bool,
}

/// What somebody does in Mailchimp about the contact with an address.
#[derive(Deserialize)]
struct ActInMailchimp {
    address: String,
    act: Act,
}

/// What happens to a mail that Mandrill took.
#[derive(Deserialize)]
struct ActInMandrill {
    mail: String,
    act: Fate,
}

/// What the owner of an identity does in Ory.
#[derive(Deserialize)]
struct ActInOry {
    identity: String,
    act: OryAct,
}

#[derive(Deserialize)]
struct DoubleOptIn {
    is_on: bool,
}

#[derive(Deserialize)]
struct InjectFault {
    service: String,
    fault: Fault,
}

impl Console {
    /// Answers every request that is not for a function.
    pub(crate) async fn answer(self: &Arc<Self>, request: Request<Bytes>) -> FakeReply {
        if !guard::admits(&request) {
            return refusal(403, "requests must come from the console page on this machine");
        }
        let path = request.uri().path();
        match *request.method() {
            // Without the body, which the server leaves out.
            Method::GET | Method::HEAD => self.get(path),
            Method::POST => self.post(path, request.body()).await,
            _ => None,
        }
        .unwrap_or_else(|| refusal(404, "not found"))
    }

    fn get(self: &Arc<Self>, path: &str) -> Option<FakeReply> {
        match path {
            "/console/feed" => Some(feed::answer(self)),
            _ => page::file(path).or_else(|| self.mail(path)),
        }
    }

    /// `/console/mail/EVENT`
    fn mail(&self, path: &str) -> Option<FakeReply> {
        let event = path.strip_prefix("/console/mail/")?;
        let event = self.events.event(event.parse().ok()?)?;
        showing::html_of_mail(&event).map(page::mail)
    }

    async fn post(self: &Arc<Self>, path: &str, body: &[u8]) -> Option<FakeReply> {
        match path {
            "/console/send" => {
                let Send { file, function } = read(body)?;
                let mut samples = self.samples();
                let sample = samples.find(|s| s.file == file && s.function == function)?;
                done(sending::send(self, sample).is_ok())
            }
            "/console/send-again" => {
                let OfEvent { event } = read(body)?;
                done(sending::send_again(self, event).is_ok())
            }
            "/console/retry" => {
                let OfEvent { event } = read(body)?;
                done(retrying::retry(self, event).is_ok())
            }
            "/console/retry-until-settled" => {
                let OfEvent { event } = read(body)?;
                done(retrying::retry_until_settled(self, event).is_ok())
            }
            "/console/redrive" => {
                let OfEvents { event } = read(body)?;
                done(dead_letters::redrive(self, event).is_ok())
            }
            "/console/delete" => {
                let OfEvent { event } = read(body)?;
                done(dead_letters::delete(self, event).is_ok())
            }
            "/console/decide" => {
                let Decide { event, is_sent } = read(body)?;
                done(in_doubt::decide(self, event, is_sent).is_ok())
            }
            "/console/act-in-mailchimp" => {
                let ActInMailchimp { address, act } = read(body)?;
                done(self.act_in_mailchimp(&address, act).await.is_ok())
            }
            "/console/act-in-mandrill" => {
                let ActInMandrill { mail, act } = read(body)?;
                done(self.act_in_mandrill(&mail, act).await.is_ok())
            }
            "/console/act-in-ory" => {
                let ActInOry { identity, act } = read(body)?;
                done(self.act_in_ory(&identity, act).await.is_ok())
            }
            "/console/double-opt-in" => {
                let DoubleOptIn { is_on } = read(body)?;
                self.set_double_opt_in(is_on);
                done(true)
            }
            "/console/fault" => {
                let InjectFault { service, fault } = read(body)?;
                let service = self.services().find(|one| one.id() == service)?;
                let can_have = service.faults().contains(&fault);
                if can_have {
                    self.inject_fault(service, fault);
                }
                done(can_have)
            }
            "/console/render" => {
                let draft: Draft = read(body)?;
                let rendered = editor::render(self, &draft).await?;
                *self.draft.lock() = Some(draft);
                Some(json(200, &rendered))
            }
            _ => None,
        }
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    serde_json::from_slice(body).ok()
}

fn done(is_done: bool) -> Option<FakeReply> {
    is_done.then(|| json(200, &Value::Null))
}

fn refusal(status: u16, why: &str) -> FakeReply {
    json(status, &serde_json::json!({ "error": why }))
}

fn json(status: u16, body: &Value) -> FakeReply {
    let response = page::careful(status).header("content-type", "application/json");
    FakeReply::Answer(response.body(body.to_string().into()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::HeaderMap;
    use serde_json::json;
    use shared::http::{Client, Http};

    use super::*;
    use crate::up::{
        local::{LocalStack, Mode, PortNumbers},
        relays::RELAYS,
    };

    #[tokio::test]
    async fn head_is_get_without_a_body() {
        let stack = stack().await;
        let client = Client::new().unwrap();
        let send = async |method, path| {
            let url = format!("{}{path}", stack.root()).parse().unwrap();
            let (headers, timeout) = (HeaderMap::new(), Duration::from_secs(10));
            let request =
                shared::http::Request { method, url, headers, body: Bytes::new(), timeout };
            client.send(request).await.unwrap()
        };
        for (path, status) in [("/", 200), ("/console/console.js", 200), ("/nothing", 404)] {
            let [get, head] = [send(Method::GET, path).await, send(Method::HEAD, path).await];
            assert_eq!((get.status, head.status), (status, status), "{path}");
            assert!(!get.body.is_empty() && head.body.is_empty(), "{path}");
        }
        let feed = send(Method::HEAD, "/console/feed").await;
        assert_eq!((feed.status, &feed.body[..]), (200, &b""[..]));
    }

    async fn stack() -> LocalStack {
        LocalStack::start(PortNumbers::default(), Mode::DEPLOYED).await.unwrap()
    }

    /// Presses a button of the page; the status of the answer.
    async fn press(stack: &LocalStack, button: &str, body: Value) -> u16 {
        let request = Request::post(format!("/console/{button}"))
            .header("host", "127.0.0.1")
            .header("content-type", "application/json");
        let request = request.body(body.to_string().into()).unwrap();
        match stack.console.answer(request).await {
            FakeReply::Answer(response) => response.status().as_u16(),
            other => panic!("{other:?}"),
        }
    }

    async fn inject(stack: &LocalStack, fault: &str) {
        inject_into(stack, "mandrill", fault).await;
    }

    async fn inject_into(stack: &LocalStack, service: &str, fault: &str) {
        let body = json!({"service": service, "fault": fault});
        assert_eq!(press(stack, "fault", body).await, 200);
    }

    /// Sends a sample that becomes this event, and waits until it is in this state.
    async fn send(stack: &LocalStack, event: usize, state: &str) {
        send_to(stack, "mandrill-welcome", event, state).await;
    }

    async fn send_to(stack: &LocalStack, function: &str, event: usize, state: &str) {
        let sample = json!({"file": "registration.json", "function": function});
        assert_eq!(press(stack, "send", sample).await, 200);
        until(stack, event, state).await;
    }

    /// Waits until an event is in this state, and gives it as the page shows it.
    async fn until(stack: &LocalStack, event: usize, state: &str) -> Value {
        let console = &stack.console;
        let (mut turns, mut moves) = (console.events.turns(), console.queues.changes());
        loop {
            if let Some(event) = console.events.event(event) {
                let place = console.places().of(&event).map(|place| console.shown_place(place));
                let shown = console.shown(&event, place);
                if shown["state"] == state {
                    return shown;
                }
            }
            tokio::select! {
                changed = turns.changed() => changed.unwrap(),
                changed = moves.changed() => changed.unwrap(),
            }
        }
    }

    #[tokio::test]
    async fn event_is_retried_until_it_is_a_dead_letter_and_then_redriven_or_deleted() {
        let stack = stack().await;
        inject(&stack, "invalid_key").await;
        for event in [1, 2] {
            send(&stack, event, "blocked").await;
            assert_eq!(press(&stack, "retry-until-settled", json!({"event": event})).await, 200);
            let shown = until(&stack, event, "dead_letter").await;
            let deliveries = shown["deliveries"].as_array().unwrap();
            let brief = deliveries.iter().filter(|delivery| delivery["is_brief"] == true);
            assert_eq!((deliveries.len(), brief.count()), (100, 96));
        }
        assert_eq!(press(&stack, "delete", json!({"event": 1})).await, 200);
        until(&stack, 1, "deleted").await;
        inject(&stack, "none").await;
        assert_eq!(press(&stack, "redrive", json!({"event": null})).await, 200);
        let shown = until(&stack, 2, "delivered").await;
        assert_eq!(shown["deliveries"][100]["said"], "attempt 1: delivered");
    }

    #[tokio::test]
    async fn head_is_answered_as_get() {
        let stack = stack().await;
        let request = Request::head("/").header("host", "127.0.0.1").body(Bytes::new()).unwrap();
        let FakeReply::Answer(response) = stack.console.answer(request).await else { panic!() };
        assert_eq!(response.status(), 200);
    }

    #[tokio::test]
    async fn retry_skips_to_the_next_attempt() {
        let stack = stack().await;
        inject(&stack, "invalid_key").await;
        send(&stack, 1, "blocked").await;
        inject(&stack, "none").await;
        assert_eq!(press(&stack, "retry", json!({"event": 1})).await, 200);
        let shown = until(&stack, 1, "delivered").await;
        assert_eq!(shown["place"], Value::Null);
        let said: Vec<_> = ["requests", "deliveries"]
            .iter()
            .flat_map(|part| shown[part].as_array().unwrap())
            .map(|part| part["said"].as_str().unwrap())
            .collect();
        let expected = [
            "enqueued, answered 202",
            "attempt 1: Mandrill answered 401: blocked; again in 15 min",
            "attempt 2: delivered",
        ];
        assert_eq!(said, expected);
        for button in ["retry", "retry-until-settled", "decide"] {
            let body = json!({"event": 1, "is_sent": true});
            assert_eq!(press(&stack, button, body).await, 404, "{button}");
        }
    }

    #[tokio::test]
    async fn mail_in_doubt_is_found_or_sent_again() {
        let stack = stack().await;
        let rows = [(1, "connection_reset", true, 1), (2, "response_lost", false, 2)];
        for (event, fault, is_sent, mails) in rows {
            inject(&stack, fault).await;
            send(&stack, event, "in_doubt").await;
            inject(&stack, "none").await;
            let body = json!({"event": event, "is_sent": is_sent});
            assert_eq!(press(&stack, "decide", body).await, 200);
            assert_eq!(until(&stack, event, "in_doubt").await["is_sent"], is_sent);
            assert_eq!(press(&stack, "retry-until-settled", json!({"event": event})).await, 200);
            until(&stack, event, "delivered").await;
            assert_eq!(stack.fakes.mandrill.mails()["ann@example.com"], mails);
        }
    }

    #[tokio::test]
    async fn mail_that_bounces_is_an_event_of_its_own() {
        let stack = stack().await;
        send(&stack, 1, "delivered").await;
        let mail = stack.fakes.mandrill.all_mails().remove(0);
        let act = json!({"mail": mail["_id"], "act": "hard_bounces"});
        assert_eq!(press(&stack, "act-in-mandrill", act).await, 200);
        let shown = until(&stack, 2, "delivered").await;
        assert_eq!(
            (&shown["title"], &shown["function"]),
            (&json!("hard_bounce"), &json!("mandrill-inbound"))
        );
        assert_eq!(shown["argument"]["event"]["_id"], mail["_id"]);
        let changes = &shown["deliveries"][0]["identity"]["changes"][0];
        assert!(changes.as_str().unwrap().contains("undeliverable"), "{changes}");
        let mails = super::super::mails::shown(&stack.console);
        assert_eq!(mails[0]["person"]["mark"]["reason"], "bad_mailbox");
        assert_eq!((&mails[0]["state"], &mails[0]["acts"]), (&json!("bounced"), &json!([])));
        let unknown = json!({"mail": "x", "act": "hard_bounces"});
        assert_eq!(press(&stack, "act-in-mandrill", unknown).await, 404);
    }

    #[tokio::test]
    async fn event_settles_a_mail_in_doubt_which_nobody_searches_for() {
        let stack = stack().await;
        inject(&stack, "response_lost").await;
        send(&stack, 1, "in_doubt").await;
        inject(&stack, "none").await;
        let mail = stack.fakes.mandrill.all_mails().remove(0)["_id"].clone();
        let act = json!({"mail": mail, "act": "is_sent"});
        assert_eq!(press(&stack, "act-in-mandrill", act).await, 200);
        until(&stack, 2, "delivered").await;
        assert_eq!(press(&stack, "retry-until-settled", json!({"event": 1})).await, 200);
        until(&stack, 1, "duplicate").await;
        let calls = stack.fakes.mandrill.take_received();
        assert!(calls.iter().map(|call| &*call.method).eq(["messages/send"]));
    }

    #[tokio::test]
    async fn each_event_of_a_call_is_shown() {
        let stack = stack().await;
        let sample = json!({"file": "mandrill-several.json", "function": "mandrill-inbound"});
        assert_eq!(press(&stack, "send", sample).await, 200);
        for (event, title, state) in [(1, "hard_bounce", "delivered"), (2, "send", "skipped")] {
            let shown = until(&stack, event, state).await;
            assert_eq!(shown["title"], title);
            assert_eq!(shown["requests"][0]["said"], "enqueued, answered 200");
            assert_eq!(shown["deliveries"].as_array().unwrap().len(), 1);
        }
    }

    #[tokio::test]
    async fn call_of_a_relay_is_shown_and_if_in_doubt_repeated_or_held_as_the_preset_says() {
        let relays: Vec<_> = RELAYS.iter().collect();
        let stack = LocalStack::with_relays(PortNumbers::default(), Mode::DEPLOYED, &relays);
        let stack = stack.await.unwrap();
        for (event, relay) in std::iter::zip(1.., &RELAYS) {
            inject_into(&stack, relay.function, "response_lost").await;
            send_to(&stack, relay.function, event, "in_doubt").await;
            inject_into(&stack, relay.function, "none").await;
            assert_eq!(press(&stack, "retry-until-settled", json!({"event": event})).await, 200);
            let is_held = relay.preset == "slack";
            let (end, calls) = if is_held { ("dead_letter", 1) } else { ("delivered", 2) };
            let shown = until(&stack, event, end).await;
            let received = stack.fakes.relayed(relay).unwrap().take_received();
            assert_eq!(received.len(), calls, "{}", relay.preset);
            let steps = shown["deliveries"][0]["steps"].as_array().unwrap();
            let call = steps.iter().find(|step| step["kind"] == "call").unwrap();
            // The path of Slack's webhooks is the secret.
            let line = if is_held { "POST …".to_owned() } else { received[0].to_string() };
            assert_eq!((&call["to"], &call["line"]), (&json!(relay.vendor), &json!(line)));
            assert_eq!(call["body"], received[0].body);
        }
    }
}
