//! Who is answered what, and what must never be.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use crate::{locked::Locked, named::named, world::World};

named! {
    /// What must never happen.
    pub(crate) enum Wrong {
        Lost = "lost: answered 2xx, and neither done nor kept",
        SecondMail = "a second mail for one piece of work",
        SecondEvent = "a second event in Segment",
        AfterRejection = "a call after a rejection",
        AfterEnd = "a call after its end was recorded",
        WithoutClaim = "a call without a claim",
        Consent = "a consent that is not what the newest event says",
        WithoutLane = "a patch, or a word to Segment, without the lane",
        OthersLane = "a lane ended that another is in",
        Unread = "a patch without a reading in the lane",
        Echo = "a patch that changes nothing",
        Outside = "a patch outside the allowed paths",
        Mispatched = "a patch that does not do what its event says",
        SomebodyElse = "a patch of somebody else",
        SegmentFirst = "Segment told before Ory",
        BackToMailchimp = "Segment told without sparing Mailchimp",
        Untrue = "an answer that is not true",
        Status = "a status outside the table",
        Late = "an answer after its time",
        Panic = "a panic",
    }
}

named! {
    /// What can happen all the same, and is documented.
    pub(crate) enum Excused {
        IndexSecondMail = "second mail: the first was missing from the index after 30 minutes",
        IndexAfterRejection = "call after a rejection that was missing from the index after 30 minutes",
        SegmentForgot = "second event: tried for longer than the day for which Segment remembers",
        PatchedLate = "consent: a patch without an answer came after its lane was left",
        MendableForGood = "not sent: an unanswered rejection of the sender was taken for one of the recipient",
    }
}

/// A message that was received so often is about a day old.
const ABOUT_A_DAY: u32 = 80;

/// The judge of one run.
#[derive(Default)]
pub(crate) struct Judge {
    answered: Locked<BTreeSet<usize>>,
    wrong: Locked<Vec<(Wrong, String)>>,
    excused: Locked<[u64; Excused::COUNT]>,
    recorded: Locked<BTreeSet<String>>,
    redriven: Locked<BTreeSet<String>>,
    /// The events that a lane holds to be applied.
    pub(crate) noted: Locked<BTreeSet<String>>,
    tries: Locked<BTreeMap<String, u32>>,
    invocations: Locked<u64>,
    sandboxes: Locked<usize>,
}

impl Judge {
    /// The events that were answered 2xx.
    pub(crate) fn answered(&self) -> BTreeSet<usize> {
        self.answered.lock().clone()
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
        self.judge.answered.lock().insert(event);
    }

    /// The table has said that it holds the end of this work.
    pub(crate) fn was_recorded(&self, record_id: String) {
        self.judge.recorded.lock().insert(record_id);
    }

    /// Whether the end of this work was recorded.
    pub(crate) fn is_recorded(&self, record_id: &str) -> bool {
        self.judge.recorded.lock().contains(record_id)
    }

    /// A dead letter about the event with this key is sent again.
    pub(crate) fn was_redriven(&self, key: String) {
        self.judge.redriven.lock().insert(key);
    }

    /// A message about the event with this key was received so often.
    pub(crate) fn was_received(&self, key: String, times: u32) {
        let mut tries = self.judge.tries.lock();
        let most = tries.entry(key).or_default();
        *most = times.max(*most);
    }

    /// Whether delivering the event with this key took longer than a day.
    pub(crate) fn was_tried_for_long(&self, key: &str) -> bool {
        self.judge.redriven.lock().contains(key)
            || self.judge.tries.lock().get(key).is_some_and(|tries| *tries > ABOUT_A_DAY)
    }

    /// Something that must never happen.
    pub(crate) fn condemn(&self, wrong: Wrong, what: fmt::Arguments<'_>) {
        self.say(format_args!("WRONG    {}: {what}", wrong.told()));
        self.judge.wrong.lock().push((wrong, what.to_string()));
    }

    /// Something that happens, as documented.
    pub(crate) fn excuse(&self, excused: Excused, what: fmt::Arguments<'_>) {
        self.say(format_args!("excused  {}: {what}", excused.told()));
        self.judge.excused.lock()[excused as usize] += 1;
    }
}
