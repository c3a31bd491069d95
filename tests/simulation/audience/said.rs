//! What people said about the newsletter, when, and by which way.

use std::collections::BTreeMap;

use fakes::mailchimp::{By, Status, What};
use time::OffsetDateTime;

use super::kratos::{CONSENT, Made};
use crate::{
    judge::Wrong,
    network::Call,
    world::{BEGIN, World},
};

/// One thing that somebody said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Saying {
    pub(super) at: OffsetDateTime,
    pub(super) says: bool,
    pub(super) way: Way,
}

/// By which way.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Way {
    /// With the box of the registration, or in the settings: Ory's event of this number.
    Ory(usize),
    /// At Ory, before the run.
    Before,
    /// With a form of Mailchimp's or the link in a mail, about this contact.
    Contact(String),
    /// With a form that asks for a confirmation, which has not come.
    Form(String),
}

impl World {
    /// All that was said at Ory by this person.
    fn said_at_ory(&self, person: usize) -> Vec<Saying> {
        let made = self.contacts.made.lock();
        let theirs = made.iter().filter(|(_, made)| made.person == person);
        let saying = |(number, made): (&usize, &Made)| {
            Some(Saying { at: made.at, says: made.says?, way: Way::Ory(*number) })
        };
        theirs.filter_map(saying).collect()
    }

    /// All that was said in Mailchimp about contacts of this person.
    fn said_there(&self, person: usize) -> Vec<Saying> {
        let lives = self.plan.lives.as_ref().expect("people");
        let life = &lives.people[person];
        let mut said = Vec::new();
        self.contacts.with(|audience| {
            for entry in audience.chronicle() {
                let is_complaint = entry.how == "complaint";
                if !is_complaint && entry.by != By::Person
                    || lives.owner(&entry.address) != Some(person)
                {
                    continue;
                }
                let says = match &entry.what {
                    What::Became(_, Status::Subscribed) => true,
                    What::Became(_, Status::Pending) => {
                        let way = Way::Form(entry.contact_id.clone());
                        said.push(Saying { at: entry.at, says: true, way });
                        continue;
                    }
                    What::Became(_, Status::Unsubscribed | Status::Cleaned) => false,
                    _ => continue,
                };
                let way = Way::Contact(entry.contact_id.clone());
                said.push(Saying { at: entry.at, says, way });
            }
            let first = match life.begins_as {
                Some(Status::Subscribed) => true,
                Some(Status::Unsubscribed) => false,
                _ => return,
            };
            // Contacts are numbered in their order, whatever became of their addresses.
            if let Some(id) = self.first_contact(person) {
                let way = Way::Contact(id);
                said.push(Saying { at: BEGIN - life.is_since, says: first, way });
            }
        });
        said
    }

    /// Everything, the first first.
    pub(super) fn said_by(&self, person: usize) -> Vec<Saying> {
        let mut said = self.said_at_ory(person);
        said.extend(self.said_there(person));
        if self.consented_before(person) {
            let life = &self.plan.lives.as_ref().expect("people").people[person];
            said.push(Saying { at: BEGIN - life.is_there_since, says: true, way: Way::Before });
        }
        said.sort_by_key(|saying| saying.at);
        said
    }

    /// Whether the function has not remembered all that it wrote: the last event that wrote a
    /// contact was overtaken after its write, or is not done with, or did not hear of it.
    pub(super) fn has_forgotten(&self, contact: &str) -> bool {
        let wrote = self.contacts.wrote.lock();
        wrote.get(contact).is_some_and(|events| {
            events.iter().any(|(event, invocation, _)| {
                !self.is_to_come_of(*event)
                    || self.was_overtaken(*event)
                    || self.was_troubled(*invocation)
            })
        })
    }

    /// The contact that a person has from the beginning.
    fn first_contact(&self, person: usize) -> Option<String> {
        self.contacts.first.lock().get(&person).cloned()
    }

    /// What a delivery can know when it makes this call: what was said at Ory before its event,
    /// which holds the identity as it was then, or by events that were done with before it began;
    /// and what was said in Mailchimp before Mailchimp last told it about that contact.
    pub(super) fn can_know(&self, saying: &Saying, call: &Call) -> bool {
        match &saying.way {
            Way::Ory(event) => {
                let settled = self.settled_at(*event);
                // Events are numbered as they happen, also within an instant.
                let is_in = *event <= call.work.events[0] || self.has_read_again(saying.at, call);
                is_in || settled.is_some_and(|at| at < call.work.began)
            }
            Way::Before => true,
            Way::Contact(id) | Way::Form(id) => {
                let known = self.contacts.known.lock();
                let heard = known.get(&(call.work.invocation, id.clone()));
                heard.is_some_and(|heard| *heard > saying.at) || self.was_listed(saying, call)
            }
        }
    }

    /// Whether an event of Ory's must come to something: it was answered, and does not rest among
    /// the dead letters.
    pub(super) fn is_to_come_of(&self, event: usize) -> bool {
        self.judge.answered().contains(&event) && !self.is_dead(event)
    }

    /// Whether a newer event of the person was at work, or done with, before this one was done with.
    pub(super) fn was_overtaken(&self, event: usize) -> bool {
        self.was_overtaken_among(&self.contacts.made.lock(), event)
    }

    /// The same, among these events.
    pub(super) fn was_overtaken_among(&self, made: &BTreeMap<usize, Made>, event: usize) -> bool {
        let Some(this) = made.get(&event) else { return false };
        let settled = self.settled_at(event);
        made.iter().any(|(number, other)| {
            // An event of the state that a backfill has listed still counts after it.
            let is_later = other.at > this.at || other.at == this.at && !other.is_of_a_run();
            let is_newer = other.person == this.person && is_later && *number != event;
            let touched = self.contacts.touched.lock().get(number).copied();
            let done = touched.into_iter().chain(self.settled_at(*number)).min();
            is_newer && done.is_some_and(|done| settled.is_none_or(|settled| done <= settled))
        })
    }

    /// Whether the consent was there from the beginning.
    pub(super) fn consented_before(&self, person: usize) -> bool {
        let life = &self.plan.lives.as_ref().expect("people").people[person];
        life.is_there && life.consent == Some(true)
    }

    /// Whether the identity shows consent.
    pub(super) fn shows_consent(&self, person: usize) -> bool {
        let life = &self.plan.lives.as_ref().expect("people").people[person];
        let row = self.read_row(life.id);
        row.is_some_and(|(identity, _)| identity.pointer(CONSENT) == Some(&true.into()))
    }

    /// Whether the event with this key was done with. Two reports of one second may be equal to the
    /// last byte, and so are one event.
    fn is_settled_by_key(&self, key: &str) -> bool {
        let mut alike = self.plan.events.iter().enumerate().filter(|(_, event)| event.key == key);
        alike.any(|(number, _)| self.settled_at(number).is_some())
    }

    /// Nothing that was answered is left undone with nothing in its way.
    pub(super) fn judge_stuck(&self) {
        for number in self.judge.answered() {
            let event = &self.plan.events[number];
            let context = format_args!("{} {} ({})", event.which.name(), event.address, event.key);
            if self.is_dead(number) {
                if self.was_tried_well(number) {
                    self.condemn(Wrong::Stuck, context);
                }
            } else if !self.is_settled_by_key(&event.key) {
                self.condemn(Wrong::Lost, context);
            }
        }
    }
}
