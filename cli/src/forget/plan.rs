//! What is found of a person, and what is to be done with it. Nothing is changed for it.

use mailchimp_subscribe::{
    erase::{Erasure, contacts},
    record::{ContactRecord, lane},
};
use serde_json::{Value, json};
use shared::idempotency::LaneRecord;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    erasing::{DEAD_LETTERS, Erasing, MAILCHIMP, QUEUE, RECORDS, WITHOUT_TABLE},
    letters::{Action, Found},
    reach,
    records::marked_until,
    rows::{self, Row},
    told,
};
use crate::dead_letters::holding::Failure;

/// What is to be done.
pub(super) struct Plan {
    identity: Uuid,
    parts: Vec<Row>,
}

impl Plan {
    /// Looks at everything.
    pub(super) async fn of(erasing: &Erasing<'_>) -> Result<Self, Failure> {
        let mut plan = Self { identity: erasing.identity, parts: Vec::new() };
        plan.add_mark(erasing);
        plan.add_queue(erasing).await?;
        for letters in &erasing.letters {
            let search = letters.search(erasing.identity, Action::Count, erasing.interruption);
            plan.add(DEAD_LETTERS, dead_letters(letters.function, search.await?));
        }
        erasing.interruption.unless(plan.add_records(erasing)).await??;
        Ok(plan)
    }

    fn add(&mut self, part: &'static str, text: String) {
        self.parts.push(Row::new(part, text));
    }

    fn add_mark(&mut self, erasing: &Erasing<'_>) {
        let until = marked_until(OffsetDateTime::now_utc()).date();
        let text = if erasing.stack.tables().is_empty() {
            "none: no function has a table of records".to_owned()
        } else {
            format!("until {until}, deliveries drop the events of the identity")
        };
        self.add("mark", text);
    }

    async fn add_queue(&mut self, erasing: &Erasing<'_>) -> Result<(), Failure> {
        let Some(queue) = erasing.queue() else { return Ok(()) };
        let looks = async {
            let (count, mapping) = (queue.count().await?, erasing.mapping(&queue).await?);
            Ok::<_, Failure>((count.all(), mapping.is_some_and(|mapping| mapping.is_on)))
        };
        let (count, is_on) = erasing.interruption.unless(looks).await??;
        let pause = if is_on { "pauses the event source mapping, and " } else { "" };
        let text = format!("{pause}searches the queue, which has about {count} messages");
        self.add(QUEUE, format!("{WITHOUT_TABLE}: {text}"));
        Ok(())
    }

    async fn add_records(&mut self, erasing: &Erasing<'_>) -> Result<(), Failure> {
        self.add_contacts(erasing).await?;
        for (function, record) in erasing.records() {
            let Some(store) = erasing.stack.records(function) else { continue };
            let text = match store.look(record.id()).await? {
                Some(_) => format!("deletes {}", record.id()),
                None => "there is none".to_owned(),
            };
            self.add(RECORDS, format!("{function}: {text}"));
        }
        Ok(())
    }

    async fn add_contacts(&mut self, erasing: &Erasing<'_>) -> Result<(), Failure> {
        let store = erasing.stack.records(mailchimp_subscribe::NAME);
        let (Some(erased), Some(store)) = (&erasing.contacts, store) else { return Ok(()) };
        let lane = lane(erasing.identity);
        let found = store.look(&lane).await?;
        let record = found.as_ref().map(LaneRecord::read::<ContactRecord>).transpose()?;
        let ids = record.as_ref().map(contacts).unwrap_or_default();
        self.add(MAILCHIMP, contacts_found(erased.how, erased.list(), &ids));
        if found.is_some() {
            self.add(RECORDS, format!("{}: then deletes {lane}", mailchimp_subscribe::NAME));
        }
        Ok(())
    }

    /// For people.
    pub(super) fn to_text(&self) -> String {
        format!("To erase: {}\n{}", self.identity, rows::of(&self.parts))
    }

    /// For programs.
    pub(super) fn to_json(&self, beyond: &[Row]) -> Value {
        let parts = self.parts.iter().map(|Row { part, text }| json!({"part": part, "plan": text}));
        json!({
            "identity_id": self.identity,
            "plan": parts.collect::<Vec<_>>(),
            "out_of_reach": reach::to_json(beyond),
        })
    }
}

fn dead_letters(function: &str, found: Found) -> String {
    let Found { own, read, doubtful, hidden } = found;
    if read + hidden == 0 {
        return format!("{function}: there are none");
    }
    let own = format!("{function}: deletes {own} of {read}");
    match doubtful + hidden {
        0 => own,
        more => format!("{own}; of {more} more it is not known whose they are"),
    }
}

fn contacts_found(how: Erasure, list: &str, ids: &[&str]) -> String {
    if ids.is_empty() {
        return told::NO_CONTACT.to_owned();
    }
    format!("{} in the audience {list}: {}", told::erasure(how), ids.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_are_named_by_mailchimps_ids() {
        let found = contacts_found(Erasure::Archive, "a6b5", &["c1", "c2"]);
        assert_eq!(found, "archives in the audience a6b5: c1, c2");
        let found = contacts_found(Erasure::Permanent, "a6b5", &["c1"]);
        assert_eq!(found, "deletes for good in the audience a6b5: c1");
        assert_eq!(contacts_found(Erasure::Archive, "a6b5", &[]), told::NO_CONTACT);
    }

    #[test]
    fn letters_in_doubt_are_counted() {
        let found = Found { own: 1, read: 4, doubtful: 2, hidden: 1 };
        let expected = "f: deletes 1 of 4; of 3 more it is not known whose they are";
        assert_eq!(dead_letters("f", found), expected);
        assert_eq!(dead_letters("f", Found::default()), "f: there are none");
    }
}
