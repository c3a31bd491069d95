//! An operator's backfill: lists a person as they are at Ory, and puts the message into the queue of
//! `mailchimp-subscribe`. It may be delivered much later.

use std::{sync::Arc, time::Duration};

use fakes::mailchimp::{Entry, Status, What};
use integration::Event;
use serde_json::Value;
use shared::{
    backfill::{self, Run},
    ctx::{AddAs, SanitizedCtx, timestamp},
    key::IdempotencyKey,
    message::Message,
};
use time::OffsetDateTime;
use tokio::time::sleep;

use super::{kratos::Made, said::Saying};
use crate::{event::Planned, judge::Wrong, network::Call, settings::Which, world::World};

/// How long a message waits between the list and the queue, behind those of other people.
const WAITS: std::ops::Range<Duration> = Duration::from_millis(10)..Duration::from_hours(3);

impl Made {
    fn of_listed(person: usize, run: Run, add_as: Option<AddAs>, identity: &Value) -> Self {
        let at = identity["updated_at"].as_str().and_then(timestamp);
        Self {
            person,
            flow: run.flow(),
            at: at.expect("a time of Ory's"),
            says: None,
            address: identity["traits"]["email"].as_str().unwrap_or_default().to_owned(),
            is_verified: identity["verifiable_addresses"][0]["verified"] == true,
            add_as,
        }
    }
}

impl World {
    /// Lists a person. A person of the same state who is listed again is the same event.
    pub(super) fn lists(self: &Arc<Self>, person: usize, run: Run, add_as: Option<AddAs>) {
        let life = &self.plan.lives.as_ref().expect("people").people[person];
        let Some((mut identity, _)) = self.read_row(life.id) else { return };
        let Some(function) = self.contacts.function(Which::Subscribe) else { return };
        if !self.plan.of(Which::Subscribe).has_queue {
            return;
        }
        identity.as_object_mut().map(|all| all.remove("next"));
        let name = mailchimp_subscribe::NAME;
        let message =
            backfill::message(name, run, add_as, &identity).expect("an identity of Ory's");
        let body = message.to_json().expect("a message");
        let known = self.plan.by_key(message.event_id.as_str());
        let number = match known {
            Some((number, _)) => number,
            None => self.add_listed(&message, Made::of_listed(person, run, add_as, &identity)),
        };
        let address = &self.plan.events[number].address;
        self.say(format_args!("operator: lists {address}, {run:?}, {add_as:?}: event {number}"));
        let (world, after) = (self.clone(), self.chance.scale(WAITS));
        self.begin(async move {
            sleep(after).await;
            world.say(format_args!("operator: enqueues event {number}"));
            world.was_answered(number);
            function.enqueue(body).await;
        });
    }

    /// Another event, for which nobody calls.
    fn add_listed(&self, message: &Message<SanitizedCtx>, made: Made) -> usize {
        let key = &message.event_id;
        let request = Event::of_ory(message.event.as_value(), "");
        let works = [IdempotencyKey::new(key, None), IdempotencyKey::new(key, None)];
        let (which, address, at) = (Which::Subscribe, made.address.clone(), Duration::ZERO);
        let event = Planned::of(which, address, at, request, key, &works);
        let number = self.plan.events.add(event);
        self.contacts.made.lock().insert(number, made);
        number
    }

    /// Whether an event comes from a backfill.
    pub(super) fn is_backfilled(&self, event: usize) -> bool {
        self.contacts.made.lock().get(&event).is_some_and(Made::is_of_a_run)
    }

    /// How an event adds people, if it does.
    pub(super) fn adds_as(&self, event: usize) -> Option<AddAs> {
        self.contacts.made.lock().get(&event).and_then(|made| made.add_as)
    }

    /// A backfill adds people, as its operator says, and changes the state of no contact.
    pub(super) fn judge_backfill(&self, entry: &Entry, event: usize) {
        let add_as = self.adds_as(event);
        let is_right = match entry.what {
            What::Became(None, Status::Subscribed) => add_as == Some(AddAs::Subscribed),
            What::Became(Some(_), status) => {
                ![Status::Subscribed, Status::Pending].contains(&status)
            }
            _ => true,
        };
        if !is_right {
            self.condemn(Wrong::ChangedByBackfill, format_args!("{entry}, {add_as:?}"));
        }
    }

    /// Whether a yes in Mailchimp may be what a backfill has listed as the consent in Ory.
    pub(super) fn was_listed(&self, saying: &Saying, call: &Call) -> bool {
        let made = self.contacts.made.lock();
        let listed = made.get(&call.work.events[0]).filter(|made| made.is_of_a_run());
        saying.says && listed.is_some_and(|listed| saying.at <= listed.at)
    }

    /// What a backfill reads of the person again when it is delivered is known to it.
    pub(super) fn has_read_again(&self, said_at: OffsetDateTime, call: &Call) -> bool {
        let is_run = self.is_backfilled(call.work.events[0]);
        is_run && self.plan.of(Which::Subscribe).reads_again() && said_at <= call.work.began
    }
}
