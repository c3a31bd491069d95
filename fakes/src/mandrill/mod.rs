//! Mandrill, limited to `messages/send`, `messages/send-template`, `messages/search`,
//! `rejects/list`, `users/ping2`, `senders/domains` and the webhooks.

mod fate;
mod webhook;

use std::{
    collections::{BTreeMap, HashMap},
    fmt, io,
};

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use time::OffsetDateTime;

pub use fate::{Fate, NoSuchMail};
pub use webhook::{SentEvents, is_reached};

use self::webhook::Webhook;
use crate::server::FakeReply;
use crate::vendor::{FakeVendor, VendorServer};

/// One call that arrived.
#[derive(Clone, Debug)]
pub struct Received {
    /// The method: `messages/send`, …
    pub method: String,
    /// The body, including the key.
    pub body: Value,
    /// Whether the URL of a webhook that it makes or changes answers.
    is_reached: bool,
}

impl Received {
    /// Whether it sends a mail, or tries to.
    pub fn is_mail(&self) -> bool {
        self.method.starts_with("messages/send")
    }
}

impl fmt::Display for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.body["message"]["to"][0]["email"].as_str() {
            Some(recipient) => write!(f, "Mandrill: {} to {recipient}", self.method),
            None => write!(f, "Mandrill: {}", self.method),
        }
    }
}

/// How many rows a search returns by default.
const ROWS_BY_DEFAULT: usize = 100;

/// How Mandrill behaves.
pub struct Mandrill {
    keys: Vec<String>,
    bouncing: Vec<String>,
    /// The rows of a search, by address.
    sent: HashMap<String, Vec<Value>>,
    is_index_behind: bool,
    is_rejecting: bool,
    domains: BTreeMap<String, bool>,
    forbidden: Vec<&'static str>,
    webhooks: Vec<Webhook>,
    /// How many keys of webhooks there have been.
    webhook_keys: usize,
    now: Box<dyn Fn() -> OffsetDateTime + Send>,
}

impl Default for Mandrill {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            bouncing: Vec::new(),
            sent: HashMap::new(),
            is_index_behind: false,
            is_rejecting: false,
            domains: BTreeMap::new(),
            forbidden: Vec::new(),
            webhooks: Vec::new(),
            webhook_keys: 0,
            now: Box::new(OffsetDateTime::now_utc),
        }
    }
}

/// A fake of Mandrill.
pub type FakeMandrill = VendorServer<Mandrill>;

impl FakeMandrill {
    /// Starts it on `port`, 0 for any; it accepts calls that carry `key`.
    pub async fn start(port: u16, key: &str) -> io::Result<Self> {
        Self::serve(port, Mandrill { keys: vec![key.to_owned()], ..Mandrill::default() }).await
    }

    /// The root of its API, for `MANDRILL_URL`.
    pub fn url(&self) -> String {
        format!("{}/api/1.0", self.root())
    }

    /// Tells the time from now on; until then it is the machine's.
    pub fn set_clock(&self, now: impl Fn() -> OffsetDateTime + Send + 'static) {
        self.with(|mandrill| mandrill.now = Box::new(now));
    }

    /// Accepts only this key from now on.
    pub fn set_key(&self, key: &str) {
        self.with(|mandrill| mandrill.keys = vec![key.to_owned()]);
    }

    /// Accepts one more key from now on.
    pub fn add_key(&self, key: &str) {
        self.with(|mandrill| mandrill.keys.push(key.to_owned()));
    }

    /// Makes searches find no sent mail, as if the index were behind, or ends that.
    pub fn set_index_behind(&self, is_index_behind: bool) {
        self.with(|mandrill| mandrill.is_index_behind = is_index_behind);
    }

    /// How many mails were sent to each address; bounced mails do not count.
    pub fn mails(&self) -> HashMap<String, usize> {
        let has_left =
            |row: &&Value| !["rejected", "bounced"].map(Value::from).contains(&row["state"]);
        let sent = |rows: &Vec<Value>| rows.iter().filter(has_left).count();
        self.with(|mandrill| {
            let rows = mandrill.sent.iter();
            rows.map(|(address, rows)| (address.clone(), sent(rows))).collect()
        })
    }

