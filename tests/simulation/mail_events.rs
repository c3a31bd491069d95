//! Mandrill's events about the mails that it took: late, repeated, in any order, and some are lost. Whoever
//! judges them knows what became of each mail.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use integration::Event;
use mandrill_inbound::event::{Kind, read};
use serde_json::{Value, json};
use sha1::Sha1;
use shared::key::IdempotencyKey;
use time::OffsetDateTime;
use tokio::time::sleep;
use url::form_urlencoded::Serializer;
use uuid::Uuid;

use crate::{
    callers::call,
    consent::second,
    event::Planned,
    excused::Excused,
    fault::Fault,
    judge::Wrong,
    network::Call,
    rows::Writer,
    settings::{MANDRILL_HOOK, Which},
    world::World,
};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_hours(1);

const MARK: &str = "/metadata_public/mandrill/undeliverable";
const CONSENT: &str = "/traits/consent/newsletter";

/// What an event says of a mail.
pub(crate) struct MailEvent {
    kind: Kind,
    /// To whom the mail was sent.
    identity: Uuid,
    happened: OffsetDateTime,
    /// For the sender's sake, which says nothing of the address.
    is_of_sender: bool,
    /// The list of events of the call.
    list: String,
}

impl MailEvent {
    /// Whether the address takes mail by then; `None`: it says nothing of that.
    fn marks(&self) -> Option<bool> {
        match self.kind {
            Kind::HardBounce => Some(true),
            Kind::Reject if !self.is_of_sender => Some(true),
            Kind::Delivered => Some(false),
            _ => None,
        }
    }

    /// The header of a call by somebody who signs with this key.
    pub(crate) fn signature(&self, key: &str) -> String {
        let mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).expect("any length will do");
        let mac = mac.chain_update(MANDRILL_HOOK).chain_update("mandrill_events");
        STANDARD.encode(mac.chain_update(&self.list).finalize().into_bytes())
    }
}

impl Planned {
    fn of_mail(mail: &Value, kind: Kind, reason: Option<&str>, happened: OffsetDateTime) -> Self {
        let list = json!([{
            "event": kind, "_id": mail["_id"], "ts": happened.unix_timestamp(),
            "msg": {
                "email": mail["email"], "metadata": mail["metadata"], "subject": "Welcome",
                "reject": reason.map(|reason| json!({ "reason": reason })),
            },
        }]);
        let list = list.to_string();
        let event = read(list.as_bytes()).expect("a list").stored.pop().expect("an event");
        let form = Serializer::new(String::new()).append_pair("mandrill_events", &list).finish();
        let key = event.event_id();
        let works = [IdempotencyKey::new(&key, None), IdempotencyKey::new(&key, None)];
        let identity = event.msg.ory_identity.expect("a mail of ours");
        let address = mail["email"].as_str().unwrap_or_default().to_owned();
        let request = Event::of_mailchimp(form);
        let which = Which::MandrillEvents;
        let mut planned = Self::of(which, address, Duration::ZERO, request, &key, &works);
        planned.identity = Some(identity);
        let is_of_sender = reason == Some("unsigned");
        planned.mail = Some(MailEvent { kind, identity, happened, is_of_sender, list });
        planned
    }
}

impl World {
    /// A mail was taken: what becomes of it, and what is told of that.
    pub(crate) fn tells_of_mail(self: &Arc<Self>, mail: Value, reason: Option<&'static str>) {
        if reason.is_some() {
            return self.will_tell(mail, Kind::Reject, reason, SECOND);
        }
        self.will_tell(mail.clone(), Kind::Send, None, SECOND);
        if self.chance.strikes(Fault::MailBounced) {
            let after = self.chance.scale(2 * SECOND..24 * HOUR);
            self.will_tell(mail, Kind::HardBounce, None, after);
            return;
        }
        let after = self.chance.scale(2 * SECOND..HOUR);
        self.will_tell(mail.clone(), Kind::Delivered, None, after);
        if self.chance.strikes(Fault::MailComplained) {
            self.will_tell(mail, Kind::Spam, None, after + self.chance.scale(SECOND..24 * HOUR));
        }
    }

    fn will_tell(
        self: &Arc<Self>,
        mail: Value,
        kind: Kind,
        reason: Option<&'static str>,
        after: Duration,
    ) {
        let world = self.clone();
        let is_lost = self.chance.strikes(Fault::MailEventLost);
        let late = if self.chance.strikes(Fault::MailEventLate) {
            self.chance.scale(60 * SECOND..12 * HOUR)
        } else {
            self.chance.scale(SECOND / 10..10 * SECOND)
        };
        self.begin(async move {
            sleep(after).await;
            let happened = world.now();
            world.say(format_args!("Mandrill: {kind:?} of {}", mail["email"]));
            if kind == Kind::HardBounce {
                world.has_bounced(&mail["_id"]);
            }
            let Some(function) = world.contacts.function(Which::MandrillEvents) else { return };
            if is_lost {
                return;
            }
            sleep(late).await;
            let planned = Planned::of_mail(&mail, kind, reason, happened);
            let number = world.plan.events.add(planned);
            call(world.clone(), function, number).await;
        });
    }

    /// Those who are welcomed have identities, and consent to the newsletter.
    pub(crate) fn begin_welcomed(&self) {
        for event in self.plan.events.iter().filter(|event| event.which == Which::Mandrill) {
            let Some(id) = event.identity.filter(|id| self.read_row(*id).is_none()) else {
                continue;
            };
            self.add_row(
                id,
                json!({
                    "id": id, "schema_id": "default", "metadata_public": null,
                    "traits": {"email": event.address, "consent": {"newsletter": true}},
                    "verifiable_addresses": [],
                    "created_at": "2025-12-31T12:00:00Z", "updated_at": "2025-12-31T12:00:00Z",
                }),
            );
        }
    }

