//! What can happen all the same: each is a sentence of docs/delivery.md.

use crate::named::named;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/delivery.md");

named! {
    /// What can happen all the same, and is documented.
    pub(crate) enum Excused {
        Unmatched = "consent: a contact of which nobody can tell whose it is",
        Unclear = "consent: two identities by one address",
        Bystander = "consent: another's withdrawal, whose contact names this person",
        SameSecond = "consent: given and withdrawn in one second",
        StillToCome = "consent: sent with a time in the future",
        LateWithdrawal = "consent: withdrawn in Mailchimp, given in Ory, and sent in that order",
        StaleConsent = "consent: given in Mailchimp, and the identity changed before we knew",
        InKratosWindow = "consent: a write that Kratos lost between its reading and its writing",
        PatchedLate = "consent: a patch came when nobody waited for it any more",
        LateContact = "contact: a write came when nobody waited for it any more",
        ContactWindow = "contact: it changed between our reading and our writing",
        OptInOvertaken = "contact: an opt-in was done with after a newer event of the person",
        WithdrawalOvertaken = "contact: a withdrawal by somebody who had subscribed in Mailchimp was done \
                               with after a newer event",
        SecondContact = "contact: a second one, at an address that is not verified yet",
        StaleOptIn = "contact: it changed after the opt-in and before we knew",
        Unrecorded = "contact: written, not recorded, and the address changed before that was mended",
        Complained = "contact: cleaned for a complaint, at an earlier address",
        StrangerWithdrew = "contact: somebody who had registered with the address withdrew",
        OwnOrder = "order: without a table, each sandbox has its own",
        ToldLate = "Segment: took a call when nobody waited for it any more",
        SegmentForgot = "second event: tried for longer than the day for which Segment remembers",
        IndexSecondMail = "second mail: the first was missing from the index after 30 minutes",
        IndexAfterRejection = "call after a rejection that was missing from the index after 30 minutes",
        RecordEnded = "second mail: the record had ended",
        KeyRenamed = "second mail: a template that names another key was deployed meanwhile",
        OwnRecords = "second mail: without a table, each sandbox has its own records",
        MendableForGood = "not sent: an unanswered rejection of the sender was taken for one of the recipient",
        StillInUse = "a leaked key was taken for as long as a secret is kept",
        NotYetKnown = "a rotated secret was turned away while Secrets Manager did not answer",
    }
}

impl Excused {
    /// Where docs/delivery.md says so.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::Unmatched => "no identity can be found for a contact",
            Self::Unclear => "two identities sign in with the address",
            Self::Bystander => "another person's contact carries the person's `ORY_ID`",
            Self::SameSecond => "consent is given and withdrawn within one second",
            Self::StillToCome => "Mailchimp sends a time in the future",
            Self::LateWithdrawal => "a withdrawal in Mailchimp arrives after",
            Self::StaleConsent => "the identity changes in any way after",
            Self::InKratosWindow => "a change within Kratos' own window is lost",
            Self::PatchedLate => "If Ory applies a patch after we gave up waiting",
            Self::LateContact => "If Mailchimp acts on a call after we gave up waiting",
            Self::ContactWindow => "in the moment between our read and our write",
            Self::OptInOvertaken => "a newer event of the same person is done before",
            Self::WithdrawalOvertaken => "if the person had subscribed in Mailchimp",
            Self::SecondContact => "a second contact at an address that is not verified yet",
            Self::StaleOptIn => "the contact changes in any way after the person opts in",
            Self::Unrecorded => "a contact is written and the write is not recorded",
            Self::Complained => "Mailchimp cleans an earlier address for a complaint",
            Self::StrangerWithdrew => "somebody else has registered with the person's address",
            Self::OwnOrder => "without a table, each sandbox keeps its own order",
            Self::ToldLate => "If Segment takes a call after we gave up waiting",
            Self::SegmentForgot => {
                "a call to Segment gets no answer and is repeated more than a day later"
            }
            Self::IndexSecondMail | Self::IndexAfterRejection => {
                "Mandrill's search does not show a mail 30 minutes after the call"
            }
            Self::RecordEnded => "a record has expired",
            Self::KeyRenamed => {
                "an event was under way while a template that returns another key was deployed"
            }
            Self::OwnRecords => "there is no table, and two sandboxes get the same event",
            Self::MendableForGood => {
                "Mandrill rejects a mail because of the sender (`unsigned`, `invalid-sender`), and the \
                 answer is lost"
            }
            Self::StillInUse => "an old key is accepted for",
            Self::NotYetKnown => "A new key is refused",
        }
    }
}

/// The excuses of which docs/delivery.md says nothing under *What is not guaranteed*.
pub(crate) fn undocumented() -> Vec<&'static str> {
    let page = std::fs::read_to_string(PAGE).expect("docs/delivery.md");
    let (_, list) = page.split_once("\n## What is not guaranteed\n").expect("the list");
    let list = list.split_once("\n## ").map_or(list, |(list, _)| list);
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let list = words(list);
    let all = Excused::ALL.iter().filter(|excused| !list.contains(&words(excused.sentence())));
    all.map(|excused| excused.label()).collect()
}
