//! Ory's admin API: identities that can be found, patched, and deleted meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use http::{Method, header::AUTHORIZATION};
use serde_json::{Value, json};
use shared::http::Response;
use uuid::Uuid;

use crate::{
    chance::Fault,
    lambda::SKEW,
    locked::Locked,
    mailchimp::Person,
    network::{Call, answer},
    patch,
    settings::VENDOR_KEY,
    visit::Held,
    world::World,
};

const IDENTITIES: &str = "/admin/identities";

/// Ory's memory.
#[derive(Default)]
pub(crate) struct Ory {
    identities: Locked<BTreeMap<Uuid, Value>>,
    /// The events for which something was patched.
    patched: Locked<BTreeSet<usize>>,
    /// Whom a patch changed that came when its sender had left the lane, or was gone.
    belated: Locked<BTreeSet<(Uuid, &'static str)>>,
}

impl Ory {
    /// The identities at the beginning.
    pub(crate) fn of(people: &[Person]) -> Self {
        let known = people.iter().filter(|person| person.is_known);
        let identities = known.map(|person| (person.id, identity(person))).collect();
        Self { identities: Locked::new(identities), ..Self::default() }
    }
}

fn identity(person: &Person) -> Value {
    let consent = person.consent.map_or(json!({}), |given| json!({ "newsletter": given }));
    let addresses = person.addresses().into_iter().zip(person.verified);
    let addresses: Vec<_> =
        addresses.map(|(address, is)| json!({"value": address, "verified": is})).collect();
    json!({
        "id": person.id,
        "schema_id": "default",
        "credentials": {"password": {"identifiers": [person.address]}},
        "traits": {"email": person.address, "consent": consent},
        "verifiable_addresses": addresses,
        "metadata_public": {},
    })
}

impl World {
    /// Ory acts on a call.
    pub(crate) fn ory_answers(&self, call: &Call) -> Response {
        let wanted = format!("Bearer {VENDOR_KEY}");
        if call.headers.get(AUTHORIZATION).is_none_or(|given| given != wanted.as_str()) {
            self.chance.count(Fault::WrongToken);
            return answer(401, &error(401));
        }
        let id = call.path.strip_prefix(IDENTITIES).expect("nobody calls anything else");
        match (&call.method, id.strip_prefix('/')) {
            (&Method::GET, None) => self.find(call),
            (&Method::GET, Some(id)) => self.one(id),
            (&Method::PATCH, Some(id)) => self.patch(id, call),
            _ => panic!("nobody calls {} {}", call.method, call.path),
        }
    }

    /// The identity, unless there is none, or none any more.
    pub(crate) fn identity(&self, id: Uuid) -> Option<Value> {
        (!self.is_gone(id)).then(|| self.ory.identities.lock().get(&id).cloned())?
    }

    /// Whether the identity was deleted.
    pub(crate) fn is_gone(&self, id: Uuid) -> bool {
        let person = self.plan.people.iter().find(|person| person.id == id);
        person.and_then(|person| person.vanishes).is_some_and(|at| at <= self.elapsed())
    }

    fn find(&self, call: &Call) -> Response {
        let address = call.query.strip_prefix("credentials_identifier=").unwrap_or_default();
        let ids = self.plan.people.iter().filter(|person| person.address == address);
        let found: Vec<_> = ids.filter_map(|person| self.identity(person.id)).collect();
        if found.is_empty() {
            self.chance.count(Fault::Unknown);
        }
        answer(200, &json!(found))
    }

    fn one(&self, id: &str) -> Response {
        let id = Uuid::try_parse(id).expect("an id");
        match self.identity(id) {
            Some(identity) => answer(200, &identity),
            None => self.gone(id),
        }
    }

    fn gone(&self, id: Uuid) -> Response {
        if self.is_gone(id) {
            self.chance.count(Fault::Vanished);
        }
        answer(404, &error(404))
    }

    fn patch(&self, id: &str, call: &Call) -> Response {
        let id = Uuid::try_parse(id).expect("an id");
        let Some(mut identity) = self.identity(id) else { return self.gone(id) };
        let operations = call.body.as_array().into_iter().flatten();
        let mut changes = false;
        for operation in operations {
            match patch::apply(operation, &mut identity) {
                Some(one) => changes |= one,
                None => return answer(400, &error(400)),
            }
        }
        self.say(format_args!("Ory: {id} is patched: {}", call.body));
        self.ory.identities.lock().insert(id, identity.clone());
        if let Some(held) = &call.held {
            self.ory.patched.lock().insert(held.event);
            if changes && !self.is_held(held) {
                self.say(format_args!("Ory: that was late, {} is left", held.lane));
                self.ory.belated.lock().insert((id, held.list));
            }
        }
        answer(200, &identity)
    }

    /// Whether the lane is held by whom it was when the call was made. A sandbox knows no better
    /// than its own clock.
    pub(crate) fn is_held(&self, held: &Held) -> bool {
        let holder = self.records.holder(&held.lane, self.now() - SKEW);
        holder.as_ref() == Some(&held.holder)
    }

    /// Whether something was patched for the event.
    pub(crate) fn was_patched(&self, event: usize) -> bool {
        self.ory.patched.lock().contains(&event)
    }

    /// Whether a patch came too late for anybody to know.
    pub(crate) fn was_patched_late(&self, id: Uuid, list: &'static str) -> bool {
        self.ory.belated.lock().contains(&(id, list))
    }
}

fn error(code: u16) -> Value {
    json!({"error": {"code": code, "message": "no"}})
}