    /// A patch for a mail's event is of the person whom the mail was for, and says what the event says.
    pub(crate) fn check_mail_patch(&self, call: &Call, planned: &Planned, mail: &MailEvent) {
        let context = || format!("{} ({}): {}", planned.address, planned.key, call.body);
        if call.path.rsplit('/').next() != Some(&mail.identity.to_string()) {
            self.condemn(Wrong::SomebodyElse, format_args!("{}", context()));
        }
        let operations: Vec<_> = call.body.as_array().into_iter().flatten().collect();
        let says = |operation: &Value| match (mail.kind, mail.marks()) {
            (Kind::Spam, _) => operation["path"] == CONSENT && operation["value"] == false,
            (_, Some(false)) => operation["path"] == MARK && operation["op"] == "remove",
            (_, Some(true)) => {
                operation["path"] == MARK && operation["value"]["address"] == *planned.address
            }
            (_, None) => false,
        };
        if operations.len() != 1 || !says(operations[0]) {
            self.condemn(Wrong::Contrary, format_args!("{}", context()));
        }
    }

    /// Whoever is welcomed shows a mark if, and only if, the newest event about the address says so, and
    /// consent unless they have complained.
    pub(crate) fn judge_mail_events(&self) {
        let welcomed = self.plan.events.iter().filter(|event| event.which == Which::Mandrill);
        let ids: BTreeSet<_> = welcomed.filter_map(|event| event.identity).collect();
        for id in ids.into_iter().filter(|id| !self.is_erased(Some(*id))) {
            let Some((identity, _)) = self.read_row(id) else { continue };
            self.judge_mark(id, &identity);
            self.judge_complaints(id, &identity);
        }
    }

    /// The events about the mails of a person, and whether each must have come to something.
    fn told(&self, id: Uuid) -> Vec<(&Planned, &MailEvent, bool)> {
        let answered = self.judge.answered();
        let events = self.plan.events.iter().enumerate();
        let of_person = events.filter_map(|(number, planned)| {
            let mail = planned.mail.as_ref().filter(|mail| mail.identity == id)?;
            Some((planned, mail, answered.contains(&number) && !self.is_dead(number)))
        });
        of_person.collect()
    }

    fn judge_mark(&self, id: Uuid, identity: &Value) {
        let address = identity["traits"]["email"].as_str().unwrap_or_default();
        let told = self.told(id).into_iter().filter_map(|(planned, mail, counts)| {
            let marks = mail.marks().filter(|_| planned.address == address)?;
            Some((second(mail.happened), marks, counts))
        });
        let told: Vec<_> = told.collect();
        let last = told.iter().filter(|(.., counts)| *counts).map(|(at, ..)| *at).max();
        let newest = told.iter().filter(|(at, _, counts)| match last {
            Some(last) => *at == last || !counts && *at > last,
            None => !counts,
        });
        let mut says: BTreeSet<_> = newest.map(|(_, marks, _)| *marks).collect();
        if last.is_none() {
            says.insert(false);
        }
        let mark = identity.pointer(MARK).cloned().unwrap_or_default();
        let is_marked = mark["address"] == address;
        let context = format!("{id}, {address}: {mark}, told: {told:?}");
        if !says.contains(&is_marked) {
            self.excuse_or_condemn(id, Wrong::FalseMark, &context);
        }
        let shown = self.segment_shows(&id.to_string(), "emailUndeliverable");
        if last.is_none() || says.len() > 1 || told.iter().any(|(.., counts)| !counts) {
            return;
        }
        if !says.contains(&(shown == true)) {
            if self.segment_took_late(&id.to_string(), "emailUndeliverable") {
                self.excuse(Excused::ToldLate, format_args!("{context}, {shown}"));
            } else {
                let context = format!("{context}, Segment: {shown}");
                self.excuse_or_condemn(id, Wrong::SegmentStale, &context);
            }
        }
    }

    fn judge_complaints(&self, id: Uuid, identity: &Value) {
        let consents = identity.pointer(CONSENT) == Some(&json!(true));
        let told = self.told(id);
        let mut complaints = told.iter().filter(|(_, mail, _)| mail.kind == Kind::Spam);
        let has_complained = complaints.clone().any(|(.., counts)| *counts);
        let context = format!("{id} after complaints about mails");
        if has_complained && consents {
            self.excuse_or_condemn(id, Wrong::StillConsenting, &context);
        } else if complaints.next().is_none() && !consents {
            self.excuse_or_condemn(id, Wrong::ConsentLost, &context);
        }
    }

    fn excuse_or_condemn(&self, id: Uuid, wrong: Wrong, context: &str) {
        if self.has_lost_a_write(id) {
            self.excuse(Excused::InKratosWindow, format_args!("{context}"));
        } else if self.was_patched_late(id) {
            self.excuse(Excused::PatchedLate, format_args!("{context}"));
        } else {
            self.condemn(wrong, format_args!("{context}"));
        }
    }
}

/// Somebody who was welcomed before changes the address in Ory, and is welcomed again.
pub(crate) async fn moves(world: Arc<World>, number: usize) {
    let event = &world.plan.events[number];
    sleep(event.at).await;
    let Some((mut identity, read)) = event.identity.and_then(|id| world.read_row(id)) else {
        return;
    };
    if identity["traits"]["email"] == *event.address {
        return;
    }
    identity["traits"]["email"] = json!(event.address);
    let id = event.identity.unwrap_or_default();
    world.say(format_args!("Ory: {id} has {} from now on", event.address));
    world.write_row(id, read, identity, Writer::Others);
}
