//! The steps, in an order in which nothing that was erased is made anew: the mark is first.

use std::time::Duration;

use mailchimp_subscribe::{erase::Erasure, record::lane};
use shared::{
    clock::SystemClock,
    idempotency::{DynamoDbStore, StoreError},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    account::Account,
    contacts::{Contacts, Ends},
    letters::{Action, Letters, delete_from},
    mapping::Mapping,
    records::{Record, Records, mark, marked_until},
    stack::Stack,
    told,
};
use crate::{
    aws::CallError,
    dead_letters::{holding::Failure, queue::Queue},
    interruption::Interruption,
    output::{note, wrapped},
};

/// The parts of the account.
pub(super) const QUEUE: &str = "queue";
pub(super) const DEAD_LETTERS: &str = "dead letters";
pub(super) const MAILCHIMP: &str = "Mailchimp";
pub(super) const RECORDS: &str = "records";

/// The function that has no table, and so knows no mark.
pub(super) const WITHOUT_TABLE: &str = segment_identify::NAME;

/// Nothing is erased without the mark: deliveries would make it anew.
#[derive(Debug, thiserror::Error)]
#[error("the mark cannot be written, so nothing was erased")]
struct NoMark(#[source] StoreError);

/// Everything about one person that can be reached.
pub(super) struct Erasing<'a> {
    pub(super) stack: &'a Stack,
    pub(super) identity: Uuid,
    pub(super) interruption: &'a Interruption,
    /// How long to wait for messages that are hidden.
    wait: Duration,
    pub(super) letters: Vec<Letters>,
    pub(super) contacts: Option<Contacts>,
}

impl<'a> Erasing<'a> {
    pub(super) async fn of(
        stack: &'a Stack,
        identity: Uuid,
        how: Erasure,
        wait: Duration,
        interruption: &'a Interruption,
    ) -> Result<Self, Failure> {
        let function = stack.function(mailchimp_subscribe::NAME);
        let contacts = function.map(|function| Contacts::of(stack, function, how)).transpose()?;
        let letters = interruption.unless(Letters::of_all(stack)).await??;
        Ok(Self { stack, identity, interruption, wait, letters, contacts })
    }

    /// The queue of the function without a table, if it is on and has one; messages that are read stay
    /// hidden for as long as the others are waited for.
    pub(super) fn queue(&self) -> Option<Queue> {
        let url = self.stack.function(WITHOUT_TABLE)?.queue_url().ok()?;
        let mut queue = Queue::at(&self.stack.aws, url);
        queue.hidden += self.wait;
        Some(queue)
    }

    /// How that queue is delivered.
    pub(super) async fn mapping(&self, queue: &Queue) -> Result<Option<Mapping>, CallError> {
        match self.stack.function(WITHOUT_TABLE) {
            Some(function) => Mapping::of(&self.stack.aws, &function.name, queue.name()).await,
            None => Ok(None),
        }
    }

