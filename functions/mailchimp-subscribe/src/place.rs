//! Which contact an event is about: the person's own, or the one of the address. Pure.

use time::OffsetDateTime;

use crate::{
    consent::{
        Decision, Rules, Said, Statement, Status, decide, decide_after_opt_out, decide_anew,
    },
    freshness::is_outdated,
    mailchimp::Contact,
    record::ContactRecord,
};

/// The contact that an event is about.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    /// The contact; `None`: there is none.
    pub(crate) contact: Option<Contact>,
    /// Whether it is known to be the person's: we make or have made it, or the address is verified.
    /// Anybody can register with the address of a contact, so the fields of another are not touched.
    pub(crate) is_own: bool,
    /// Whether it is at an earlier address and can move to the present one.
    pub(crate) moves: bool,
    /// The contact of the person's earlier address, which gives way to this one, or to a new one.
    pub(crate) replaces: Option<Contact>,
}

impl Place {
    /// The contact of the address.
    pub(crate) fn of_address(contact: Option<Contact>, is_verified: bool) -> Self {
        let is_own = is_verified || contact.is_none();
        Self { contact, is_own, moves: false, replaces: None }
    }

    /// The person's contact, where it is.
    pub(crate) fn stays(own: Contact) -> Self {
        Self { contact: Some(own), is_own: true, moves: false, replaces: None }
    }

    /// The person's contact `own`, whose address is no longer the present one, which is verified and
    /// has the contact `other`.
    pub(crate) fn at_new_address(own: Contact, other: Option<Contact>) -> Self {
        match other {
            Some(other) if is_same(&own, &other) => Self::stays(other),
            // What bounces or is archived is not moved: its state belongs to the old address.
            other if matches!(own.status, Status::Cleaned | Status::Archived) => {
                Self::of_address(other, true)
            }
            // Mailchimp moves only subscribed contacts (ibericode/mailchimp-user-sync#96).
            None if own.status == Status::Subscribed => {
                Self { contact: Some(own), is_own: true, moves: true, replaces: None }
            }
            contact => Self { contact, is_own: true, moves: false, replaces: Some(own) },
        }
    }

    /// What to write there. `opted_in` is the time of the opt-in, if the statement is one.
    pub(crate) fn decide(
        &self,
        mut statement: Statement,
        opted_in: OffsetDateTime,
        record: &ContactRecord,
        rules: Rules,
        double_opt_in: bool,
    ) -> Decision {
        let contacts = || self.contact.iter().chain(&self.replaces);
        let has_left = |one: &Contact| is_outdated(opted_in, one.status, one.last_changed, record);
        if statement.said == Said::Yes && contacts().any(has_left) {
            statement.said = Said::YesBefore;
        }
        let status = self.contact.as_ref().map(|contact| contact.status);
        let decided = match self.replaces.as_ref().map(|old| old.status) {
            Some(old) if status.is_none() => decide_anew(old, statement, rules, double_opt_in),
            Some(Status::Unsubscribed) => {
                decide_after_opt_out(status, statement, rules, double_opt_in)
            }
            _ => decide(status, statement, rules, double_opt_in),
        };
        match decided {
            Decision::Fields if !self.is_own => Decision::Nothing(NOT_OWN),
            decided => decided,
        }
    }
}

/// Why the fields of a contact are not written.
pub(crate) const NOT_OWN: &str = "the address is not verified, and its contact is not ours";

