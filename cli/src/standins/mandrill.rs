//! Mandrill, as far as `messages/send`, `messages/send-template` and `rejects/list`.

use std::{fmt, io};

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use super::vendor::{self, VendorStandin};
use crate::server::Reply;

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

/// How Mandrill behaves.
#[derive(Default)]
pub struct Behaviour {
    key: String,
    bouncing: Vec<String>,
}

/// A stand-in for Mandrill.
pub type Mandrill = VendorStandin<Behaviour>;

impl Mandrill {
    /// Starts it on `port`, 0 for any; it takes calls that carry `key`.
    pub async fn start(port: u16, key: &str) -> io::Result<Self> {
        Self::serve(port, Behaviour { key: key.to_owned(), bouncing: Vec::new() }).await
    }

    /// The root of its API, for `MANDRILL_URL`.
    pub fn url(&self) -> String {
        format!("{}/api/1.0", self.root())
    }

    /// The key that it takes from now on.
    pub fn set_key(&self, key: &str) {
        self.change(|behaviour| key.clone_into(&mut behaviour.key));
    }

    /// Puts an address on the rejects list, as a hard bounce.
    pub fn let_bounce(&self, address: &str) {
        self.change(|behaviour| behaviour.bouncing.push(address.to_owned()));
    }
}

impl vendor::Behaviour for Behaviour {
    type Call = Received;

    fn read(request: &Request<Bytes>) -> Received {
        Received {
            method: request.uri().path().trim_start_matches("/api/1.0/").to_owned(),
            body: serde_json::from_slice(request.body()).unwrap_or_default(),
        }
    }

    fn answer(&self, call: &Received, count: usize) -> Reply {
        if call.body["key"] != self.key.as_str() {
            return error(401, -1, "Invalid_Key", "Invalid API key");
        }
        match call.method.as_str() {
            "messages/send" | "messages/send-template" => sent(&call.body, count),
            "rejects/list" => Reply::json(200, &self.rejects(call.body["email"].as_str())),
            _ => error(404, -1, "ValidationError", "No such method"),
        }
    }
}

impl Behaviour {
    fn rejects(&self, email: Option<&str>) -> Value {
        let listed = self.bouncing.iter().filter(|address| email == Some(address.as_str()));
        let row = |address: &String| {
            json!({
                "email": address, "reason": "hard-bounce", "detail": "", "expired": false,
                "created_at": "2026-01-01 00:00:00", "last_event_at": "2026-01-01 00:00:00",
                "expires_at": "2030-01-01 00:00:00", "sender": null, "subaccount": null,
            })
        };
        listed.map(row).collect()
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

fn error(status: u16, code: i64, name: &str, message: &str) -> Reply {
    let body = json!({"status": "error", "code": code, "name": name, "message": message});
    Reply::json(status, &body)
}
