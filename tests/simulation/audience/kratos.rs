//! Ory: people register, verify, change their settings and log in, and Kratos calls a hook each time.

use std::{sync::Arc, time::Duration};

use integration::Event;
use serde_json::{Value, json};
use shared::{
    backfill::is_run,
    ctx::{AddAs, Ctx},
    key::{EventId, IdempotencyKey},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

use super::plan::Does;
use crate::{
    callers::call,
    event::{Planned, uuid},
    fault::Fault,
    patch::set,
    rows::Writer,
    settings::Which,
    world::World,
};

/// Where an identity has the consent.
pub(crate) const CONSENT: &str = "/traits/consent/newsletter";

/// What an event of Ory's is about.
pub(super) struct Made {
    pub(super) person: usize,
    pub(super) flow: &'static str,
    pub(super) at: OffsetDateTime,
    /// What the person said by it.
    pub(super) says: Option<bool>,
    pub(super) address: String,
    pub(super) is_verified: bool,
    /// How it adds people, if it is of a backfill that does.
    pub(super) add_as: Option<AddAs>,
}

impl Made {
    /// Whether it is of a backfill, or a reconcile.
    pub(super) fn is_of_a_run(&self) -> bool {
        is_run(self.flow)
    }
}

impl World {
    /// The identities from the beginning.
    pub(super) fn begin_identity(&self, person: usize) {
        let life = &self.plan.lives.as_ref().expect("people").people[person];
        if life.is_there {
            let identity = self.new_identity(person);
            self.add_row(life.id, identity);
        }
    }

    fn new_identity(&self, person: usize) -> Value {
        let life = &self.plan.lives.as_ref().expect("people").people[person];
        let since = if life.is_there { life.is_there_since } else { Duration::ZERO };
        let now = (self.now() - since).format(&Rfc3339).expect("a time of this age");
        let mut traits = json!({"email": life.addresses[0], "name": {"first": "Ann"}});
        if let Some(consent) = life.consent {
            traits["consent"] = json!({"newsletter": consent});
        }
        json!({
            "id": life.id, "schema_id": "default", "state": "active", "traits": traits,
            "verifiable_addresses": addresses(&life.addresses[0], life.is_verified),
            "metadata_public": null, "created_at": now, "updated_at": now,
        })
    }

    /// Somebody does something at Ory.
    pub(super) async fn acts_at_ory(self: &Arc<Self>, person: usize, does: &Does) {
        let lives = self.plan.lives.as_ref().expect("people");
        let life = &lives.people[person];
        match does {
            Does::Registers => return self.registers(person),
            Does::IsListed(run, add_as) => {
                does.fault().into_iter().for_each(|fault| self.chance.count(fault));
                return self.lists(person, *run, *add_as);
            }
            _ => {}
        }
        let Some((mut identity, read)) = self.read_row(life.id) else { return };
        let before = identity.clone();
        let address = identity["traits"]["email"].as_str().unwrap_or_default().to_owned();
        let shows = identity.pointer(CONSENT).and_then(Value::as_bool);
        let (flow, says) = match does {
            // Somebody who sees the box as it is to be leaves it.
            Does::Says(says) if shows == Some(*says) || shows.is_none() && !says => return,
            Does::Says(says) => {
                set(&mut identity, CONSENT, Some(json!(says)));
                ("settings", Some(*says))
            }
            Does::Moves => {
                let next = life.addresses.iter().position(|one| *one == address);
                let next = (next.unwrap_or_default() + 1) % life.addresses.len();
                if life.is_strangers {
                    return;
                }
                if lives.is_deferred {
                    identity["next"] = json!(life.addresses[next]);
                } else {
                    identity["traits"]["email"] = json!(life.addresses[next]);
                    identity["verifiable_addresses"] = addresses(&life.addresses[next], false);
                }
                ("settings", None)
            }
            Does::Verifies => {
                let next = identity.as_object_mut().and_then(|all| all.remove("next"));
                let is_done = identity["verifiable_addresses"][0]["verified"] == true;
                if life.is_strangers || next.is_none() && is_done {
                    return;
                }
                let address = next.as_ref().and_then(Value::as_str).unwrap_or(&address).to_owned();
                identity["traits"]["email"] = json!(address);
                identity["verifiable_addresses"] = addresses(&address, true);
                ("verification", None)
            }
            Does::LogsIn => ("login", None),
            _ => {
                let name = self.elapsed().as_millis().to_string();
                set(&mut identity, "/traits/name/first", Some(json!(name)));
                ("settings", None)
            }
        };
        does.fault().into_iter().for_each(|fault| self.chance.count(fault));
        if flow == "login" {
            return self.calls_hook(person, flow, &identity, None, None);
        }
        self.row_window().await;
        let written = self.write_row(life.id, read, identity, Writer::Others);
        if flow == "verification" {
            let address = written["traits"]["email"].as_str().unwrap_or_default();
            self.contacts.verified.lock().insert(address.to_owned());
        }
        let before = (flow == "settings").then_some(&before);
        self.calls_hook(person, flow, &written, before, says);
    }

    fn registers(self: &Arc<Self>, person: usize) {
        let life = &self.plan.lives.as_ref().expect("people").people[person];
        let identity = self.new_identity(person);
        self.add_row(life.id, identity.clone());
        if life.is_verified {
            self.contacts.verified.lock().insert(life.addresses[0].clone());
        }
        let says = life.consent.filter(|consent| *consent);
        if says == Some(true) {
            let strangers =
                if life.is_strangers { Fault::StrangersAddress } else { Fault::Registered };
            self.chance.count(strangers);
        }
        self.calls_hook(person, "registration", &identity, None, says);
    }

    /// Kratos calls its hook.
    fn calls_hook(
        self: &Arc<Self>,
        person: usize,
        flow: &'static str,
        identity: &Value,
        before: Option<&Value>,
        says: Option<bool>,
    ) {
        let mut identity = identity.clone();
        identity.as_object_mut().map(|all| all.remove("next"));
        let address = identity["traits"]["email"].as_str().unwrap_or_default().to_owned();
        let is_verified = identity["verifiable_addresses"][0]["verified"] == true;
        let issued_at = self.now().format(&Rfc3339).expect("a time of this age");
        let mut ctx = json!({
            "flow": {"id": uuid(&self.chance).to_string(), "type": "browser", "issued_at": issued_at},
            "hook": {"flow": flow, "when": "after_save"},
            "identity": identity,
        });
        if let Some(before) = before {
            ctx["session"] = json!({"identity": {"traits": before["traits"]}});
        }
        let event = Planned::of_hook(&ctx, address.clone(), &self.chance);
        let number = self.plan.events.add(event);
        self.say(format_args!("Ory: {flow} of {address}, says {says:?}: event {number}"));
        let add_as = None;
        let made = Made { person, flow, at: self.now(), says, address, is_verified, add_as };
        self.contacts.made.lock().insert(number, made);
        if let Some(function) = self.contacts.function(Which::Subscribe) {
            self.begin(call(self.clone(), function, number));
        }
    }

    /// The identities that sign in by an address, of the people in an audience.
    pub(crate) fn signs_in_by(&self, address: &str) -> impl Iterator<Item = Uuid> {
        let people = self.plan.lives.iter().flat_map(|lives| &lives.people);
        people.map(|life| life.id).filter(move |id| {
            self.read_row(*id).is_some_and(|(identity, _)| identity["traits"]["email"] == address)
        })
    }
}

fn addresses(address: &str, is_verified: bool) -> Value {
    json!([{"value": address, "verified": is_verified, "via": "email"}])
}

impl Planned {
    /// A hook that Kratos calls soon.
    fn of_hook(ctx: &Value, address: String, chance: &crate::chance::Chance) -> Self {
        let at = chance.scale(Duration::from_millis(1)..Duration::from_secs(2));
        let trigger = chance.is(0.9).then(|| uuid(chance));
        let decoded = Ctx::decode(ctx.to_string().as_bytes()).expect("a usable ctx").sanitize();
        let key = EventId::of_event(trigger, decoded.as_value());
        let event = Event::of_ory(ctx, &trigger.unwrap_or_default().to_string());
        let request = if trigger.is_some() { event } else { event.without_trigger() };
        let works = [IdempotencyKey::new(&key, None), IdempotencyKey::new(&key, None)];
        let mut event = Self::of(Which::Subscribe, address, at, request, &key, &works);
        event.identity = ctx["identity"]["id"].as_str().and_then(|id| Uuid::try_parse(id).ok());
        event
    }
}