    /// Makes searches find this message of a send, as if the mail had been sent.
    pub fn put_mail(&self, message: &Value) {
        self.with(|mandrill| {
            mandrill.remove(message);
            let count = mandrill.sent.values().map(Vec::len).sum();
            mandrill.send(message, count);
        });
    }

    /// Makes searches no longer find this message of a send, as if the mail had not been sent.
    pub fn remove_mail(&self, message: &Value) {
        self.with(|mandrill| mandrill.remove(message));
    }

    /// Whether searches find this message of a send.
    pub fn has_mail(&self, message: &Value) -> bool {
        self.with(|mandrill| {
            mandrill.sent.values().flatten().any(|row| row["metadata"] == message["metadata"])
        })
    }

    /// The rows of all mails, as a search shows them, in the order in which they were sent.
    pub fn all_mails(&self) -> Vec<Value> {
        let mut rows: Vec<Value> =
            self.with(|mandrill| mandrill.sent.values().flatten().cloned().collect());
        rows.sort_by(|one, other| one["_id"].as_str().cmp(&other["_id"].as_str()));
        rows
    }

    /// Forgets the sent mails.
    pub fn forget(&self) {
        self.with(|mandrill| mandrill.sent.clear());
    }

    /// Adds a sending domain, verified or not.
    pub fn set_domain(&self, domain: &str, is_verified: bool) {
        self.with(|mandrill| mandrill.domains.insert(domain.to_owned(), is_verified));
    }

    /// Stops accepting the key for this method, as Mandrill does with a restricted key.
    pub fn forbid(&self, method: &'static str) {
        self.with(|mandrill| mandrill.forbidden.push(method));
    }

    /// Adds an address to the rejects list, as a hard bounce.
    pub fn let_bounce(&self, address: &str) {
        self.with(|mandrill| mandrill.bouncing.push(address.to_owned()));
    }
}

impl FakeVendor for Mandrill {
    type Call = Received;

    fn read(request: &Request<Bytes>) -> Received {
        Received {
            method: request.uri().path().trim_start_matches("/api/1.0/").to_owned(),
            body: serde_json::from_slice(request.body()).unwrap_or_default(),
            is_reached: false,
        }
    }

    /// Before a webhook is made or changed, Mandrill tries its URL.
    async fn inquire(call: &mut Received) {
        if let ("webhooks/add" | "webhooks/update", Some(url)) =
            (call.method.as_str(), call.body["url"].as_str())
        {
            call.is_reached = is_reached(url).await;
        }
    }

    fn answer(&mut self, call: &Received, count: usize) -> FakeReply {
        if !self.keys.iter().any(|key| call.body["key"] == key.as_str()) {
            return Self::invalid_key();
        }
        if self.forbidden.contains(&call.method.as_str()) {
            return error(401, -1, "Invalid_Key", "This key may not call this method");
        }
        match call.method.as_str() {
            "messages/send" | "messages/send-template" => self.send(&call.body["message"], count),
            "messages/search" => FakeReply::json(200, &self.search(&call.body)),
            "users/ping2" => FakeReply::json(200, &json!({"PING": "PONG!"})),
            "senders/domains" => FakeReply::json(200, &self.domains()),
            "rejects/list" => FakeReply::json(200, &self.rejects(call.body["email"].as_str())),
            "webhooks/add" => self.add_webhook(call),
            "webhooks/list" => FakeReply::json(200, &self.list_webhooks()),
            "webhooks/info" => self.show_webhook(call),
            "webhooks/update" => self.change_webhook(call),
            "webhooks/delete" => self.delete_webhook(call),
            _ => error(404, -1, "ValidationError", "No such method"),
        }
    }

    fn invalid_key() -> FakeReply {
        error(401, -1, "Invalid_Key", "Invalid API key")
    }

    /// Mandrill rejects an address, never a call.
    fn rejection() -> Option<FakeReply> {
        None
    }

    fn set_rejecting(&mut self, is_rejecting: bool) {
        self.is_rejecting = is_rejecting;
    }
}