fn is_same(one: &Contact, other: &Contact) -> bool {
    one.id.is_some() && one.id == other.id
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOON: OffsetDateTime = datetime!(2026-01-31 12:00 UTC);

    fn contact(id: &str, status: Status) -> Contact {
        let (id, address) = (Some(id.to_owned()), Some(format!("{id}@example.com")));
        Contact { id, address, status, last_changed: None }
    }

    fn decide_at(place: &Place, said: Said) -> Decision {
        let statement = Statement { said, is_verified: true };
        place.decide(statement, NOON, &ContactRecord::default(), Rules::default(), false)
    }

    #[test]
    fn subscribed_contact_moves_unless_the_new_address_has_one() {
        use Status::{Archived, Cleaned, Pending, Subscribed, Transactional, Unsubscribed};
        for status in [Subscribed, Pending, Transactional, Unsubscribed] {
            let own = contact("a", status);
            let place = Place::at_new_address(own.clone(), None);
            assert_eq!(place.moves, status == Subscribed, "{status:?}");
            let own_is_left = place.contact.is_none() && place.replaces == Some(own.clone());
            assert_eq!(own_is_left, status != Subscribed, "{status:?}");
            let place = Place::at_new_address(own.clone(), Some(contact("b", Subscribed)));
            assert!(!place.moves && place.replaces == Some(own), "{status:?}");
        }
        for status in [Cleaned, Archived] {
            for other in [None, Some(contact("b", Subscribed))] {
                let place = Place::at_new_address(contact("a", status), other.clone());
                assert_eq!(place, Place::of_address(other, true), "{status:?}");
            }
        }
        let moved = Place::at_new_address(contact("a", Subscribed), Some(contact("a", Subscribed)));
        assert_eq!(moved, Place::stays(contact("a", Subscribed)));
    }

    #[test]
    fn fields_of_a_contact_that_is_not_the_persons_are_not_touched() {
        for status in Status::ALL {
            let place = Place::of_address(Some(contact("a", status)), false);
            for said in [Said::YesBefore, Said::Nothing] {
                assert_ne!(decide_at(&place, said), Decision::Fields, "{status:?} {said:?}");
            }
        }
        let place = Place::of_address(Some(contact("a", Status::Subscribed)), false);
        assert_eq!(decide_at(&place, Said::No), Decision::Set(Status::Unsubscribed));
    }

    #[test]
    fn stricter_consent_of_two_contacts_wins() {
        use Decision::{Bounces, Fields, Nothing, Revive, Set};
        use Status::{Archived, Cleaned, Pending, Subscribed, Transactional, Unsubscribed};
        let off = Set(Unsubscribed);
        let archived = Nothing(crate::consent::ARCHIVED);
        let table = [
            // The old contact, the one at the new address; what is written without a fresh opt-in,
            // and with one.
            (Unsubscribed, Subscribed, off, Set(Pending)),
            (Unsubscribed, Pending, off, Set(Pending)),
            (Unsubscribed, Transactional, Fields, Set(Pending)),
            (Unsubscribed, Unsubscribed, Fields, Set(Pending)),
            (Unsubscribed, Archived, archived, Revive),
            (Unsubscribed, Cleaned, Bounces, Bounces),
            (Subscribed, Subscribed, Fields, Fields),
            (Subscribed, Pending, Fields, Fields),
            (Subscribed, Transactional, Fields, Set(Subscribed)),
            (Subscribed, Unsubscribed, Fields, Set(Pending)),
            (Subscribed, Archived, archived, Revive),
            (Subscribed, Cleaned, Bounces, Bounces),
            (Pending, Subscribed, Fields, Fields),
            (Transactional, Subscribed, Fields, Fields),
        ];
        for (old, new, before, fresh) in table {
            let place = Place::at_new_address(contact("a", old), Some(contact("b", new)));
            assert_eq!(decide_at(&place, Said::YesBefore), before, "{old:?} {new:?}");
            assert_eq!(decide_at(&place, Said::Yes), fresh, "{old:?} {new:?}");
        }
    }

    #[test]
    fn contact_that_cannot_move_is_replaced_by_one_with_its_consent() {
        use Decision::Create;
        use Status::{Pending, Subscribed, Transactional, Unsubscribed};
        let table = [
            // The old contact; what is written without a fresh opt-in, with one, and if consent is
            // withdrawn just now.
            (Unsubscribed, Create(Unsubscribed), Create(Pending), Create(Unsubscribed)),
            (Pending, Create(Pending), Create(Pending), Create(Unsubscribed)),
            (Transactional, Create(Transactional), Create(Subscribed), Create(Transactional)),
        ];
        for (old, before, fresh, no) in table {
            let place = Place::at_new_address(contact("a", old), None);
            assert_eq!(decide_at(&place, Said::YesBefore), before, "{old:?}");
            assert_eq!(decide_at(&place, Said::Nothing), before, "{old:?}");
            assert_eq!(decide_at(&place, Said::Yes), fresh, "{old:?}");
            assert_eq!(decide_at(&place, Said::No), no, "{old:?}");
        }
    }

    #[test]
    fn opt_out_after_the_opt_in_counts_with_either_contact() {
        let left = Contact {
            last_changed: Some(NOON + time::Duration::SECOND),
            ..contact("a", Status::Unsubscribed)
        };
        assert_eq!(decide_at(&Place::stays(left.clone()), Said::Yes), Decision::Fields);
        let place = Place::at_new_address(left.clone(), None);
        assert_eq!(decide_at(&place, Said::Yes), Decision::Create(Status::Unsubscribed));
        let place = Place::at_new_address(left, Some(contact("b", Status::Subscribed)));
        assert_eq!(decide_at(&place, Said::Yes), Decision::Set(Status::Unsubscribed));
    }
}
