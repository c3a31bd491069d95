//! An audience in memory, which answers as Mailchimp's documents say.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use http::{HeaderMap, Method};
use serde_json::{Value, json};
use shared::{
    clock::SharedClock,
    http::{Error, Http, Request, Response},
    mailchimp::member_hash,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// One contact.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Member {
    pub(super) address: String,
    pub(super) status: String,
    pub(super) merge_fields: Value,
    pub(super) tags: BTreeMap<String, bool>,
    changed: OffsetDateTime,
}

/// What goes wrong with a call.
pub(super) enum Fault {
    /// Nothing: this many calls pass before the next fault.
    Pass(usize),
    /// It is answered so, and has no effect.
    Answer(u16, &'static str),
    /// It has its effect, and no answer.
    Silence,
    /// Something else happens before it.
    Before(fn(&mut State)),
    /// It takes this long.
    Slow(Duration),
}

#[derive(Default)]
pub(super) struct State {
    pub(super) members: BTreeMap<String, Member>,
    pub(super) double_opt_in: bool,
    pub(super) forgotten: Vec<String>,
    /// The calls so far: method, and the path below the list.
    pub(super) calls: Vec<String>,
    faults: VecDeque<Fault>,
    now: Option<OffsetDateTime>,
}

impl State {
    /// The one contact.
    pub(super) fn the_one(&mut self) -> &mut Member {
        assert_eq!(self.members.len(), 1);
        self.members.values_mut().next().unwrap()
    }

    /// A person or an administrator changes the state of the one contact.
    pub(super) fn set(&mut self, status: &str) {
        let now = self.now.unwrap();
        let member = self.the_one();
        member.status = status.to_owned();
        member.changed = now;
    }

    pub(super) fn add(&mut self, address: &str, status: &str) -> String {
        let id = format!("c{}", self.members.len() + 1);
        let changed = self.now.unwrap();
        let (address, status) = (address.to_owned(), status.to_owned());
        let member =
            Member { address, status, merge_fields: json!({}), tags: BTreeMap::new(), changed };
        self.members.insert(id.clone(), member);
        id
    }

    fn find(&self, name: &str) -> Option<String> {
        let is_it =
            |(id, member): &(&String, &Member)| *id == name || member_hash(&member.address) == name;
        self.members.iter().find(is_it).map(|(id, _)| id.clone())
    }

    fn show(&self, id: &str) -> (u16, Value) {
        let member = &self.members[id];
        let changed = member.changed.truncate_to_second().format(&Rfc3339).unwrap();
        let shown = json!({
            "contact_id": id, "email_address": member.address, "status": member.status,
            "last_changed": changed,
        });
        (200, shown)
    }

    fn answer(&mut self, method: &Method, path: &str, body: &Value) -> (u16, Value) {
        let parts: Vec<_> = path.split('/').collect();
        match (method.as_str(), parts.as_slice()) {
            ("GET", [""]) => (200, json!({"id": "l1", "double_optin": self.double_opt_in})),
            ("GET", ["members", name]) => match self.find(name) {
                Some(id) => self.show(&id),
                None => (404, json!({"title": "Resource Not Found", "status": 404})),
            },
            ("PUT" | "PATCH", ["members", name]) => self.write(method, name, body),
            ("DELETE", ["members", name]) => match self.find(name) {
                None => (404, json!({"title": "Resource Not Found"})),
                Some(id) => {
                    let member = self.members.get_mut(&id).unwrap();
                    if ["pending", "cleaned", "archived"].contains(&member.status.as_str()) {
                        return (405, json!({"title": "Method Not Allowed"}));
                    }
                    member.status = "archived".to_owned();
                    (204, Value::Null)
                }
            },
            ("POST", ["members", name, "tags"]) => {
                let id = self.find(name).unwrap();
                let tags = &mut self.members.get_mut(&id).unwrap().tags;
                for tag in body["tags"].as_array().unwrap() {
                    let name = tag["name"].as_str().unwrap().to_owned();
                    tags.insert(name, tag["status"] == "active");
                }
                (204, Value::Null)
            }
            other => panic!("{other:?}"),
        }
    }

