//! Ory's admin API, limited to finding, listing and patching identities. It rejects everything
//! else. <https://www.ory.com/docs/reference/api#tag/identity>

mod call;
mod list;
mod patch;
mod people;
mod schema;

use std::{collections::BTreeMap, io};

use bytes::Bytes;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

pub use call::AdminCall;
pub use list::too_many_calls;
pub use patch::apply as patched;
pub use people::{people_of_the_samples, person};

use crate::server::FakeReply;
use crate::vendor::{FakeVendor, VendorServer};
use call::Asked;
use list::Lists;
use schema::Schema;

/// How Ory behaves.
#[derive(Default)]
pub struct Ory {
    /// `None` accepts every caller.
    tokens: Vec<String>,
    schema: Schema,
    identities: BTreeMap<String, Value>,
    lists: Lists,
    /// `None`: the machine's.
    clock: Option<Box<dyn Fn() -> OffsetDateTime + Send>>,
}

/// A fake of Ory's admin API.
pub type FakeOry = VendorServer<Ory>;

impl FakeOry {
    /// Starts it on `port`, 0 for any; it accepts calls that carry `token`, or all calls if that is
    /// `None`.
    pub async fn start(port: u16, token: Option<&str>) -> io::Result<Self> {
        let tokens = token.into_iter().map(str::to_owned).collect();
        Self::serve(port, Ory { tokens, ..Ory::default() }).await
    }

    /// The root of its API, for `ORY_URL`.
    pub fn url(&self) -> String {
        self.root()
    }

    /// Tells the time from now on; until then it is the machine's.
    pub fn set_clock(&self, now: impl Fn() -> OffsetDateTime + Send + 'static) {
        self.with(|ory| ory.clock = Some(Box::new(now)));
    }

    /// Accepts only this token from now on; `None` accepts any, and none.
    pub fn set_token(&self, token: Option<&str>) {
        self.with(|ory| ory.tokens = token.into_iter().map(str::to_owned).collect());
    }

    /// Accepts one more token from now on.
    pub fn add_token(&self, token: &str) {
        self.with(|ory| ory.tokens.push(token.to_owned()));
    }

    /// Sets the traits of the identity schema. A patch that leaves other traits, or a
    /// `consent.newsletter` that is not a boolean, is rejected.
    pub fn set_traits(&self, names: &[&str]) {
        self.with(|ory| ory.schema = Schema::of(names));
    }

    /// Adds an identity under its `id`. [`person`] makes one.
    pub fn put_identity(&self, identity: Value) {
        let id = identity["id"].as_str().unwrap_or_default().to_owned();
        self.with(|ory| ory.identities.insert(id, identity));
    }

    /// The current identity with this id.
    pub fn identity(&self, id: &str) -> Option<Value> {
        self.with(|ory| ory.identities.get(id).cloned())
    }

    /// All current identities, sorted by id.
    pub fn identities(&self) -> Vec<Value> {
        self.with(|ory| ory.identities.values().cloned().collect())
    }

    /// Removes an identity, as if its owner had deleted the account.
    pub fn remove_identity(&self, id: &str) {
        self.with(|ory| ory.identities.remove(id));
    }

    /// Puts at most this number of identities on a page from now on.
    pub fn set_page_limit(&self, most: usize) {
        self.with(|ory| ory.lists.most = Some(most));
    }

    /// Says on each page how many calls are left, and after how many seconds there are more.
    pub fn set_rate(&self, remaining: u32, reset_seconds: u32) {
        self.with(|ory| ory.lists.rate = Some((remaining, reset_seconds)));
    }

    /// Changes the identities after each page.
    pub fn change_after_each_page(
        &self,
        change: impl FnMut(&mut BTreeMap<String, Value>) + Send + 'static,
    ) {
        self.with(|ory| ory.lists.after_each = Some(Box::new(change)));
    }