impl Mandrill {
    /// The metadata, which hold the idempotency key, tell one mail from another.
    fn remove(&mut self, message: &Value) {
        let is_other = |row: &Value| row["metadata"] != message["metadata"];
        self.sent.values_mut().for_each(|rows| rows.retain(is_other));
    }

    fn send(&mut self, message: &Value, count: usize) -> FakeReply {
        let recipients = message["to"].as_array().into_iter().flatten();
        let rows: Vec<_> =
            recipients.map(|to| self.send_to(&to["email"], message, count)).collect();
        FakeReply::json(200, &json!(rows))
    }

    fn send_to(&mut self, email: &Value, message: &Value, count: usize) -> Value {
        let id = format!("{count:032x}");
        let bounces = email.as_str().is_some_and(|email| self.bounces(email));
        let (status, reason) =
            if bounces { ("rejected", Some("hard-bounce")) } else { ("sent", None) };
        let row = json!({
            "_id": id, "ts": 1_767_225_600, "email": email, "state": status,
            "sender": message["from_email"], "subject": message["subject"], "tags": [],
            "metadata": message["metadata"],
        });
        self.sent.entry(email.as_str().unwrap_or_default().to_owned()).or_default().push(row);
        json!({
            "email": email, "status": status, "_id": id, "reject_reason": reason,
            "queued_reason": null,
        })
    }

    /// The rows of mails to the address that the query quotes, or of all mails for `*`, the default
    /// query; no more than requested.
    fn search(&self, body: &Value) -> Value {
        if self.is_index_behind {
            return json!([]);
        }
        let query = body["query"].as_str().unwrap_or("*");
        let limit = body["limit"].as_u64().and_then(|limit| usize::try_from(limit).ok());
        let address = query.trim_matches('"');
        let found = self.sent.iter().filter(|(to, _)| query == "*" || to.as_str() == address);
        let rows = found.flat_map(|(_, rows)| rows).take(limit.unwrap_or(ROWS_BY_DEFAULT));
        rows.cloned().collect()
    }

    fn domains(&self) -> Value {
        let row = |(domain, is_verified): (&String, &bool)| {
            let record = json!({"valid": is_verified, "valid_after": null, "error": null});
            json!({
                "domain": domain, "created_at": "2026-01-01 00:00:00",
                "last_tested_at": "2026-01-01 00:00:00", "spf": record, "dkim": record,
                "verified_at": is_verified.then_some("2026-01-01 00:00:00"),
                "valid_signing": is_verified,
            })
        };
        self.domains.iter().map(row).collect()
    }

    fn rejects(&self, email: Option<&str>) -> Value {
        let bounces = |address: &&str| self.bounces(address);
        let row = |address: &str| {
            json!({
                "email": address, "reason": "hard-bounce", "detail": "", "expired": false,
                "created_at": "2026-01-01 00:00:00", "last_event_at": "2026-01-01 00:00:00",
                "expires_at": "2030-01-01 00:00:00", "sender": null, "subaccount": null,
            })
        };
        email.filter(bounces).map(row).into_iter().collect()
    }

    fn bounces(&self, email: &str) -> bool {
        self.is_rejecting || self.bouncing.iter().any(|address| address == email)
    }
}

/// An error as Mandrill tells it.
fn error(status: u16, code: i64, name: &str, message: &str) -> FakeReply {
    let body = json!({"status": "error", "code": code, "name": name, "message": message});
    FakeReply::json(status, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn mail_in_doubt_can_be_put_in_and_removed() {
        let fake = FakeMandrill::start(0, "key").await.unwrap();
        let mail =
            |key: &str| json!({"to": [{"email": "ann@example.com"}], "metadata": {"ory_key": key}});
        fake.put_mail(&mail("one"));
        fake.put_mail(&mail("one"));
        fake.put_mail(&mail("two"));
        assert_eq!(fake.mails()["ann@example.com"], 2);
        fake.remove_mail(&mail("one"));
        assert_eq!((fake.has_mail(&mail("one")), fake.has_mail(&mail("two"))), (false, true));
    }
}