    fn write(&mut self, method: &Method, name: &str, body: &Value) -> (u16, Value) {
        let invalid = |title: &str, detail: &str| (400, json!({"title": title, "detail": detail}));
        let address = body["email_address"].as_str();
        if address.is_some_and(|address| self.forgotten.iter().any(|gone| gone == address)) {
            return invalid("Forgotten Email Not Subscribed", "");
        }
        let found = self.find(name);
        let holder = address.and_then(|address| self.find(&member_hash(address)));
        if method == Method::PATCH && holder.is_some() && holder != found {
            return invalid("Invalid Resource", "ann is already in this list.");
        }
        let moves = |id: &String| address.is_some_and(|to| self.members[id].address != to);
        let is_fixed = |id: &String| self.members[id].status != "subscribed";
        if found.as_ref().is_some_and(|id| moves(id) && is_fixed(id)) {
            let text =
                "You can only update email addresses for members with a status of \"subscribed.\"";
            return invalid("Invalid Resource", text);
        }
        let is_new = found.is_none();
        let id = match (found, address) {
            (Some(id), _) => id,
            (None, Some(address)) if method == Method::PUT => self.add(address, ""),
            (None, _) => return (404, json!({"title": "Resource Not Found"})),
        };
        let now = self.now.unwrap();
        let member = self.members.get_mut(&id).unwrap();
        let status = if is_new { &body["status_if_new"] } else { &body["status"] };
        let wanted = status.as_str().unwrap_or(&member.status).to_owned();
        // Harsher than Mailchimp: whatever the function relies on, it must not rely on this.
        let has_left = ["unsubscribed", "cleaned"].contains(&member.status.as_str());
        assert!(!(has_left && wanted == "subscribed"), "subscribed somebody who has left");
        member.status = wanted;
        member.changed = now;
        if let Some(address) = address {
            member.address = address.to_owned();
        }
        if let Some(fields) = body["merge_fields"].as_object() {
            member.merge_fields.as_object_mut().unwrap().extend(fields.clone());
        }
        self.show(&id)
    }
}

/// The audience, as a server.
pub(super) struct Audience {
    state: Mutex<State>,
    clock: SharedClock,
}

impl Audience {
    pub(super) fn new(clock: SharedClock) -> Self {
        let state = State { now: Some(clock.now()), ..State::default() };
        Self { state: Mutex::new(state), clock }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap();
        state.now = Some(self.clock.now());
        state
    }

    /// The faults of the next calls.
    pub(super) fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state().faults.extend(faults);
    }

    /// The calls since the last time that this was asked.
    pub(super) fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.state().calls)
    }
}

/// The fault of this call.
fn next(faults: &mut VecDeque<Fault>) -> Option<Fault> {
    match faults.pop_front()? {
        Fault::Pass(left) if left > 0 => {
            faults.push_front(Fault::Pass(left - 1));
            None
        }
        Fault::Pass(_) => next(faults),
        fault => Some(fault),
    }
}

#[async_trait]
impl Http for Audience {
    async fn send(&self, request: Request) -> Result<Response, Error> {
        let fault = next(&mut self.state().faults);
        if let Some(Fault::Slow(time)) = fault {
            if time > request.timeout {
                tokio::time::sleep(request.timeout).await;
                return Err(Error::MaybeWritten("timed out".into()));
            }
            tokio::time::sleep(time).await;
        }
        let mut state = self.state();
        if let Some(Fault::Before(act)) = fault {
            act(&mut state);
        }
        let is_write = [Method::PUT, Method::PATCH].contains(&request.method);
        let skips = request.url.query() == Some("skip_merge_validation=true");
        assert_eq!(skips, is_write, "a field that the audience requires stops no write");
        let path = request.url.path().strip_prefix("/3.0/lists/l1").unwrap();
        let path = path.trim_start_matches('/').to_owned();
        let call = format!("{} {path}", request.method).trim_end().to_owned();
        state.calls.push(call);
        let headers = HeaderMap::new();
        if let Some(Fault::Answer(status, body)) = fault {
            return Ok(Response { status, headers, body: body.into() });
        }
        let body = serde_json::from_slice(&request.body).unwrap_or_default();
        let (status, body) = state.answer(&request.method, &path, &body);
        if let Some(Fault::Silence) = fault {
            return Err(Error::MaybeWritten("hung up".into()));
        }
        let body = if status == 204 { String::new() } else { body.to_string() };
        Ok(Response { status, headers, body: body.into() })
    }
}