    /// All patches since the last time this was called, rejected ones included; other calls are
    /// forgotten.
    pub fn take_patches(&self) -> Vec<AdminCall> {
        let received = self.take_received().into_iter();
        received.filter(AdminCall::is_patch).collect()
    }
}

impl FakeVendor for Ory {
    type Call = AdminCall;

    fn read(request: &Request<Bytes>) -> AdminCall {
        AdminCall::read(request)
    }

    fn answer(&mut self, call: &AdminCall, _count: usize) -> FakeReply {
        if !self.lets_in(call.token.as_ref()) {
            return Self::invalid_key();
        }
        match call.asked() {
            Asked::Get(id) => self.get(id),
            Asked::Find(identifier) => self.find(identifier),
            Asked::List(page) => self.lists.page(&page, &mut self.identities),
            Asked::Patch(id) => self.patch(id, &call.body),
            // The words of Kratos' router.
            Asked::Elsewhere => FakeReply::text(404, "text/plain", "404 page not found\n"),
            Asked::Unknown(why) => error(StatusCode::BAD_REQUEST, why),
        }
    }

    fn invalid_key() -> FakeReply {
        error(StatusCode::UNAUTHORIZED, "Access credentials are invalid")
    }

    fn rejection() -> Option<FakeReply> {
        Some(FakeReply::json(400, &json!({"error": {"code": 400, "status": "Bad Request"}})))
    }
}

impl Ory {
    fn lets_in(&self, token: Option<&String>) -> bool {
        self.tokens.is_empty() || token.is_some_and(|token| self.tokens.contains(token))
    }

    fn get(&self, id: &str) -> FakeReply {
        match self.identities.get(id) {
            Some(identity) => FakeReply::json(200, &shown(identity)),
            None => error(StatusCode::NOT_FOUND, "Unable to locate the resource"),
        }
    }

    fn find(&self, identifier: &str) -> FakeReply {
        let found = self.identities.values().filter(|one| signs_in_by(one, identifier));
        FakeReply::json(200, &found.map(shown).collect())
    }

    fn patch(&mut self, id: &str, patch: &Value) -> FakeReply {
        let now = timestamp(self.clock.as_ref().map_or_else(OffsetDateTime::now_utc, |now| now()));
        let Some(identity) = self.identities.get_mut(id) else { return self.get(id) };
        let patched = patch::apply(patch, identity).and_then(|patched| {
            self.schema.check(&patched)?;
            Ok(patched)
        });
        match patched {
            Ok(mut patched) => {
                patched["updated_at"] = json!(now);
                *identity = patched;
                self.get(id)
            }
            Err(why) => error(StatusCode::BAD_REQUEST, &why),
        }
    }
}

/// A time in microseconds, the precision of Ory's databases.
pub fn timestamp(at: OffsetDateTime) -> String {
    at.truncate_to_microsecond().format(&Rfc3339).unwrap_or_default()
}

/// An identity as Ory shows it: without the contents of its credentials.
fn shown(identity: &Value) -> Value {
    let mut identity = identity.clone();
    let credentials = identity["credentials"].as_object_mut();
    for kind in credentials.into_iter().flat_map(|kinds| kinds.values_mut()) {
        kind.as_object_mut().map(|kind| kind.remove("config"));
    }
    identity
}

/// Ory stores addresses in lower case.
fn signs_in_by(identity: &Value, identifier: &str) -> bool {
    let kinds = identity["credentials"].as_object().into_iter().flat_map(|kinds| kinds.values());
    let identifiers = kinds.filter_map(|kind| kind["identifiers"].as_array()).flatten();
    identifiers.filter_map(Value::as_str).any(|one| one.to_lowercase() == identifier.to_lowercase())
}

fn error(status: StatusCode, message: &str) -> FakeReply {
    let (code, word) = (status.as_u16(), status.canonical_reason());
    FakeReply::json(code, &json!({"error": {"code": code, "status": word, "message": message}}))
}

#[cfg(test)]
mod tests;
