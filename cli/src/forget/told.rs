//! What is said of each part, without personal data.

use mailchimp_subscribe::erase::{Erased, Erasure};
use time::OffsetDateTime;

use super::{contacts::Ends, erasing::WITHOUT_TABLE, letters::Found, mapping::Mapping};
use crate::aws::CallError;

pub(super) fn mark(until: OffsetDateTime) -> String {
    format!("written: until {}, deliveries drop the events of the identity", until.date())
}

/// What was deleted from the queue of the function without a table.
pub(super) fn queue(found: Found) -> String {
    let Found { own, read, doubtful, hidden } = found;
    let mut told = vec![format!("{WITHOUT_TABLE}: {own} of {read} messages deleted")];
    if doubtful > 0 {
        told.push(format!("{doubtful} do not say whose they are, and were left"));
    }
    if hidden > 0 {
        told.push(format!(
            "about {hidden} could not be read, because they are hidden until they are tried again, \
             for an hour at most. Run this again with --wait 60"
        ));
    }
    told.join("; ")
}

/// What was deleted from among the dead letters of a function.
pub(super) fn dead_letters(function: &str, found: Found) -> String {
    let Found { own, read, doubtful, hidden } = found;
    if read + hidden == 0 {
        return format!("{function}: there were none");
    }
    let mut told = vec![format!("{function}: {own} of {read} deleted")];
    if doubtful > 0 {
        told.push(format!(
            "neither {doubtful} of the others nor the log say whose they are. Look at them with \
             `dead-letters show --with-personal-data`, and delete them with `dead-letters delete \
             --event`"
        ));
    }
    if hidden > 0 {
        told.push(format!(
            "about {hidden} could not be read, because somebody else reads them. Run this again in \
             10 minutes"
        ));
    }
    told.join("; ")
}

/// How the mapping is after the search.
pub(super) fn mapping(mapping: &Mapping) -> String {
    if mapping.is_on {
        return format!(
            "{WITHOUT_TABLE}: the event source mapping was paused, and is enabled again"
        );
    }
    format!(
        "{WITHOUT_TABLE}: the event source mapping was disabled before, and stays so. If an earlier \
         run was killed, enable it:\n{}",
        mapping.by_hand()
    )
}

/// The mapping is still paused.
pub(super) fn mapping_off(mapping: &Mapping, error: &CallError) -> String {
    format!(
        "{WITHOUT_TABLE}: the event source mapping is still disabled, and nothing is delivered: \
         {error}. Enable it:\n{}",
        mapping.by_hand()
    )
}

/// What is to be done with contacts.
pub(super) fn erasure(how: Erasure) -> &'static str {
    match how {
        Erasure::Archive => "archives",
        Erasure::Permanent => "deletes for good",
    }
}

pub(super) const NO_CONTACT: &str = "no contact is known here";

/// How many contacts had which end.
pub(super) fn contacts(ends: &Ends) -> String {
    if ends.is_empty() {
        return NO_CONTACT.to_owned();
    }
    let parts = ends.iter().map(|(end, count)| format!("{count} {}", end_of_contacts(*end)));
    format!("contacts: {}", parts.collect::<Vec<_>>().join(", "))
}

fn end_of_contacts(end: Erased) -> &'static str {
    match end {
        Erased::Archived => "archived",
        Erased::Deleted => "deleted for good",
        Erased::Gone => "gone before",
        Erased::ArchivedBefore => "archived before",
        Erased::Cleaned => "left, because Mailchimp archives no address that bounces",
    }
}

pub(super) fn record(function: &str, was_there: bool) -> String {
    format!("{function}: {}", if was_there { "deleted" } else { "there was none" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_that_are_left_are_told_with_what_to_do() {
        let all = Found { own: 1, read: 3, doubtful: 0, hidden: 0 };
        assert!(all.is_complete());
        assert_eq!(queue(all), "segment-identify: 1 of 3 messages deleted");
        assert_eq!(dead_letters("f", all), "f: 1 of 3 deleted");
        for some in [Found { doubtful: 2, ..all }, Found { hidden: 2, ..all }] {
            assert!(!some.is_complete());
            for told in [queue(some), dead_letters("f", some)] {
                assert!(told.contains("deleted; ") && told.contains('2'), "{told}");
            }
        }
        assert!(queue(Found { hidden: 2, ..all }).contains("--wait 60"));
        assert_eq!(dead_letters("f", Found::default()), "f: there were none");
    }

    #[test]
    fn ends_of_the_contacts_are_told_in_words() {
        let ends = Ends::from([(Erased::Archived, 2), (Erased::Gone, 1)]);
        assert_eq!(contacts(&ends), "contacts: 2 archived, 1 gone before");
        assert_eq!(contacts(&Ends::new()), NO_CONTACT);
    }
}
