//! What a change that the API makes must not be, whoever asked for it.

use std::sync::Arc;

use fakes::mailchimp::{By, Entry, Status, What};
use shared::ctx::AddAs;

use super::{
    Wrote,
    said::{Saying, Way},
};
use time::OffsetDateTime;

use crate::{
    excused::Excused,
    judge::Wrong,
    network::Call,
    settings::Which,
    world::{BEGIN, World},
};

impl World {
    /// Judges what has changed since the last time; `call` is the one that was just made.
    pub(super) fn judge_changes(self: &Arc<Self>, call: Option<&Call>) {
        let mut judged = self.contacts.judged.lock();
        let new: Vec<Entry> = self.contacts.with(|audience| {
            let all = audience.chronicle();
            let new = all[*judged..].to_vec();
            *judged = all.len();
            new
        });
        drop(judged);
        for entry in new {
            self.say(format_args!("Mailchimp: {entry}"));
            let lives = self.plan.lives.as_ref().expect("people");
            let Some(person) = lives.owner(&entry.address) else { continue };
            if entry.what == What::ConfirmationMailed {
                self.may_click(person);
            }
            if let (By::Api, Some(call)) = (entry.by, call) {
                self.judge_change(person, &entry, call);
            }
        }
    }

    fn judge_change(&self, person: usize, entry: &Entry, call: &Call) {
        let event = call.work.events[0];
        if self.plan.events[event].which != Which::Subscribe {
            return self.condemn(Wrong::OthersContact, format_args!("{entry}, by {event}"));
        }
        let (of, at) = {
            let made = self.contacts.made.lock();
            (made[&event].person, made[&event].at)
        };
        if of != person {
            self.condemn(Wrong::OthersContact, format_args!("{entry}, by event {event} of {at}"));
        }
        self.note_race(person, entry, call);
        self.note_write(person, entry, call);
        let is_verified = self.contacts.verified.lock().contains(&entry.address);
        let blame = |wrong| {
            let context = format_args!("{entry}, by event {event}");
            let excused = self.excuse_of_write(person, entry, call);
            let excused = excused.or_else(|| self.excuse_of_complaint(person, entry));
            let is_word = wrong == Wrong::AgainstLastWord;
            let overtaken = || self.excuse_of_withdrawal(person).filter(|_| is_word);
            match excused.or_else(overtaken) {
                Some(excused) => self.excuse(excused, context),
                None => self.condemn(wrong, context),
            }
        };
        let is_backfilled = self.is_backfilled(event);
        if is_backfilled {
            self.judge_backfill(entry, event);
        }
        let is_asked_for = self.adds_as(event) == Some(AddAs::Pending);
        match &entry.what {
            What::Became(from, Status::Subscribed) => {
                if !is_verified {
                    self.condemn(Wrong::SubscribedUnverified, format_args!("{entry}"));
                }
                let has_left = [Status::Unsubscribed, Status::Cleaned, Status::Archived];
                if from.is_some_and(|from| has_left.contains(&from)) {
                    blame(Wrong::SubscribedAfterLeaving);
                }
                if self.is_against_last_word(person, call) {
                    blame(Wrong::AgainstLastWord);
                }
                if !self.is_subscribed_at_once() && !is_backfilled {
                    self.condemn(Wrong::NotAsked, format_args!("{entry}"));
                }
            }
            What::Became(None | Some(Status::Transactional), Status::Pending) => {
                let was_proved = self.contacts.made.lock()[&event].is_verified && !is_asked_for;
                if was_proved && self.is_subscribed_at_once() && !self.has_ever_left(person, entry)
                {
                    blame(Wrong::AskedForNothing);
                }
            }
            What::ConfirmationMailed => {
                if self.is_against_last_word(person, call) {
                    blame(Wrong::AgainstLastWord);
                }
                self.judge_confirmation(person, entry, call);
            }
            What::MovedFrom(_) if !is_verified => {
                self.condemn(Wrong::MovedUnverified, format_args!("{entry}"));
            }
            _ => {}
        }
    }

    /// Whether neither the operator nor the audience wants people to be asked.
    fn is_subscribed_at_once(&self) -> bool {
        let double_opt_in = self.plan.lives.as_ref().is_some_and(|lives| lives.double_opt_in);
        self.plan.of(Which::Subscribe).subscribes_at_once(double_opt_in)
    }

    /// Whether any contact of the person was ever one that nobody subscribes without asking.
    fn has_ever_left(&self, person: usize, entry: &Entry) -> bool {
        let lives = self.plan.lives.as_ref().expect("people");
        let may_be_left =
            |status: Status| ![Status::Subscribed, Status::Transactional].contains(&status);
        lives.people[person].begins_as.is_some_and(may_be_left)
            || self.contacts.with(|audience| {
                audience.chronicle().iter().any(|one| {
                    let is_theirs = lives.owner(&one.address) == Some(person);
                    // What the API asks just now is the question, not the answer.
                    let has_left = match one.what {
                        What::Became(_, Status::Pending) => one != entry,
                        What::Became(_, status) => may_be_left(status),
                        What::Forgotten => true,
                        _ => false,
                    };
                    is_theirs && has_left
                })
            })
    }

    /// Whether the last thing said that the delivery can know was no.
    fn is_against_last_word(&self, person: usize, call: &Call) -> bool {
        let said = self.said_by(person);
        let known = said.iter().rfind(|saying| self.can_know(saying, call));
        known.is_some_and(|last| {
            !last.says && !said.iter().any(|other| other.says && is_same_second(other, last))
        })
    }

