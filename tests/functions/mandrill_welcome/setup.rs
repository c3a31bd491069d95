//! The function, called as Ory calls it.

use fakes::{FakeMandrill, WEBHOOK_KEY};
use integration::{Answer, Event};

use super::templates::FROM_THE_DOCUMENTS;
use crate::common::setup;

pub(crate) type Setup = setup::Setup<FakeMandrill>;
pub(crate) type Welcome = setup::Running<FakeMandrill>;

impl Setup {
    pub(crate) async fn new() -> Self {
        Self::of("mandrill-welcome", WEBHOOK_KEY, Answer::assert_fit_for_ory).await
    }

    /// With a queue and a table.
    pub(crate) async fn queued() -> Self {
        Self::new().await.with_queue().with_table()
    }
}

impl Welcome {
    /// With the shipped template and no setting that is not required.
    pub(crate) async fn start() -> Self {
        Setup::new().await.start().await
    }

    /// With a queue, a table, and a template that names no key of its own.
    pub(crate) async fn queued() -> Self {
        Setup::queued().await.template(FROM_THE_DOCUMENTS).start().await
    }

    /// Calls for an event and checks that it is enqueued.
    pub(crate) async fn store(&mut self, event: Event) {
        assert_eq!(self.call(event).await.row(), (202, "accepted"));
    }

    /// The mails that were asked for since the last look.
    pub(super) fn mails(&self) -> usize {
        let calls = self.received();
        calls.iter().filter(|call| call.method.starts_with("messages/send")).count()
    }
}
