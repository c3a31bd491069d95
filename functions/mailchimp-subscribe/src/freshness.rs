//! Freshness: whether an event is an act of the person, or only repeats what was said before. The
//! function decides it, never the template.

use shared::ctx::AddAs;
use time::OffsetDateTime;

use crate::{
    consent::{Said, Status},
    record::ContactRecord,
};

/// The flow of an event, as far as its consent can be fresh.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flow {
    /// A registration: there was no consent before.
    Registration,
    /// A change of settings, with the consent before it.
    Settings(Earlier),
    /// The verification of an address.
    Verification,
    /// None: a backfill, or a reconcile; and how it adds people, if it does.
    Run(Option<AddAs>),
    /// Any other: login, recovery, or unknown.
    Other,
}

/// The consent before a change of settings.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Earlier {
    /// As the template has it.
    Consent(Option<bool>),
    /// The traits before the change are missing, or the template cannot be rendered over them.
    Unknown,
}

/// What the person says with an event of this `flow`, whose template gives `consent`.
///
/// A verification is the act that completes an opt-in which waits for it; or, if we know nothing
/// about the person, the first that we hear of one. Consent that was there and is no longer was
/// withdrawn, whatever the flow: the event that said so may have been overtaken by this one.
pub fn said(flow: Flow, consent: Option<bool>, record: &ContactRecord) -> Said {
    let is_new = match flow {
        Flow::Registration => consent == Some(true),
        Flow::Settings(Earlier::Consent(earlier)) => match consent {
            Some(true) => earlier != Some(true),
            Some(false) => earlier == Some(true),
            None => false,
        },
        Flow::Verification => {
            consent == Some(true) && (record.opt_in_at.is_some() || record.is_new())
        }
        Flow::Settings(Earlier::Unknown) | Flow::Run(_) | Flow::Other => false,
    };
    let was_given = record.consent == Some(true);
    match consent {
        Some(true) if is_new => Said::Yes,
        Some(true) => match flow {
            Flow::Run(Some(add_as)) if record.may_be_added() => Said::Backfilled(add_as),
            _ => Said::YesBefore,
        },
        Some(false) if is_new || was_given => Said::No,
        Some(false) | None => Said::Nothing,
    }
}

/// Whether an opt-in of the time `opted_in` is outdated: since then, somebody other than us has
/// changed the contact to `status`, in which a person may have opted out. Mailchimp's times are whole
/// seconds; in the same second, the opt-out wins.
pub fn is_outdated(
    opted_in: OffsetDateTime,
    status: Status,
    last_changed: Option<OffsetDateTime>,
    record: &ContactRecord,
) -> bool {
    let left_at = left_at(status, last_changed, record).max(record.left_at);
    has_left(status) && left_at.is_some_and(|left| left >= opted_in.truncate_to_second())
}

/// When somebody other than us last changed a contact to `status`, if a person may have opted out in
/// it.
pub fn left_at(
    status: Status,
    last_changed: Option<OffsetDateTime>,
    record: &ContactRecord,
) -> Option<OffsetDateTime> {
    // Somebody may have left within the second of our write.
    let is_ours = last_changed == record.last_changed && Some(status) == record.status;
    last_changed.filter(|_| has_left(status) && !is_ours)
}

