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
        StillToCome = "consent: told with a time that was still to come",
        LateWithdrawal = "consent: withdrawn in Mailchimp, given in Ory, and told in that order",
        StaleConsent = "consent: given in Mailchimp, and the identity changed before we knew",
        InKratosWindow = "consent: a write that Kratos lost between its reading and its writing",
        PatchedLate = "consent: a patch came when nobody waited for it any more",
        OwnOrder = "order: without a table, each sandbox has its own",
        ToldLate = "Segment: took a call when nobody waited for it any more",
        ToldUnrecorded = "Segment: took a call of which the table took no note",
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
            Self::Unmatched => "nobody can tell whose contact it is",
            Self::Unclear => "two identities sign in by the address",
            Self::Bystander => "somebody else's contact carries the person's `ORY_ID`",
            Self::SameSecond => "consent was given and withdrawn within one second",
            Self::StillToCome => "Mailchimp told a time that was still to come",
            Self::LateWithdrawal => "a withdrawal in Mailchimp reaches us after",
            Self::StaleConsent => "the identity was changed, in whatever way, after",
            Self::InKratosWindow => "a change that falls into Kratos' own window is lost",
            Self::PatchedLate => "A patch that Ory makes after we gave up waiting",
            Self::OwnOrder => "without a table, each sandbox keeps an order of its own",
            Self::ToldLate => "A call that Segment takes after we gave up waiting",
            Self::ToldUnrecorded => "A call that Segment takes and the table does not record",
            Self::SegmentForgot => {
                "a call to Segment that got no answer and goes out again more than a day later"
            }
            Self::IndexSecondMail | Self::IndexAfterRejection => {
                "a mail that Mandrill's search does not show 30 minutes after the call"
            }
            Self::RecordEnded => "a mail whose record has ended",
            Self::KeyRenamed => {
                "a mail of an event that was under way while a template was deployed that names \
                 another key"
            }
            Self::OwnRecords => "without a table, a mail that two sandboxes were asked for",
            Self::MendableForGood => {
                "a mail that Mandrill rejected for the sender's sake (`unsigned`, `invalid-sender`), \
                 where the answer was lost"
            }
            Self::StillInUse => "a caller's key that was turned off is taken for",
            Self::NotYetKnown => "a caller's new key is turned away",
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
    all.map(|excused| excused.told()).collect()
}
