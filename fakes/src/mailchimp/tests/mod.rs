mod account;
mod addresses;
mod http;
mod merge_fields;
mod people;
mod states;
mod webhooks;

use ::http::Method;
use serde_json::{Value, json};
use time::{OffsetDateTime, macros::datetime};

use super::*;

const KEY: &str = "0123456789abcdef0123456789abcdef-us6";
const NOW: OffsetDateTime = datetime!(2026-02-03 08:30 UTC);
const ANN: &str = "ann@example.com";
const BOB: &str = "bob@example.com";

/// An account with one audience, and the calls of a program.
struct Desk(Account);

impl Desk {
    fn new() -> Self {
        let mut account = Account::new(KEY);
        account.audience(LIST_ID);
        Self(account)
    }

    /// Ann is in this state already.
    fn with(status: Status) -> Self {
        let mut desk = Self::new();
        desk.list().put_member(ANN, status, NOW);
        desk
    }

    fn list(&mut self) -> &mut Audience {
        self.0.audience(LIST_ID)
    }

    fn ann(&mut self) -> &Member {
        self.list().member(ANN).unwrap()
    }

    fn call(&mut self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let query = url::form_urlencoded::parse(query.as_bytes());
        let call = MailchimpCall {
            method: Method::from_bytes(method.as_bytes()).unwrap(),
            path: format!("/3.0/{path}"),
            query: query.into_owned().collect(),
            key: Some(KEY.to_owned()),
            body,
        };
        let answer = self.0.answer(&call, NOW);
        (answer.status, answer.json())
    }

    /// A call about the audience.
    fn of_list(&mut self, method: &str, path: &str, body: Value) -> (u16, Value) {
        self.call(method, &format!("lists/{LIST_ID}/{path}"), body)
    }

    /// A call about Ann.
    fn of_ann(&mut self, method: &str, body: Value) -> (u16, Value) {
        self.of_list(method, &format!("members/{}", hash_of(ANN)), body)
    }

    fn put_ann(&mut self, mut body: Value) -> (u16, Value) {
        body["email_address"] = json!(ANN);
        self.of_ann("PUT", body)
    }

    fn status(&mut self) -> Option<Status> {
        self.list().member(ANN).map(|member| member.status)
    }
}

/// The title of a refusal; empty for any other answer.
fn title((status, body): &(u16, Value)) -> &str {
    if *status < 400 { "" } else { body["title"].as_str().unwrap() }
}
