//! Mandrill, as far as `messages/send`, `messages/send-template` and `rejects/list`.

use std::{collections::VecDeque, fmt, io};

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use super::Shared;
use crate::server::{Reply, Server};

/// One call that arrived.
#[derive(Clone, Debug)]
pub struct Received {
    /// The method: `messages/send`, …
    pub method: String,
    /// The body, with the key in it.
    pub body: Value,
}

impl fmt::Display for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let recipient = self.body["message"]["to"][0]["email"].as_str();
        write!(f, "Mandrill: {} to {}", self.method, recipient.unwrap_or("nobody"))
    }
}

#[derive(Default)]
struct State {
    key: String,
    received: Vec<Received>,
    script: VecDeque<Reply>,
    bouncing: Vec<String>,
}

/// A stand-in for Mandrill.
pub struct Mandrill {
    state: Shared<State>,
    server: Server,
}

impl Mandrill {
    /// Starts it; it takes calls that carry `key`.
    pub async fn start(key: &str) -> io::Result<Self> {
        let state = Shared::<State>::default();
        key.clone_into(&mut state.lock().key);
        let shared = state.clone();
        let server = Server::start(0, move |request| {
            let reply = answer(&mut shared.lock(), &request);
            async move { reply }
        });
        Ok(Self { state, server: server.await? })
    }

    /// The root of its API, for `MANDRILL_URL`.
    pub fn url(&self) -> String {
        format!("{}/api/1.0", self.server.url())
    }

    /// The key that it takes from now on.
    pub fn set_key(&self, key: &str) {
        key.clone_into(&mut self.state.lock().key);
    }

    /// Gives the next call this reply, instead of the honest one. Replies queue up.
    pub fn reply_next(&self, reply: Reply) {
        self.state.lock().script.push_back(reply);
    }

    /// Resets new connections before a request is read, or ends that.
    pub fn set_resetting(&self, resetting: bool) {
        self.server.set_resetting(resetting);
    }

    /// Puts an address on the rejects list, as a hard bounce.
    pub fn let_bounce(&self, address: &str) {
        self.state.lock().bouncing.push(address.to_owned());
    }

    /// All calls that arrived since the last look, refused ones too.
    pub fn take_received(&self) -> Vec<Received> {
        std::mem::take(&mut self.state.lock().received)
    }
}

fn answer(state: &mut State, request: &Request<Bytes>) -> Reply {
    let method = request.uri().path().trim_start_matches("/api/1.0/").to_owned();
    let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    state.received.push(Received { method: method.clone(), body: body.clone() });
    if let Some(scripted) = state.script.pop_front() {
        return scripted;
    }
    if body["key"] != state.key.as_str() {
        return error(401, -1, "Invalid_Key", "Invalid API key");
    }
    match method.as_str() {
        "messages/send" | "messages/send-template" => sent(&body, state.received.len()),
        "rejects/list" => Reply::json(200, &rejects(state, body["email"].as_str())),
        _ => error(404, -1, "ValidationError", "No such method"),
    }
}

fn sent(body: &Value, count: usize) -> Reply {
    let recipients = body["message"]["to"].as_array().cloned().unwrap_or_default();
    let rows: Vec<_> = recipients
        .iter()
        .map(|to| {
            json!({
                "email": to["email"], "status": "sent", "_id": format!("{count:032x}"),
                "reject_reason": null, "queued_reason": null,
            })
        })
        .collect();
    Reply::json(200, &json!(rows))
}

fn rejects(state: &State, email: Option<&str>) -> Value {
    let listed = state.bouncing.iter().filter(|address| email == Some(address.as_str()));
    let row = |address: &String| {
        json!({
            "email": address, "reason": "hard-bounce", "detail": "", "expired": false,
            "created_at": "2026-01-01 00:00:00", "last_event_at": "2026-01-01 00:00:00",
            "expires_at": "2030-01-01 00:00:00", "sender": null, "subaccount": null,
        })
    };
    listed.map(row).collect()
}

fn error(status: u16, code: i64, name: &str, message: &str) -> Reply {
    let body = json!({"status": "error", "code": code, "name": name, "message": message});
    Reply::json(status, &body)
}