fn has_left(status: Status) -> bool {
    matches!(status, Status::Unsubscribed | Status::Archived)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOON: OffsetDateTime = datetime!(2026-01-31 12:00:00.7 UTC);

    #[test]
    fn every_flow_says_what_is_new() {
        let new = ContactRecord::default();
        let known = ContactRecord { updated_at: Some(NOON), ..new.clone() };
        let waiting = ContactRecord { opt_in_at: Some(NOON), ..known.clone() };
        let given = ContactRecord { consent: Some(true), ..known.clone() };
        let refused = ContactRecord { consent: Some(false), ..known.clone() };
        let before = |consent| Flow::Settings(Earlier::Consent(consent));
        let unknown = Flow::Settings(Earlier::Unknown);
        let left = ContactRecord { left_at: Some(NOON), ..new.clone() };
        let adds = |add_as| Flow::Run(Some(add_as));
        let added = Said::Backfilled;
        let subscribed = added(AddAs::Subscribed);
        let table = [
            // The flow; the record; what is said with consent true, false and none.
            (Flow::Registration, &new, [Said::Yes, Said::Nothing, Said::Nothing]),
            (Flow::Registration, &known, [Said::Yes, Said::Nothing, Said::Nothing]),
            (before(Some(true)), &known, [Said::YesBefore, Said::No, Said::Nothing]),
            (before(Some(false)), &known, [Said::Yes, Said::Nothing, Said::Nothing]),
            (before(None), &known, [Said::Yes, Said::Nothing, Said::Nothing]),
            (before(None), &new, [Said::Yes, Said::Nothing, Said::Nothing]),
            (unknown, &known, [Said::YesBefore, Said::Nothing, Said::Nothing]),
            (unknown, &new, [Said::YesBefore, Said::Nothing, Said::Nothing]),
            (unknown, &waiting, [Said::YesBefore, Said::Nothing, Said::Nothing]),
            (Flow::Verification, &new, [Said::Yes, Said::Nothing, Said::Nothing]),
            (Flow::Verification, &waiting, [Said::Yes, Said::Nothing, Said::Nothing]),
            (Flow::Verification, &known, [Said::YesBefore, Said::Nothing, Said::Nothing]),
            (Flow::Other, &new, [Said::YesBefore, Said::Nothing, Said::Nothing]),
            (Flow::Other, &waiting, [Said::YesBefore, Said::Nothing, Said::Nothing]),
            (Flow::Other, &given, [Said::YesBefore, Said::No, Said::Nothing]),
            (Flow::Verification, &given, [Said::YesBefore, Said::No, Said::Nothing]),
            (before(Some(false)), &given, [Said::Yes, Said::No, Said::Nothing]),
            (before(Some(true)), &refused, [Said::YesBefore, Said::No, Said::Nothing]),
            (Flow::Other, &refused, [Said::YesBefore, Said::Nothing, Said::Nothing]),
            (Flow::Run(None), &new, [Said::YesBefore, Said::Nothing, Said::Nothing]),
            (Flow::Run(None), &waiting, [Said::YesBefore, Said::Nothing, Said::Nothing]),
            (Flow::Run(None), &given, [Said::YesBefore, Said::No, Said::Nothing]),
            (adds(AddAs::Pending), &new, [added(AddAs::Pending), Said::Nothing, Said::Nothing]),
            (adds(AddAs::Subscribed), &new, [subscribed, Said::Nothing, Said::Nothing]),
            (adds(AddAs::Subscribed), &waiting, [subscribed, Said::Nothing, Said::Nothing]),
            (adds(AddAs::Subscribed), &given, [subscribed, Said::No, Said::Nothing]),
            // Who has said no, or has had a contact, is not added.
            (adds(AddAs::Subscribed), &refused, [Said::YesBefore, Said::Nothing, Said::Nothing]),
            (adds(AddAs::Pending), &left, [Said::YesBefore, Said::Nothing, Said::Nothing]),
        ];
        for (flow, record, expected) in table {
            let said = [Some(true), Some(false), None].map(|consent| said(flow, consent, record));
            assert_eq!(said, expected, "{flow:?} {record:?}");
        }
    }

    #[test]
    fn opt_out_after_the_opt_in_outdates_it() {
        let (before, same, after) = (
            datetime!(2026-01-31 11:59:59 UTC),
            datetime!(2026-01-31 12:00:00 UTC),
            datetime!(2026-01-31 12:00:01 UTC),
        );
        let nobody = ContactRecord::default();
        let wrote = |status| ContactRecord {
            last_changed: Some(after),
            status: Some(status),
            ..nobody.clone()
        };
        let (ours, subscribed) = (wrote(Status::Unsubscribed), wrote(Status::Subscribed));
        let seen = |left| ContactRecord { left_at: Some(left), ..ours.clone() };
        let (seen_before, seen_after) = (seen(before), seen(after));
        let table = [
            (Status::Unsubscribed, Some(before), &nobody, false),
            (Status::Unsubscribed, Some(same), &nobody, true),
            (Status::Unsubscribed, Some(after), &nobody, true),
            (Status::Archived, Some(after), &nobody, true),
            (Status::Unsubscribed, Some(after), &ours, false),
            // In the second of our write, somebody else has left.
            (Status::Unsubscribed, Some(after), &subscribed, true),
            (Status::Unsubscribed, None, &nobody, false),
            // Our own write has hidden it since.
            (Status::Unsubscribed, Some(after), &seen_after, true),
            (Status::Unsubscribed, Some(after), &seen_before, false),
            (Status::Pending, Some(after), &seen_after, false),
            (Status::Transactional, Some(after), &nobody, false),
            (Status::Subscribed, Some(after), &nobody, false),
            (Status::Pending, Some(after), &nobody, false),
        ];
        for (status, last_changed, record, expected) in table {
            let outdated = is_outdated(NOON, status, last_changed, record);
            assert_eq!(outdated, expected, "{status:?} {last_changed:?}");
        }
    }
}