    /// The records besides that of the contact, each with the function whose table holds it.
    pub(super) fn records(&self) -> [(&'static str, Record); 2] {
        let lane = shared::inbound::identity_lane(self.identity);
        // The functions that vendors call share it.
        let is_off = self.stack.function(mailchimp_inbound::NAME).is_none();
        let inbound = if is_off { mandrill_inbound::NAME } else { mailchimp_inbound::NAME };
        [(mandrill_welcome::NAME, Record::welcome(self.identity)), (inbound, Record::Lane(lane))]
    }

    /// Takes all steps; one that fails keeps no other from being taken.
    ///
    /// # Errors
    /// The mark cannot be written. Nothing was erased.
    pub(super) async fn run(&self) -> Result<Account, Failure> {
        let mut account = Account::of(self.identity);
        if !self.stack.tables().is_empty() {
            say("Writing the mark.");
            let until = self.interruption.unless(self.mark()).await?.map_err(NoMark)?;
            account.done("mark", told::mark(until));
        }
        if let Some(queue) = self.queue() {
            self.search(&queue, &mut account).await;
        }
        for letters in &self.letters {
            say(&format!("Reading the dead letters of {}.", letters.function));
            let found = letters.search(self.identity, Action::Delete, self.interruption).await;
            match found {
                Ok(found) => {
                    let told = told::dead_letters(letters.function, found);
                    account.add(DEAD_LETTERS, told, found.is_complete());
                }
                Err(error) => account.failed(DEAD_LETTERS, &*error),
            }
        }
        self.erase_contacts(&mut account).await;
        self.delete_records(&mut account).await;
        Ok(account)
    }

    async fn mark(&self) -> Result<OffsetDateTime, StoreError> {
        let now = OffsetDateTime::now_utc();
        for table in self.stack.tables() {
            mark(&self.stack.open(table), self.identity, now).await?;
        }
        Ok(marked_until(now))
    }

    /// Searches the queue of the function that knows no mark.
    async fn search(&self, queue: &Queue, account: &mut Account) {
        let delete = async || delete_from(queue, self.identity, self.wait, self.interruption).await;
        let found = match self.interruption.unless(self.mapping(queue)).await {
            Err(interrupted) => Err(interrupted.into()),
            Ok(Err(error)) => Err(error.into()),
            Ok(Ok(None)) => delete().await,
            Ok(Ok(Some(mapping))) => {
                announce(&mapping);
                let (found, resumed) = mapping.paused(self.interruption, delete).await;
                match resumed {
                    Ok(()) => account.done(QUEUE, told::mapping(&mapping)),
                    Err(error) => account.left(QUEUE, told::mapping_off(&mapping, &error)),
                }
                found
            }
        };
        match found {
            Ok(found) => account.add(QUEUE, told::queue(found), found.is_complete()),
            Err(error) => account.failed(QUEUE, &*error),
        }
    }

    async fn erase_contacts(&self, account: &mut Account) {
        const FUNCTION: &str = mailchimp_subscribe::NAME;
        let (Some(contacts), Some(store)) = (&self.contacts, self.stack.records(FUNCTION)) else {
            return;
        };
        say("Erasing the Mailchimp contact.");
        match self.erase(contacts, &store).await {
            Ok(ends) => {
                account.done(MAILCHIMP, told::contacts(&ends.clone().unwrap_or_default()));
                account.done(RECORDS, told::record(FUNCTION, ends.is_some()));
            }
            Err(error) => account.failed(MAILCHIMP, &*error),
        }
    }

    /// `None` if there is no record of a contact.
    async fn erase(
        &self,
        contacts: &Contacts,
        store: &DynamoDbStore,
    ) -> Result<Option<Ends>, Failure> {
        let lane = lane(self.identity);
        if self.interruption.unless(store.look(&lane)).await??.is_none() {
            return Ok(None);
        }
        Ok(Some(contacts.erase(&lane, &self.in_store(store)).await?))
    }

    async fn delete_records(&self, account: &mut Account) {
        say("Deleting the records.");
        for (function, record) in self.records() {
            let Some(store) = self.stack.records(function) else { continue };
            match self.delete_record(&store, &record).await {
                Ok(was_there) => account.done(RECORDS, told::record(function, was_there)),
                Err(error) => account.failed(RECORDS, &*error),
            }
        }
    }

    /// Whether there was one. After the mark, no delivery writes what would have to stay.
    async fn delete_record(&self, store: &DynamoDbStore, record: &Record) -> Result<bool, Failure> {
        if self.interruption.unless(store.look(record.id())).await??.is_none() {
            return Ok(false);
        }
        self.in_store(store).delete(record).await?;
        Ok(true)
    }

    fn in_store<'s>(&'s self, store: &'s DynamoDbStore) -> Records<'s> {
        Records { store, clock: &SystemClock, interruption: self.interruption }
    }
}

/// Whoever kills the program must know how to put back what it changed.
fn announce(mapping: &Mapping) {
    say(&format!("Pausing the event source mapping of {WITHOUT_TABLE}, and searching its queue."));
    if mapping.is_on {
        let text = "if this program is killed, the mapping stays disabled. To enable it:";
        note(format_args!("{}\n      {}", wrapped("note: ", text), mapping.by_hand()));
    }
}

fn say(text: &str) {
    note(wrapped("", text));
}
