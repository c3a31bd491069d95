//! The message of a backfill may wait for hours: its identity is read again before anything is written.

use std::{borrow::Cow, cmp::Ordering, time::Duration};

use shared::{
    backfill::is_run,
    ctx::{SanitizedCtx, timestamp},
    deliver::{Attempt, DeliveryReport, VendorClient},
    ory::{Admin, AdminSettings, GONE, Identity, Ory},
    outcome::Outcome,
    settings::{Ports, Settings},
};
use uuid::Uuid;

use crate::deliver::ContactDelivery;

/// How long the read may take: Ory answers sooner than Mailchimp, and the time that it takes is missing
/// for the write. It is the default of the functions that call Ory alone.
const LONGEST: Duration = Duration::from_secs(15);

/// Why nothing is written of somebody who has changed since: the change has an event of its own, whose
/// turn comes after that of the backfill, or the next run lists it. Written now, it could come before
/// an older event that is still on its way, such as a withdrawal before an opt-in.
const CHANGED: Outcome = Outcome::Skipped { reason: "changed since it was listed" };

/// The client of Ory's admin API.
pub(crate) fn client(ory: AdminSettings, settings: &Settings, ports: &Ports) -> VendorClient<Ory> {
    let client = ory.client(settings, ports);
    VendorClient { timeout: client.timeout.min(LONGEST), ..client }
}

impl ContactDelivery {
    /// The ctx of the event. In a backfill, the identity is as it is now, if Ory can be asked.
    ///
    /// # Errors
    /// The report of an event whose identity cannot be read, has changed or is gone.
    pub(crate) async fn current<'a>(
        &self,
        attempt: &Attempt<'a, SanitizedCtx>,
        id: Uuid,
    ) -> Result<Cow<'a, SanitizedCtx>, DeliveryReport> {
        let event = &attempt.message.event;
        let is_run = event.hook().flow.as_deref().is_some_and(is_run);
        let Some(client) = self.ory.as_ref().filter(|_| is_run) else {
            return Ok(Cow::Borrowed(event));
        };
        let admin = Admin { client, budget: &attempt.budget };
        let identity = admin.identity(id).await.map_err(without_doubt)?.ok_or(GONE)?;
        if identity.id() != id {
            return Err(Outcome::try_later("Ory returned a different identity").into());
        }
        match since_listed(event, &identity) {
            Some(Ordering::Greater) => Err(CHANGED.into()),
            Some(Ordering::Less) => Err(Outcome::try_later("Ory lags behind its own list").into()),
            Some(Ordering::Equal) | None => {
                Ok(Cow::Owned(event.with_identity(identity.as_value())))
            }
        }
    }
}

/// How the identity compares in time with the one that was listed; `None` if that is not known.
fn since_listed(event: &SanitizedCtx, identity: &Identity) -> Option<Ordering> {
    let listed = event.identity()["updated_at"].as_str().and_then(timestamp)?;
    Some(identity.updated_at()?.cmp(&listed))
}

/// A read is never in doubt.
fn without_doubt(report: DeliveryReport) -> DeliveryReport {
    let outcome = match report.outcome {
        Outcome::InDoubt { wait, cause } => Outcome::TryLater { wait, cause },
        outcome => outcome,
    };
    DeliveryReport { outcome, ..report }
}
