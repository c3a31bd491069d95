//! Ory's admin API: identities that can be found, patched, and deleted meanwhile. Nobody else's
//! 404 means that one is gone.

use std::sync::Arc;

use http::{Method, header::AUTHORIZATION};
use serde_json::{Value, json};
use shared::http::Response;
use uuid::Uuid;

use crate::{
    fault::Fault,
    network::{Call, answer, plain},
    patch,
    person::Person,
    rows::Writer,
    settings::VENDOR_KEY,
    world::{BEGIN, World},
};

const IDENTITIES: &str = "/admin/identities";

/// The identity of a person at the beginning.
pub(crate) fn identity(person: &Person) -> Value {
    let consent = person.consent.map_or(json!({}), |given| json!({ "newsletter": given }));
    let addresses = person.addresses().into_iter().zip(person.verified);
    let addresses: Vec<_> = addresses
        .map(|(address, is)| json!({"value": address, "verified": is, "via": "email"}))
        .collect();
    json!({
        "id": person.id,
        "schema_id": "default",
        "credentials": {"password": {"identifiers": [person.address]}},
        "traits": {"email": person.address, "consent": consent},
        "verifiable_addresses": addresses,
        "metadata_public": {},
        "created_at": "2025-12-31T12:00:00Z",
        "updated_at": "2025-12-31T12:00:00Z",
    })
}

impl World {
    /// Ory acts on a call, if it is Ory whom the call reaches.
    pub(crate) async fn ory_answers(self: Arc<Self>, call: Call) -> Response {
        if self.plan.wrong_url.holds(self.elapsed()) {
            self.chance.count(Fault::WrongUrl);
            // `/admin/admin/identities` is no route of Kratos'.
            return plain(404, "404 page not found\n");
        }
        let wanted = format!("Bearer {VENDOR_KEY}");
        if call.headers.get(AUTHORIZATION).is_none_or(|given| given != wanted.as_str()) {
            self.chance.count(Fault::WrongToken);
            return answer(401, &error(401));
        }
        let id = call.path.strip_prefix(IDENTITIES).expect("nobody calls anything else");
        let id = id.strip_prefix('/').map(|id| Uuid::try_parse(id).expect("an id"));
        match (&call.method, id) {
            (&Method::GET, None) if self.chance.strikes(Fault::ListNotFound) => {
                answer(404, &error(404))
            }
            (&Method::GET, None) => self.find(&call),
            (&Method::GET, Some(id)) => match self.read_row(id) {
                Some((identity, _)) => answer(200, &identity),
                None => self.gone(id),
            },
            (&Method::PATCH, Some(id)) => self.patch(id, &call).await,
            _ => panic!("nobody calls {} {}", call.method, call.path),
        }
    }

    /// Whether the identity was deleted.
    pub(crate) fn is_gone(&self, id: Uuid) -> bool {
        let person = self.plan.people.iter().find(|person| person.id == id);
        person.and_then(|person| person.vanishes).is_some_and(|at| BEGIN + at <= self.now())
    }

    fn find(&self, call: &Call) -> Response {
        let address = call.query.strip_prefix("credentials_identifier=").unwrap_or_default();
        let theirs = self.plan.people.iter().filter(|person| person.address == address);
        let listed = theirs.filter(|person| {
            let is_listed = person.signs_up.is_none_or(|[_, at]| BEGIN + at <= self.now());
            if !is_listed {
                self.chance.count(Fault::ListLags);
            }
            is_listed
        });
        let alive = self.signs_in_by(address);
        let found = listed.map(|person| person.id).chain(alive);
        let found = found.filter_map(|id| self.read_row(id));
        let found: Vec<_> = found.map(|(identity, _)| identity).collect();
        match found.len() {
            0 => self.chance.count(Fault::Unknown),
            1 => {}
            _ => self.chance.count(Fault::TwoByAddress),
        }
        answer(200, &json!(found))
    }

    fn gone(&self, id: Uuid) -> Response {
        if self.is_gone(id) {
            self.chance.count(Fault::Vanished);
        }
        answer(404, &error(404))
    }

    /// Reads, patches, and writes the whole row, some time after.
    async fn patch(&self, id: Uuid, call: &Call) -> Response {
        let Some((mut identity, read)) = self.read_row(id) else { return self.gone(id) };
        let mut changes = false;
        for operation in call.body.as_array().into_iter().flatten() {
            match patch::apply(operation, &mut identity) {
                Some(one) => changes |= one,
                None => return answer(400, &error(400)),
            }
        }
        self.row_window().await;
        if self.read_row(id).is_none() {
            return self.gone(id);
        }
        self.say(format_args!("Ory: {id} is patched: {}", call.body));
        if !changes {
            self.check_echo(id, call);
        }
        answer(200, &self.write_row(id, read, identity, Writer::of(self, call, changes)))
    }
}

fn error(code: u16) -> Value {
    json!({"error": {
        "code": code, "status": "no", "reason": "no", "message": "Unable to locate the resource",
    }})
}
