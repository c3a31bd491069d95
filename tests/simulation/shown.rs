//! What Segment shows of a person at the end, against what was said last.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::{
    chronicle::{Way, Weight, Word},
    consent::second,
    event::Planned,
    excused::Excused,
    judge::Wrong,
    mailchimp::{LISTS, MailchimpEvent},
    world::World,
};

/// One thing that Segment is to receive about somebody.
#[derive(Debug)]
struct Said {
    event: usize,
    at: OffsetDateTime,
    value: Value,
    counts: bool,
}

impl World {
    /// Segment shows what was sent about each person last.
    pub(crate) fn judge_shown(&self) {
        let inbound = self.plan.inbound();
        let users: Vec<(String, Option<usize>)> = if inbound.has_ory() {
            let known = self.plan.people.iter().enumerate();
            let known =
                known.filter(|(_, one)| one.twin.is_none() && !self.is_erased(Some(one.id)));
            let known = known.filter(|(_, one)| self.read_row(one.id).is_some());
            known.map(|(number, one)| (one.id.to_string(), Some(number))).collect()
        } else {
            let sent = self.plan.events.iter().filter(|event| event.mailchimp.is_some());
            let users: BTreeSet<_> = sent.map(|event| event.address.clone()).collect();
            users.into_iter().map(|user| (user, None)).collect()
        };
        for (user, person) in users {
            let traits = self.mailchimp_events().filter_map(|(_, _, sent)| sent.shown(inbound));
            let traits: BTreeSet<_> = traits.map(|(name, _)| name).collect();
            for name in traits {
                self.judge_trait(&user, person, &name);
            }
        }
    }

    fn mailchimp_events(&self) -> impl Iterator<Item = (usize, &Planned, &MailchimpEvent)> {
        let events = self.plan.events.iter().enumerate().filter(|(_, event)| !event.is_cancelled);
        events.filter_map(|(number, event)| Some((number, event, event.mailchimp.as_ref()?)))
    }

    fn all_said(&self, user: &str, person: Option<usize>, name: &str) -> Vec<Said> {
        let inbound = self.plan.inbound();
        let all = self.mailchimp_events().filter_map(|(event, planned, sent)| {
            let (_, value) = sent.shown(inbound).filter(|(of, _)| of == name)?;
            let is_answered = self.judge.answered().contains(&event) && !self.is_dead(event);
            let counts = match person {
                Some(person) => match self.weight(event, person)? {
                    Weight::Counts => is_answered,
                    Weight::May => false,
                    _ => return None,
                },
                None => {
                    (planned.address == user).then_some(is_answered && !self.names_erased(sent))?
                }
            };
            self.sent_at(event)?;
            Some(Said { event, at: sent.said_at(), value, counts })
        });
        let mut all: Vec<_> = all.collect();
        all.sort_by_key(|said| said.at);
        all
    }

    fn judge_trait(&self, user: &str, person: Option<usize>, name: &str) {
        let all = self.all_said(user, person, name);
        let Some(last) = all.iter().rfind(|said| said.counts) else { return };
        let shown = self.segment_shows(user, name);
        let is_consent = last.value.is_boolean();
        let dares = is_consent
            && last.value == false
            && shown == true
            && !person.is_some_and(|person| self.consents_at_ory_since(person, name, last.at));
        let may_be = |said: &&Said| {
            // What need not come to anything may have made the last one old all the same.
            let is_later = !said.counts && said.at >= last.at;
            let is_same_second = second(said.at) == second(last.at) && !dares;
            is_later && !dares || said.value == shown && (is_later || is_same_second)
        };
        if shown == last.value || all.iter().any(|said| may_be(&said)) {
            return;
        }
        let id = person.map(|person| self.plan.people[person].id);
        // What Ory does not show is not sent, and Ory has its own judge.
        let not_told = |id| {
            is_consent && !dares && self.was_changed_otherwise(id, last.event, second(last.at))
        };
        if id.is_some_and(not_told) {
            return;
        }
        let context = format_args!("{user}: {name} is {shown}, not {}, said: {all:?}", last.value);
        if all.iter().any(|said| self.was_sent_ahead_of(said.event, last.at)) {
            self.excuse(Excused::StillToCome, context);
        } else if self.segment_took_late(user, name) {
            self.excuse(Excused::ToldLate, context);
        } else if self.had_own_orders(all.iter().map(|said| said.event)) {
            self.excuse(Excused::OwnOrder, context);
        } else if id.is_some_and(|id| is_consent && self.has_lost_a_write(id)) {
            self.excuse(Excused::InKratosWindow, context);
        } else if id.is_some_and(|id| is_consent && self.was_patched_late(id)) {
            self.excuse(Excused::PatchedLate, context);
        } else if dares {
            self.condemn(Wrong::StillTold, context);
        } else {
            self.condemn(Wrong::SegmentStale, context);
        }
    }

    /// Whether the person has given the consent of this name at Ory since then: Segment shows what Ory
    /// shows.
    fn consents_at_ory_since(&self, person: usize, name: &str, since: OffsetDateTime) -> bool {
        let inbound = self.plan.inbound();
        let lists = LISTS.iter().filter(|list| inbound.consent_trait(list) == name);
        let gives =
            |word: &Word| word.says && word.at >= since && !matches!(word.way, Way::Mailchimp(_));
        let mut paths = lists.filter_map(|list| inbound.consent_path(list));
        paths.any(|path| self.words(person, &path).iter().any(gives))
    }

    /// What Ory shows of the consent that Segment receives, since the sending invocation began.
    pub(crate) fn check_against_ory(&self, event: usize, call: &crate::network::Call) {
        let Some(sent) = &self.plan.events[event].mailchimp else { return };
        let inbound = self.plan.inbound();
        let consent = sent.kind.consent().filter(|_| inbound.has_ory());
        let (Some(given), Some(path)) = (consent, inbound.consent_path(sent.list)) else { return };
        let user = call.body["userId"].as_str().unwrap_or_default();
        if call.body["traits"].get(inbound.consent_trait(sent.list)).is_none() {
            return;
        }
        let person = self.plan.people.iter().find(|person| person.id.to_string() == user);
        let Some(person) = person.filter(|person| self.read_row(person.id).is_some()) else {
            return;
        };
        let shown = self.shown_since(person.id, &path, call.work.began);
        if !shown.contains(&json!(given)) {
            let context = format_args!("{}: sent {given}, Ory showed {shown:?}", person.address);
            self.condemn(Wrong::AgainstOry, context);
        }
    }
}
