//! What must have come of Mailchimp's events at the end: the newest decides, and none is lost.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    event::Planned,
    judge::{Excused, Wrong},
    mailchimp::{Kind, Person, Told},
    settings::Inbound,
    world::World,
};

impl World {
    /// A lane holds it that this event was applied.
    pub(crate) fn was_noted(&self, key: String) {
        self.judge.noted.lock().insert(key);
    }

    /// Whether the event has come to anything.
    fn was_applied(&self, number: usize) -> bool {
        let event = &self.plan.events[number];
        self.judge.noted.lock().contains(&event.key)
            || self.was_patched(number)
            || self.has_event(&event.vendor_key)
    }

    /// Whether nothing is left to do of an event of Mailchimp's.
    pub(crate) fn is_through(&self, event: &Planned, told: &Told) -> bool {
        let inbound = self.plan.inbound();
        let (number, _) = self.plan.by_key(&event.key).expect("an event of the plan");
        let subject = self.plan.subject(number);
        if inbound.has_ory() && subject.is_none_or(|person| self.is_gone(person.id)) {
            return true;
        }
        let is_told = self.has_event(&event.vendor_key);
        let is_marked = || {
            let identity = subject.and_then(|person| self.identity(person.id));
            let has = |(path, value): (String, Option<Value>)| {
                identity.as_ref().and_then(|identity| identity.pointer(&path)) == value.as_ref()
            };
            told.wants(inbound).into_iter().all(has)
        };
        let no_segment = told.kind == Kind::Hard && inbound == Inbound::Shipped;
        is_told
            || self.is_superseded(number, told)
            || no_segment && (is_marked() || self.was_applied(number))
    }

    /// Whether a newer one has been applied in the event's lane.
    fn is_superseded(&self, number: usize, told: &Told) -> bool {
        let key = &self.plan.events[number].key;
        let lane = self.plan.lane_of(number);
        let mut others = self.plan.events.iter().enumerate();
        others.any(|(other, planned)| {
            let Some(newer) = &planned.told else { return false };
            let beats = told.is_beaten_by(newer) || told.is_like(newer) && planned.key > *key;
            beats && self.plan.lane_of(other) == lane && self.was_applied(other)
        })
    }

    /// The consent of each person is what the newest event says.
    pub(crate) fn judge_consent(&self, dead: &BTreeSet<String>) {
        let told = self.plan.events.iter().filter_map(|event| event.told.as_ref());
        let lists: BTreeSet<_> = told.map(|told| told.list).collect();
        let known = self.plan.people.iter().filter(|person| person.is_known);
        for person in known.filter(|_| self.plan.inbound().has_ory()) {
            for list in &lists {
                self.judge_consent_of(person, list, dead);
            }
        }
    }

    fn judge_consent_of(&self, person: &Person, list: &'static str, dead: &BTreeSet<String>) {
        let inbound = self.plan.inbound();
        let Some(identity) = self.identity(person.id) else { return };
        let answered = self.judge.answered();
        let is_answered = |number: usize, event: &Planned| {
            answered.contains(&number) && !dead.contains(&event.key)
        };
        let events = || self.about(person, list);
        let newest = events().filter(|(number, event, _)| is_answered(*number, event));
        let newest = newest.map(|(.., told)| told).max_by_key(|told| told.rank());
        // What was not answered may have come to something all the same.
        let unanswered = events().filter(|(number, event, told)| {
            let is_newer = Some(told.rank()) >= newest.map(Told::rank);
            is_newer && !is_answered(*number, event) && self.was_applied(*number)
        });
        let mut allowed: Vec<_> = unanswered.map(|(.., told)| said(told, inbound)).collect();
        allowed.push(newest.map_or_else(|| at_first(person, inbound), |told| said(told, inbound)));
        let is = inbound.consent(list, &identity);
        if allowed.contains(&is) {
            return;
        }
        let told = format_args!("{} in {list} is {is}, not {allowed:?}", person.address);
        if self.was_patched_late(person.id, list) {
            self.excuse(Excused::PatchedLate, told);
        } else {
            self.condemn(Wrong::Consent, told);
        }
    }

    /// The events about the consent of a person to a list.
    fn about(
        &self,
        person: &Person,
        list: &'static str,
    ) -> impl Iterator<Item = (usize, &Planned, &Told)> {
        let events = self.plan.events.iter().enumerate();
        events.filter_map(move |(number, event)| {
            let told = event.told.as_ref()?;
            let is_theirs = self.plan.subject(number).is_some_and(|one| one.id == person.id);
            let counts = told.list == list && told.kind.consent().is_some();
            (is_theirs && counts && !event.is_cancelled).then_some((number, event, told))
        })
    }
}

/// The consent that an event leaves.
fn said(told: &Told, inbound: Inbound) -> Value {
    let given = told.kind.consent() == Some(true);
    match inbound {
        Inbound::ByList if given => json!([true, told.timestamp()]),
        Inbound::ByList => json!([false, null]),
        _ => json!(given),
    }
}

fn at_first(person: &Person, inbound: Inbound) -> Value {
    match inbound {
        Inbound::ByList => json!([null, null]),
        _ => json!(person.consent),
    }
}
