//! What both sides hold at the end, against what people said.

use fakes::mailchimp::{By, Entry, Member, Status, What};
use std::time::Duration;

use time::OffsetDateTime;

use super::{
    kratos::{CONSENT, Made},
    said::{Saying, Way},
};
use crate::{
    excused::Excused,
    judge::Wrong,
    settings::Which,
    world::{BEGIN, World},
};

/// What is left of a person.
struct Rest {
    person: usize,
    said: Vec<Saying>,
    contacts: Vec<Member>,
    /// The address of the identity, and whether it is verified.
    address: String,
    is_verified: bool,
}

impl World {
    /// Judges everybody.
    pub(crate) fn judge_audience(&self) {
        self.judge_stuck();
        let lives = self.plan.lives.as_ref().expect("people");
        for (person, life) in lives.people.iter().enumerate() {
            let Some((identity, _)) = self.read_row(life.id) else { continue };
            if self.is_erased(Some(life.id)) {
                continue;
            }
            let contacts = self.contacts.with(|audience| {
                let all = audience.members().iter();
                let theirs = all.filter(|one| lives.owner(&one.address) == Some(person));
                theirs.cloned().collect()
            });
            let rest = Rest {
                person,
                said: self.said_by(person),
                contacts,
                address: identity["traits"]["email"].as_str().unwrap_or_default().to_owned(),
                is_verified: identity["verifiable_addresses"][0]["verified"] == true,
            };
            rest.contacts.iter().for_each(|contact| self.judge_contact(&rest, contact));
            self.judge_opt_in(&rest);
            self.judge_loop(&rest);
        }
    }

    /// Nobody who said no last is subscribed.
    fn judge_contact(&self, rest: &Rest, contact: &Member) {
        if contact.status != Status::Subscribed {
            return;
        }
        let is_ours = self.is_within_reach(rest, contact);
        let about = |saying: &&Saying| match &saying.way {
            Way::Ory(event) => is_ours && self.is_to_come_of(*event),
            Way::Contact(id) => *id == contact.contact_id,
            Way::Before => is_ours,
            Way::Form(_) => false,
        };
        let Some(last) = rest.said.iter().rfind(about) else { return };
        let may_be = |saying: &Saying| saying.says && saying.at >= last.at;
        if last.says || rest.said.iter().any(may_be) {
            return;
        }
        let context = format_args!("{}: {:?}", contact.address, rest.said);
        let is_unknown = contact.address != rest.address && self.has_forgotten(&contact.contact_id);
        let has_moved_there = self.contacts.with(|audience| {
            audience.chronicle().iter().any(|one| {
                let is_move = matches!(one.what, What::MovedFrom(_)) && one.by == By::Person;
                is_move && one.contact_id == contact.contact_id
            })
        });
        let was_elsewhere = match &last.way {
            Way::Ory(event) => {
                let address = self.contacts.made.lock()[event].address.clone();
                let is_proved = self.contacts.verified.lock().contains(&address);
                address != contact.address && (!is_proved || has_moved_there)
            }
            _ => false,
        };
        let is_second = contact.address == rest.address
            && (was_elsewhere || !rest.is_verified && rest.contacts.len() > 1);
        let forgotten = if is_second {
            Some(Excused::SecondContact)
        } else {
            is_unknown.then_some(Excused::Unrecorded)
        };
        match self.excuse_of_rest(rest, last).or(forgotten) {
            Some(excused) => self.excuse(excused, context),
            None => self.condemn(Wrong::StillSubscribed, context),
        }
    }

    /// Whether the function can know whose contact it is: an event told it of the identity's address,
    /// or the function has made it, or has written it while the identity had verified its address.
    fn is_within_reach(&self, rest: &Rest, contact: &Member) -> bool {
        let is_verified = self.contacts.verified.lock().contains(&contact.address);
        let is_told = self.contacts.made.lock().iter().any(|(number, one)| {
            one.person == rest.person
                && one.address == contact.address
                && self.is_to_come_of(*number)
        });
        contact.address == rest.address && is_told
            || self.contacts.with(|audience| {
                let entries = audience.chronicle().iter();
                let of_api =
                    |one: &&Entry| one.contact_id == contact.contact_id && one.by == By::Api;
                entries
                    .filter(of_api)
                    .any(|one| is_verified || matches!(one.what, What::Became(None, _)))
            })
    }

