//! The calls of a turn.

use std::time::Duration;

use serde_json::{Map, json};
use shared::{http::Response, outcome::Outcome};

use crate::{
    consent::Status,
    mailchimp::{Call, Contact, Name, Written, archived, contact, double_opt_in, tagged, written},
    turn::{PASSES, Turn},
};

/// With less than this left of the function's time, no write is begun: Mailchimp goes on with one
/// that nobody waits for, and keeps its connection busy. In line, the caller's time decides.
const LEAST_FOR_A_WRITE: Duration = Duration::from_secs(20);

impl Turn<'_> {
    /// Whether the audience has double opt-in.
    pub(crate) async fn double_opt_in(&mut self) -> Result<bool, Outcome> {
        if let Some(known) = self.delivery.audience.double_opt_in() {
            return Ok(known);
        }
        let read = self.ask(&Call::Audience, double_opt_in).await?;
        self.delivery.audience.know(read);
        Ok(read)
    }

    /// The contact of this name; `None` if there is none.
    pub(crate) async fn read(&mut self, name: &Name) -> Result<Option<Contact>, Outcome> {
        self.ask(&Call::Read(name.clone()), contact).await
    }

    /// Writes a contact.
    pub(crate) async fn write(&mut self, call: &Call) -> Result<Written, Outcome> {
        let (Call::Upsert(_, sent) | Call::Update(_, sent)) = call else {
            return Ok(Written::Changed);
        };
        self.send(call, |answer| written(sent, answer)).await
    }

    /// Writes the tags that the template gives; `false` if the contact is gone.
    pub(crate) async fn tag(&mut self, name: &Name) -> Result<bool, Outcome> {
        let word = |is_set| if is_set { "active" } else { "inactive" };
        let tags = self.event.output.tags.iter();
        let tags: Vec<_> =
            tags.map(|(tag, is_set)| json!({"name": tag, "status": word(*is_set)})).collect();
        if tags.is_empty() {
            return Ok(true);
        }
        // Such tags start no automation.
        let body = json!({"tags": tags, "is_syncing": self.event.is_bulk()});
        match self.send(&Call::Tag(name.clone(), body), tagged).await {
            Ok(is_there) => Ok(is_there),
            // The tags may be written again.
            Err(Outcome::InDoubt { wait, cause }) => Err(Outcome::TryLater { wait, cause }),
            Err(outcome) => Err(outcome),
        }
    }

    /// Archives the contact of an earlier address, if that is still to be done. A pending contact
    /// cannot be archived, so it is unsubscribed first.
    pub(crate) async fn archive_replaced(&mut self) -> Result<(), Outcome> {
        let Some(id) = self.record.to_archive.clone() else { return Ok(()) };
        let name = Name::of_id(&id);
        for _ in 0..PASSES {
            let status = self.read(&name).await?.map(|contact| contact.status);
            if status == Some(Status::Pending) {
                let body = Map::from_iter([("status".to_owned(), json!("unsubscribed"))]);
                self.write(&Call::Update(name.clone(), body)).await?;
            }
            // A cleaned one gets no mail, and stays for the audience's reports.
            let is_left = matches!(status, None | Some(Status::Archived | Status::Cleaned));
            if is_left || self.send(&Call::Archive(name.clone()), archived).await? {
                self.record.has_archived();
                return Ok(());
            }
        }
        Err(Outcome::try_later("the contact of the earlier address cannot be archived"))
    }

    /// A read, which is never in doubt.
    async fn ask<T>(
        &mut self,
        call: &Call,
        read: impl Fn(&Response) -> Result<T, Outcome> + Send + Sync,
    ) -> Result<T, Outcome> {
        self.call(call, read).await.map_err(|outcome| match outcome {
            Outcome::InDoubt { wait, cause } => Outcome::TryLater { wait, cause },
            outcome => outcome,
        })
    }

    /// A write.
    async fn send<T>(
        &mut self,
        call: &Call,
        read: impl Fn(&Response) -> Result<T, Outcome> + Send + Sync,
    ) -> Result<T, Outcome> {
        if !self.budget.is_inline() && self.budget.left() < LEAST_FOR_A_WRITE {
            return Err(Outcome::try_later("not enough time left to write"));
        }
        self.call(call, read).await
    }

    async fn call<T>(
        &mut self,
        call: &Call,
        read: impl Fn(&Response) -> Result<T, Outcome> + Send + Sync,
    ) -> Result<T, Outcome> {
        let Self { delivery, budget, lane, effort, .. } = self;
        let is_held = || delivery.idempotency.is_live(&lane.request);
        delivery.client.call(&is_held, call, read, budget, effort).await
    }
}
