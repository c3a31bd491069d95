//! Erases the contacts of a person who is gone: `ory-actions forget`.

use std::{sync::Arc, time::Duration};

use serde_json::{Map, json};
use shared::{
    budget::Budget,
    clock::SystemClock,
    config::{ConfigError, Environment},
    deliver::{Effort, VendorClient},
    http::{Http, Response},
    outcome::Outcome,
    secrets::{Cached, SecretStore, Ttl},
};

use crate::{
    VENDOR_TIMEOUT,
    config::AudienceSettings,
    consent::Status,
    mailchimp::{Call, Contact, Mailchimp, Name, archived, contact, deleted, written},
    record::ContactRecord,
    turn::PASSES,
};

/// Longer than a command runs.
const TTL: Ttl = Ttl(Duration::from_hours(1));

/// How a contact is erased.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Erasure {
    /// It gets no mail any more. Mailchimp keeps what it knows, and the person can be added again.
    Archive,
    /// Mailchimp deletes the personal data. Only the person can come back, by a form of Mailchimp's.
    Permanent,
}

/// What became of a contact.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Erased {
    /// It is in the archive now.
    Archived,
    /// It is deleted for good.
    Deleted,
    /// There was none any more.
    Gone,
    /// It was in the archive before.
    ArchivedBefore,
    /// It bounces, and Mailchimp archives none of those.
    Cleaned,
}

/// The contacts that a record names: the present one, and those of earlier addresses.
pub fn contacts(record: &ContactRecord) -> Vec<&str> {
    let named = record.contact_id.iter().chain(&record.to_archive).chain(&record.archived);
    let mut ids: Vec<_> = named.map(String::as_str).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Erases contacts of one audience.
pub struct Eraser {
    client: VendorClient<Mailchimp>,
    /// The id of the audience.
    pub list: String,
}

impl Eraser {
    /// For the audience of a function with these settings.
    ///
    /// # Errors
    /// A setting that cannot be used.
    pub fn from_env(
        env: &Environment,
        secrets: Arc<dyn SecretStore>,
        http: Arc<dyn Http>,
    ) -> Result<Self, ConfigError> {
        let settings = AudienceSettings::from_env(env)?;
        let id = settings.secret_id.clone();
        let secret = Cached::current(id, secrets, Arc::new(SystemClock), TTL);
        let timeout = Duration::from_millis(VENDOR_TIMEOUT.default_ms.into());
        let list = settings.list.clone();
        Ok(Self { client: settings.client(secret, http, timeout), list })
    }

    /// Erases the contact of this id, by calls that are made only while `is_held`.
    ///
    /// # Errors
    /// The outcome of a call by which it was not erased, or may not have been.
    pub async fn erase(
        &self,
        id: &str,
        how: Erasure,
        is_held: &(dyn Fn() -> bool + Sync),
        budget: &Budget,
    ) -> Result<Erased, Outcome> {
        let name = Name::of_id(id);
        let session = Session { client: &self.client, is_held, budget };
        for _ in 0..PASSES {
            let Some(found) = session.make(&Call::Read(name.clone()), contact).await? else {
                return Ok(Erased::Gone);
            };
            let erased = match how {
                Erasure::Archive => session.archive(&name, found.status).await?,
                Erasure::Permanent => session.delete(&found).await?,
            };
            if let Some(erased) = erased {
                return Ok(erased);
            }
        }
        Err(Outcome::try_later("the contact has changed while it was erased"))
    }
}

/// The calls for one contact.
struct Session<'a> {
    client: &'a VendorClient<Mailchimp>,
    is_held: &'a (dyn Fn() -> bool + Sync),
    budget: &'a Budget,
}

impl Session<'_> {
    async fn make<T>(
        &self,
        call: &Call,
        read: impl Fn(&Response) -> Result<T, Outcome> + Send + Sync,
    ) -> Result<T, Outcome> {
        self.client.call(self.is_held, call, read, self.budget, &mut Effort::default()).await
    }

    /// `None` if it was not as it was read. A pending contact cannot be archived, so it is
    /// unsubscribed first.
    async fn archive(&self, name: &Name, status: Status) -> Result<Option<Erased>, Outcome> {
        match status {
            Status::Archived => return Ok(Some(Erased::ArchivedBefore)),
            Status::Cleaned => return Ok(Some(Erased::Cleaned)),
            Status::Pending => {
                let body = Map::from_iter([("status".to_owned(), json!("unsubscribed"))]);
                let call = Call::Update(name.clone(), body.clone());
                self.make(&call, |answer| written(&body, answer)).await?;
            }
            _ => {}
        }
        let is_done = self.make(&Call::Archive(name.clone()), archived).await?;
        Ok(is_done.then_some(Erased::Archived))
    }

    /// `None` if it has moved to another address meanwhile.
    async fn delete(&self, found: &Contact) -> Result<Option<Erased>, Outcome> {
        let Some(address) = &found.address else {
            return Err(Outcome::blocked("Mailchimp does not tell the address of the contact"));
        };
        let is_done = self.make(&Call::Delete(Name::of_address(address)), deleted).await?;
        Ok(is_done.then_some(Erased::Deleted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_are_the_present_one_and_those_of_earlier_addresses_each_once() {
        let id = |id: &str| Some(id.to_owned());
        let record = ContactRecord {
            contact_id: id("c2"),
            to_archive: id("c1"),
            archived: vec!["c3".to_owned(), "c2".to_owned()],
            ..ContactRecord::default()
        };
        assert_eq!(contacts(&record), ["c1", "c2", "c3"]);
        assert!(contacts(&ContactRecord::default()).is_empty());
    }
}