    /// Whoever said yes last, and whose address is verified, is in the audience.
    fn judge_opt_in(&self, rest: &Rest) {
        let lives = self.plan.lives.as_ref().expect("people");
        if lives.people[rest.person].is_strangers {
            return self.judge_stranger(rest);
        }
        let counts = |saying: &&Saying| match &saying.way {
            Way::Ory(event) => self.counts_as_opt_in(*event, saying.says),
            // What was said before the functions were there may have come to nothing.
            Way::Before | Way::Form(_) => false,
            Way::Contact(_) => true,
        };
        let Some(last) = rest.said.iter().rfind(counts) else { return };
        let may_not_be = |saying: &Saying| !saying.says && saying.at >= last.at;
        // Until the present address is verified, nothing is to come of it.
        let waits = !rest.is_verified && !self.plan.of(Which::Subscribe).asks_unverified();
        if waits {
            return;
        }
        if !last.says || rest.said.iter().any(may_not_be) || self.was_stopped(rest, last.at) {
            return;
        }
        let context = format_args!(
            "{}: {:?}, {:?}",
            rest.address,
            rest.contacts.iter().map(|one| (&one.address, one.status)).collect::<Vec<_>>(),
            rest.said
        );
        let is_in = |one: &Member| [Status::Subscribed, Status::Pending].contains(&one.status);
        if rest.contacts.iter().any(is_in) {
            return self.judge_addresses(rest);
        }
        let excused = self.excuse_of_rest(rest, last).or_else(|| self.excuse_of_opt_in(rest, last));
        match excused {
            Some(excused) => self.excuse(excused, context),
            None => self.condemn(Wrong::OptInLost, context),
        }
    }

    /// Whether a yes or a no at Ory must come to something: a yes needs a verified address.
    fn counts_as_opt_in(&self, event: usize, says: bool) -> bool {
        if !self.is_to_come_of(event) {
            return false;
        }
        let made = self.contacts.made.lock();
        let this = &made[&event];
        let is_proved = this.is_verified || self.plan.of(Which::Subscribe).asks_unverified();
        let proves = |(number, other): (&usize, &Made)| {
            other.person == this.person
                && other.flow == "verification"
                && other.at >= this.at
                && self.is_to_come_of(*number)
        };
        !says || is_proved || made.iter().any(proves)
    }

    /// Whether somebody other than the person has ended it since then: the address bounces, or an
    /// admin has acted.
    fn was_stopped(&self, rest: &Rest, since: OffsetDateTime) -> bool {
        let lives = self.plan.lives.as_ref().expect("people");
        let bounces = |one: &Member| one.status == Status::Cleaned;
        rest.contacts.iter().any(bounces)
            || self.contacts.with(|audience| {
                let is_forgotten = lives.people[rest.person]
                    .addresses
                    .iter()
                    .any(|address| audience.is_forgotten(address));
                let mut entries = audience.chronicle().iter();
                is_forgotten
                    || entries.any(|one| {
                        let is_theirs = lives.owner(&one.address) == Some(rest.person);
                        let is_by = [By::Admin, By::Mailchimp].contains(&one.by);
                        is_theirs && is_by && one.at >= since
                    })
            })
    }

    /// Mail goes to the verified address, and to no earlier one.
    fn judge_addresses(&self, rest: &Rest) {
        let made = self.contacts.made.lock();
        let hears = |(number, one): (&usize, &Made)| {
            let is_theirs = one.person == rest.person && one.address == rest.address;
            is_theirs && one.is_verified && self.is_to_come_of(*number)
        };
        let is_known = made.iter().any(hears);
        drop(made);
        if !is_known {
            return;
        }
        for contact in &rest.contacts {
            let is_in = [Status::Subscribed, Status::Pending].contains(&contact.status);
            if !rest.is_verified || !is_in || contact.address == rest.address {
                continue;
            }
            // Whoever has acted there since the API last did wants it so.
            let acted_since = self.contacts.with(|audience| {
                let mut entries = audience.chronicle().iter();
                let last = entries.rfind(|one| one.contact_id == contact.contact_id);
                last.is_some_and(|one| one.by != By::Api)
            });
            if acted_since || !self.is_within_reach(rest, contact) {
                continue;
            }
            let context = format_args!("{} is {:?}", contact.address, contact.status);
            match self.contacts.raced.lock().get(&rest.person) {
                Some(excused) => self.excuse(*excused, context),
                None if self.has_forgotten(&contact.contact_id) => {
                    self.excuse(Excused::Unrecorded, context);
                }
                None if self.has_lost_a_write(self.id_of(rest.person)) => {
                    self.excuse(Excused::InKratosWindow, context);
                }
                None => self.condemn(Wrong::LeftBehind, context),
            }
        }
    }

