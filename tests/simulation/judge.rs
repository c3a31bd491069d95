//! What must never be, and what the run has seen of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};

use time::OffsetDateTime;

use crate::{excused::Excused, locked::Locked, named::named, world::World};

named! {
    /// What must never happen.
    pub(crate) enum Wrong {
        StillConsenting = "Ory shows consent of somebody who said no last",
        ConsentLost = "Ory shows no consent of somebody who said yes last",
        NotMarked = "Ory shows no mark of an address that bounced",
        FalseMark = "Ory shows another mark than the newest event about the address says",
        SettledUntrue = "a send in doubt was closed as what no search would find",
        StillTold = "Segment shows consent of somebody who said no last",
        SegmentStale = "Segment does not show what was said last",
        AgainstOry = "Segment received a consent that Ory did not show",
        PatchesMet = "two patches of ours to one person met, and one is lost",
        SomebodyElse = "a patch of somebody else",
        Contrary = "a patch that says the contrary of its event",
        Outside = "a patch outside the allowed paths",
        Echo = "a patch that changes nothing",
        BackToMailchimp = "Segment was called without excluding Mailchimp",
        SubscribedUnverified = "the API subscribed an address that nobody had verified",
        SubscribedAfterLeaving = "the API subscribed somebody unsubscribed, cleaned or archived",
        AgainstLastWord = "the API subscribed or asked somebody whose no it could have known",
        Unasked = "a confirmation mail that nothing was said for",
        AskedAgain = "a second confirmation mail for one thing said",
        AskedForNothing = "asked to confirm though neither the operator nor the audience wants it",
        NotAsked = "the API subscribed somebody who is to be asked first",
        MovedUnverified = "the API moved a contact to an address that nobody had verified",
        ChangedByBackfill = "a backfill changed the state of a contact, or subscribed without a word",
        OthersContact = "the API changed a contact of somebody else",
        StillSubscribed = "subscribed at the end, though the last word was no",
        OptInLost = "no contact that is subscribed or pending, though the last word was yes",
        LeftBehind = "subscribed or pending at an address that the person has left",
        Lost = "lost: answered 2xx, and neither done nor kept",
        Stuck = "a dead letter, with nothing in its way",
        SecondMail = "a second mail for one piece of work",
        LateMail = "a mail later than its troubles explain",
        SecondEvent = "a second event in Segment",
        SharedId = "two events under one id in Segment",
        AfterRejection = "a call after a rejection",
        AfterErasure = "a call about somebody after the erasure",
        Remembered = "a record that says something of somebody after the erasure",
        Impatient = "a vendor asked again before the time that it asked for",
        TurnedAway = "a caller with the right secret was answered 401",
        LetIn = "somebody without the secret was let in",
        LookedUp = "callers' secret looked up again and again within 30 s",
        Untrue = "an answer that is not true",
        Status = "a status outside the table",
        Late = "an answer after its time",
        Panic = "a panic",
    }
}

/// A message that was received so often is about a day old.
const ABOUT_A_DAY: u32 = 80;

/// The judge of one run.
#[derive(Default)]
pub(crate) struct Judge {
    answered: Locked<BTreeMap<usize, OffsetDateTime>>,
    wrong: Locked<Vec<(Wrong, String)>>,
    excused: Locked<[u64; Excused::COUNT]>,
    redriven: Locked<BTreeSet<String>>,
    dead: Locked<BTreeSet<String>>,
    tries: Locked<BTreeMap<String, u32>>,
    invocations: Locked<u64>,
    sandboxes: Locked<usize>,
    /// The invocations in which something went wrong.
    pub(crate) troubled: Locked<BTreeSet<u64>>,
    /// For how long that may have kept each event.
    pub(crate) kept: Locked<BTreeMap<usize, Duration>>,
    /// The sandboxes that worked on each event.
    pub(crate) workers: Locked<BTreeMap<usize, BTreeSet<usize>>>,
    /// When each was first done with.
    settled: Locked<BTreeMap<usize, OffsetDateTime>>,
    /// How often each was tried with nothing in its way.
    pub(crate) tried_well: Locked<BTreeMap<usize, u32>>,
}

impl Judge {
    /// The events that were answered 2xx.
    pub(crate) fn answered(&self) -> BTreeSet<usize> {
        self.answered.lock().keys().copied().collect()
    }

    /// When an event was first answered 2xx.
    pub(crate) fn answered_at(&self, event: usize) -> Option<OffsetDateTime> {
        self.answered.lock().get(&event).copied()
    }

    /// Another invocation begins.
    pub(crate) fn count_invocation(&self) {
        *self.invocations.lock() += 1;
    }

    /// How many invocations there were.
    pub(crate) fn invocations(&self) -> u64 {
        *self.invocations.lock()
    }

    /// Another sandbox starts: its number.
    pub(crate) fn count_sandbox(&self) -> usize {
        let mut sandboxes = self.sandboxes.lock();
        *sandboxes += 1;
        *sandboxes
    }

    /// What went wrong.
    pub(crate) fn wrong(&self) -> Vec<(Wrong, String)> {
        self.wrong.lock().clone()
    }

    /// How often the documented exceptions occurred.
    pub(crate) fn excused(&self) -> [u64; Excused::COUNT] {
        *self.excused.lock()
    }
}

impl World {
    /// An event was answered 2xx.
    pub(crate) fn was_answered(&self, event: usize) {
        let now = self.now();
        self.judge.answered.lock().entry(event).or_insert(now);
    }

    /// An event is done with, whatever came of it.
    pub(crate) fn settles(&self, event: usize) {
        let now = self.now();
        self.judge.settled.lock().entry(event).or_insert(now);
    }

    /// When an event was first done with.
    pub(crate) fn settled_at(&self, event: usize) -> Option<OffsetDateTime> {
        self.judge.settled.lock().get(&event).copied()
    }

    /// A dead letter about the event with this key is sent again.
    pub(crate) fn was_redriven(&self, key: String) {
        self.judge.redriven.lock().insert(key);
    }

    /// The events of these keys are dead letters at the end.
    pub(crate) fn are_dead(&self, keys: BTreeSet<String>) {
        *self.judge.dead.lock() = keys;
    }

    /// Whether an event is a dead letter at the end.
    pub(crate) fn is_dead(&self, event: usize) -> bool {
        self.judge.dead.lock().contains(&self.plan.events[event].key)
    }

    /// A message about the event with this key was received so often.
    pub(crate) fn was_received(&self, key: String, times: u32) {
        let mut tries = self.judge.tries.lock();
        let most = tries.entry(key).or_default();
        *most = times.max(*most);
    }

    /// Whether a message about the event with this key was received.
    pub(crate) fn has_been_received(&self, key: &str) -> bool {
        self.judge.tries.lock().contains_key(key)
    }

    /// Whether delivering the event with this key took longer than a day.
    pub(crate) fn was_tried_for_long(&self, key: &str) -> bool {
        self.judge.redriven.lock().contains(key)
            || self.judge.tries.lock().get(key).is_some_and(|tries| *tries > ABOUT_A_DAY)
    }

    /// Something that must never happen.
    pub(crate) fn condemn(&self, wrong: Wrong, what: fmt::Arguments<'_>) {
        self.say(format_args!("WRONG    {}: {what}", wrong.label()));
        self.judge.wrong.lock().push((wrong, what.to_string()));
    }

    /// Something that happens, as documented.
    pub(crate) fn excuse(&self, excused: Excused, what: fmt::Arguments<'_>) {
        self.say(format_args!("excused  {}: {what}", excused.label()));
        self.judge.excused.lock()[excused as usize] += 1;
    }
}
