//! What people did, by which way, and when: the truth of a run, which no function sees whole.

use std::{collections::BTreeMap, time::Duration};

use time::OffsetDateTime;

use crate::{
    locked::Locked,
    settings::Which,
    world::{BEGIN, World},
};

/// How far two clocks may be apart.
const CLOCKS: Duration = Duration::from_secs(2);

/// By which way somebody said something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Way {
    /// In Mailchimp, which reported it by the event of this number.
    Mailchimp(usize),
    /// In Ory's settings.
    Ory,
    /// To an operator.
    Operator,
}

/// How much a word counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Weight {
    /// It must come to something.
    Counts,
    /// It may: the event was not answered, or rests among the dead letters.
    May,
    /// Nobody can tell from the contact whose word it is.
    Unmatched,
    /// The address is that of two identities, and which of them is not clear.
    Unclear,
    /// Another said it, whose contact names this person.
    Bystander,
}

/// One thing that was said about consent.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    pub(crate) at: OffsetDateTime,
    pub(crate) says: bool,
    pub(crate) way: Way,
    pub(crate) weight: Weight,
}

/// What was said at Ory, and when events were sent.
#[derive(Default)]
pub(crate) struct Chronicle {
    at_ory: Locked<Vec<(usize, String, Word)>>,
    sent: Locked<BTreeMap<usize, [OffsetDateTime; 2]>>,
}

impl World {
    /// Somebody said something at Ory.
    pub(crate) fn said(&self, person: usize, path: String, says: bool, way: Way) {
        let word = Word { at: self.now(), says, way, weight: Weight::Counts };
        self.chronicle.at_ory.lock().push((person, path, word));
    }

    /// An event is sent to its function.
    pub(crate) fn was_sent(&self, event: usize) {
        let now = self.now();
        self.chronicle.sent.lock().entry(event).or_insert([now; 2])[1] = now;
    }

    /// When the event was sent for the first time and for the last.
    pub(crate) fn sent_at(&self, event: usize) -> Option<[OffsetDateTime; 2]> {
        self.chronicle.sent.lock().get(&event).copied()
    }

    /// All that was said about the consent of this person that is kept at this path, the first
    /// first.
    pub(crate) fn words(&self, person: usize, path: &str) -> Vec<Word> {
        let inbound = self.plan.inbound();
        let at_ory = self.chronicle.at_ory.lock();
        let at_ory = at_ory.iter().filter(|(whose, place, _)| *whose == person && place == path);
        let mut words: Vec<_> = at_ory.map(|(.., word)| word.clone()).collect();
        for (number, event) in self.plan.events.iter().enumerate() {
            let Some(sent) = &event.mailchimp else { continue };
            let Some(says) = sent.kind.consent() else { continue };
            let is_here = inbound.consent_path(sent.list).as_deref() == Some(path);
            if !is_here || event.is_cancelled || self.sent_at(number).is_none() {
                continue;
            }
            let weight = self.weight(number, person);
            let way = Way::Mailchimp(number);
            words.extend(weight.map(|weight| Word { at: sent.said_at(), says, way, weight }));
        }
        words.sort_by_key(|word| word.at);
        words
    }

    /// The events of Mailchimp's that say anything of this person.
    pub(crate) fn events_about(&self, person: usize) -> impl Iterator<Item = usize> {
        let all = 0..self.plan.events.len();
        all.filter(move |number| self.weight(*number, person).is_some())
    }

    /// How much an event of Mailchimp's counts for a person; `None` where it says nothing of the
    /// person.
    pub(crate) fn weight(&self, number: usize, person: usize) -> Option<Weight> {
        let event = &self.plan.events[number];
        let sent = event.mailchimp.as_ref()?;
        let (people, one) = (&self.plan.people, &self.plan.people[person]);
        let carried = sent.carries(people);
        let withdraws = sent.kind.consent() == Some(false);
        if sent.owner != person && one.twin != Some(sent.owner) {
            return (withdraws && carried == Some(person)).then_some(Weight::Bystander);
        }
        let by_id = carried == Some(person) && (withdraws || one.has_verified(&sent.addresses[0]));
        let by_address = sent.addresses.contains(&one.address);
        if !by_id && !by_address {
            return Some(Weight::Unmatched);
        }
        let [signed_up, listed] = one.signs_up.unwrap_or_default();
        let is_known = by_id && self.was_sent_after(number, signed_up)
            || by_address && self.was_sent_after(number, listed);
        if !is_known {
            return Some(Weight::May);
        }
        Some(match (withdraws || one.twin.is_none(), self.is_to_come(number)) {
            (true, true) => Weight::Counts,
            (true, false) => Weight::May,
            (false, _) => Weight::Unclear,
        })
    }

    /// Whether the event must come to something: it was answered, and was not left among the dead
    /// letters.
    fn is_to_come(&self, number: usize) -> bool {
        let is_dead = self.is_dead(number) && !self.withdrawal_is_due(number);
        self.judge.answered().contains(&number) && !is_dead
    }

    /// Whether only the Segment part of a template keeps a withdrawal among the dead letters: Ory
    /// must have it all the same.
    fn withdrawal_is_due(&self, number: usize) -> bool {
        let sent = self.plan.events[number].mailchimp.as_ref();
        let is_unfit = self.plan.of(Which::Mailchimp).is_unfit_later;
        let withdraws = sent.is_some_and(|sent| sent.kind.consent() == Some(false));
        is_unfit && withdraws && self.was_tried_well(number)
    }

    /// Whether an event was sent after something had happened at Ory.
    fn was_sent_after(&self, number: usize, happened: Duration) -> bool {
        let happened = BEGIN + happened + CLOCKS;
        let sent = self.sent_at(number);
        happened <= BEGIN + CLOCKS || sent.is_some_and(|[first, _]| first >= happened)
    }
}