    /// Somebody who registers with another's address changes nothing there, but may withdraw.
    fn judge_stranger(&self, rest: &Rest) {
        let theirs = rest.said.iter().rfind(|saying| matches!(saying.way, Way::Contact(_)));
        let stays = theirs.is_some_and(|last| last.says && !self.was_stopped(rest, last.at));
        if !stays || rest.contacts.iter().any(|one| one.status == Status::Subscribed) {
            return;
        }
        let by_stranger = |says: bool| {
            let mut at_ory = rest.said.iter().filter(|one| matches!(one.way, Way::Ory(_)));
            at_ory.any(|one| one.says == says)
        };
        // The report of an earlier opt-out in Mailchimp may have withdrawn what the stranger gave.
        let is_taken_back = by_stranger(true) && !self.shows_consent(rest.person);
        let context = format_args!("{}: {:?}", rest.address, rest.said);
        if by_stranger(false) || is_taken_back {
            self.excuse(Excused::StrangerWithdrew, context);
        } else {
            self.condemn(Wrong::OptInLost, context);
        }
    }

    /// Whether something was said when there was an identity, for so long that both clocks know it.
    fn was_known(&self, person: usize, saying: &Saying) -> bool {
        let made = self.contacts.made.lock();
        let mut registered =
            made.values().filter(|one| one.person == person && one.flow == "registration");
        let since = registered.next().map_or(BEGIN, |one| one.at + Duration::from_secs(4));
        saying.at >= since
    }

    /// Ory shows what was said last, by whichever way.
    fn judge_loop(&self, rest: &Rest) {
        let lives = self.plan.lives.as_ref().expect("people");
        let life = &lives.people[rest.person];
        let has_moved = rest.address != life.addresses[0]
            || rest.contacts.iter().any(|one| one.address != life.addresses[0])
            || life.steps.iter().any(|(_, does)| matches!(does, super::plan::Does::Moves));
        let is_said = |one: &&Saying| !matches!(one.way, Way::Form(_));
        let Some(last) = rest.said.iter().rfind(is_said) else { return };
        let is_since = self.was_known(rest.person, last);
        if life.is_strangers || has_moved || !is_since || self.was_stopped(rest, last.at) {
            return;
        }
        let shows = self.shows_consent(rest.person);
        if shows == last.says {
            return;
        }
        let context = format_args!("{} at {CONSENT}: {shows}, {:?}", rest.address, rest.said);
        match self.excuse_of_loop(rest, last, shows) {
            Some(None) => {}
            Some(Some(excused)) => self.excuse(excused, context),
            None if shows => self.condemn(Wrong::StillConsenting, context),
            None => self.condemn(Wrong::ConsentLost, context),
        }
    }
}

/// Excuses.
impl World {
    fn id_of(&self, person: usize) -> uuid::Uuid {
        self.plan.lives.as_ref().expect("people").people[person].id
    }

    /// Why the audience may differ from the last word.
    fn excuse_of_rest(&self, rest: &Rest, last: &Saying) -> Option<Excused> {
        if let Some(excused) = self.contacts.raced.lock().get(&rest.person) {
            return Some(*excused);
        }
        let is_same = |one: &Saying| {
            one.says != last.says && one.at.unix_timestamp() == last.at.unix_timestamp()
        };
        let is_from_there = |one: &Saying| one.says && !matches!(one.way, Way::Ory(_));
        let has_subscribed_there = rest.said.iter().any(is_from_there);
        match last.way {
            Way::Ory(event) if last.says && self.was_overtaken(event) => {
                Some(Excused::OptInOvertaken)
            }
            Way::Ory(event) if has_subscribed_there && self.was_overtaken(event) => {
                Some(Excused::WithdrawalOvertaken)
            }
            _ if rest.said.iter().any(is_same) => Some(Excused::SameSecond),
            _ if self.has_lost_a_write(self.id_of(rest.person)) => Some(Excused::InKratosWindow),
            _ => None,
        }
    }