    /// Whether the last no at Ory was skipped, because a newer event was done with first.
    fn excuse_of_withdrawal(&self, person: usize) -> Option<Excused> {
        let said = self.said_by(person);
        let last = said.iter().rfind(|saying| !saying.says)?;
        match last.way {
            Way::Ory(event) if self.was_overtaken(event) => Some(Excused::WithdrawalOvertaken),
            _ => None,
        }
    }

    /// Each thing said is worth one mail to confirm, at each address.
    fn judge_confirmation(&self, person: usize, entry: &Entry, call: &Call) {
        let event = call.work.events[0];
        let (flow, says, at) = {
            let made = self.contacts.made.lock();
            (made[&event].flow, made[&event].says, made[&event].at)
        };
        let said = self.said_by(person);
        // A backfill reads the person again.
        let at = if self.is_backfilled(event) { entry.at } else { at };
        let opt_in = said.iter().rfind(|saying| saying.says && saying.at <= at);
        // Who was asked at an earlier address may be asked at the present one.
        let life = &self.plan.lives.as_ref().expect("people").people[person];
        let is_pending_before = life.begins_as == Some(Status::Pending);
        let was_asked_elsewhere = is_pending_before
            || self.contacts.with(|audience| {
                let lives = self.plan.lives.as_ref().expect("people");
                audience.chronicle().iter().any(|other| {
                    matches!(other.what, What::Became(_, Status::Pending))
                        && lives.owner(&other.address) == Some(person)
                        && !other.address.eq_ignore_ascii_case(&entry.address)
                })
            });
        let is_to_be_asked = self.adds_as(event) == Some(AddAs::Pending);
        let is_meant =
            says == Some(true) || flow == "verification" || was_asked_elsewhere || is_to_be_asked;
        let context = format_args!("{entry}, by event {event}: {flow}, said: {said:?}");
        let before = was_asked_elsewhere.then(|| BEGIN - life.is_since);
        let since = opt_in.filter(|_| is_meant).map(|saying| saying.at).or(before);
        let Some(since) = since else {
            return self.condemn(Wrong::Unasked, context);
        };
        let mail = (person, since, entry.address.to_lowercase());
        if !self.contacts.asked_to_confirm.lock().insert(mail) {
            match self.contacts.raced.lock().get(&person) {
                Some(excused) => self.excuse(*excused, context),
                None => self.condemn(Wrong::AskedAgain, context),
            }
        }
    }

    /// Remembers which event changed a contact. One may come again whose write was not recorded, and
    /// the person has acted, or another was applied to the contact meanwhile: it may even find no
    /// contact any more, and make a second one.
    fn note_write(&self, person: usize, entry: &Entry, call: &Call) {
        let (event, invocation) = (call.work.events[0], call.work.invocation);
        let mut wrote = self.contacts.wrote.lock();
        let lives = self.plan.lives.as_ref().expect("people");
        let has_acted_since = |at: OffsetDateTime| {
            self.contacts.with(|audience| {
                audience.chronicle().iter().any(|one| {
                    let is_theirs = lives.owner(&one.address) == Some(person);
                    is_theirs && one.by == By::Person && one.at >= at
                })
            })
        };
        let comes_again = wrote.values().any(|writes| {
            let is_earlier = |one: &Wrote| one.0 == event && one.1 != invocation;
            let Some(first) = writes.iter().position(is_earlier) else { return false };
            let is_other = |other: &Wrote| other.0 != event;
            writes[first..].iter().any(is_other) || has_acted_since(writes[first].2)
        });
        if comes_again {
            self.contacts.raced.lock().entry(person).or_insert(Excused::Unrecorded);
        }
        let writes = wrote.entry(entry.contact_id.clone()).or_default();
        writes.push((event, invocation, entry.at));
    }

    /// Remembers whose contact was written late, or had changed meanwhile.
    fn note_race(&self, person: usize, entry: &Entry, call: &Call) {
        if let Some(excused) = self.excuse_of_write(person, entry, call) {
            self.contacts.raced.lock().insert(person, excused);
        }
    }

    /// A complaint shows as a bounce of the address that it was about.
    fn excuse_of_complaint(&self, person: usize, entry: &Entry) -> Option<Excused> {
        let lives = self.plan.lives.as_ref().expect("people");
        let has_complained = self.contacts.with(|audience| {
            audience.members().iter().any(|one| {
                one.status == Status::Cleaned
                    && lives.owner(&one.address) == Some(person)
                    && one.contact_id != entry.contact_id
            })
        });
        has_complained.then_some(Excused::Complained)
    }

    /// Why a write may have found another contact than was read.
    fn excuse_of_write(&self, person: usize, entry: &Entry, call: &Call) -> Option<Excused> {
        if !self.is_sound(call) {
            return Some(Excused::LateContact);
        }
        let invocation = call.work.invocation;
        let known = self.contacts.known.lock();
        let lives = self.plan.lives.as_ref().expect("people");
        let has_changed = self.contacts.with(|audience| {
            audience.chronicle().iter().any(|other| {
                let is_theirs = lives.owner(&other.address) == Some(person);
                let read = known.get(&(invocation, other.contact_id.clone()));
                let read = read.copied().unwrap_or(call.work.began);
                is_theirs && other.by != By::Api && other.at >= read && other.at <= entry.at
            })
        });
        has_changed.then_some(Excused::ContactWindow)
    }
}

fn is_same_second(one: &Saying, other: &Saying) -> bool {
    one.at.unix_timestamp() == other.at.unix_timestamp()
}