    /// Why an opt-in may have come to nothing: the contact has changed since.
    fn excuse_of_opt_in(&self, rest: &Rest, last: &Saying) -> Option<Excused> {
        let lives = self.plan.lives.as_ref().expect("people");
        let since = last.at.unix_timestamp();
        let has_changed = rest.contacts.iter().any(|one| one.changed_at.unix_timestamp() >= since)
            || self.contacts.with(|audience| {
                audience.chronicle().iter().any(|one| {
                    lives.owner(&one.address) == Some(rest.person)
                        && one.at.unix_timestamp() >= since
                        && !matches!(one.what, What::ConfirmationMailed)
                })
            });
        if has_changed {
            return Some(Excused::StaleOptIn);
        }
        // The consent was taken back at Ory before an event could carry it further.
        let has_left = rest.said.iter().any(|one| !one.says && matches!(one.way, Way::Contact(_)))
            || self.was_stopped(rest, OffsetDateTime::UNIX_EPOCH);
        if has_left && !self.shows_consent(rest.person) {
            return Some(Excused::LateWithdrawal);
        }
        let made = self.contacts.made.lock();
        let mut proofs = made.iter().filter(|(_, one)| {
            one.person == rest.person && one.flow == "verification" && one.at >= last.at
        });
        let is_overtaken = proofs.any(|(number, _)| self.was_overtaken_among(&made, *number));
        is_overtaken.then_some(Excused::OptInOvertaken)
    }

    /// Why Ory may not show the last word; `Some(None)`: Mailchimp's report did not come, or came
    /// before there was an identity.
    #[expect(clippy::option_option, reason = "no excuse, nothing to excuse, or an excuse")]
    fn excuse_of_loop(&self, rest: &Rest, last: &Saying, shows: bool) -> Option<Option<Excused>> {
        let id = self.id_of(rest.person);
        let second = |at: OffsetDateTime| at.unix_timestamp();
        let is_told = |one: &Saying| matches!(one.way, Way::Contact(_));
        let opposite = |one: &&Saying| one.says == shows;
        // An admin's removal is reported as a withdrawal, too.
        let lives = self.plan.lives.as_ref().expect("people");
        let is_removed_then = !shows
            && self.contacts.with(|audience| {
                audience.chronicle().iter().any(|one| {
                    one.by == By::Admin
                        && lives.owner(&one.address) == Some(rest.person)
                        && second(one.at) == second(last.at)
                })
            });
        let is_same = |one: &Saying| second(one.at) == second(last.at);
        if is_removed_then || rest.said.iter().filter(opposite).any(is_same) {
            return Some(Some(Excused::SameSecond));
        }
        if self.has_lost_a_write(id) {
            return Some(Some(Excused::InKratosWindow));
        }
        if self.was_patched_late(id) {
            return Some(Some(Excused::PatchedLate));
        }
        if is_told(last) {
            return self.has_unheard_webhook().then_some(None).or_else(|| {
                let is_stale = last.says
                    && self.was_changed_otherwise(id, usize::MAX, crate::consent::second(last.at));
                is_stale.then_some(Some(Excused::StaleConsent))
            });
        }
        // A withdrawal in Mailchimp is applied whenever it comes.
        let is_late = !shows
            && (rest.said.iter().any(|one| is_told(one) && !one.says)
                || self.was_stopped(rest, OffsetDateTime::UNIX_EPOCH));
        if is_late {
            return Some(Some(Excused::LateWithdrawal));
        }
        (self.has_unheard_webhook() || rest.said.iter().filter(opposite).any(is_told))
            .then_some(None)
    }

    /// Whether a report of Mailchimp's was never answered, or rests among the dead letters, or came
    /// before the identity.
    fn has_unheard_webhook(&self) -> bool {
        let answered = self.judge.answered();
        let mut events = self.plan.events.iter().enumerate();
        events.any(|(number, event)| {
            event.which == Which::Mailchimp && (!answered.contains(&number) || self.is_dead(number))
        })
    }
}
