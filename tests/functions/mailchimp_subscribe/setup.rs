//! The function, called as Ory calls it.

use std::collections::VecDeque;

use fakes::{FakeMailchimp, Scripted, WEBHOOK_KEY, server::FakeReply};
use integration::{Answer, Event};
use serde_json::{Value, json};

use crate::common::{
    ory::{ann, event_of},
    setup,
};

pub(crate) type Setup = setup::Setup<FakeMailchimp>;
pub(crate) type Subscribe = setup::Running<FakeMailchimp>;

/// Takes everybody for somebody who has opted in.
pub(crate) const OPTS_IN: &str = "
function(ctx) { member: { email_address: ctx.recipient }, consent: true }
";

impl Setup {
    pub(crate) async fn new() -> Self {
        Self::of("mailchimp-subscribe", WEBHOOK_KEY, Answer::assert_fit_for_ory).await
    }

    /// With a queue and a table.
    pub(crate) async fn queued() -> Self {
        Self::new().await.with_queue().with_table()
    }

    /// Everybody who registers is asked to confirm, so that any registration is a contact.
    pub(crate) fn opting_in(self) -> Self {
        self.template(OPTS_IN).var("UNVERIFIED", "confirm")
    }
}

/// See [`Setup::opting_in`].
pub(crate) async fn opting_in() -> Setup {
    Setup::new().await.opting_in()
}

/// The same with a queue.
pub(crate) async fn queued_and_opting_in() -> Setup {
    Setup::queued().await.opting_in()
}

impl Subscribe {
    /// With the shipped template and no setting that is not required.
    pub(crate) async fn start() -> Self {
        Setup::new().await.start().await
    }

    /// Calls for an event and checks that it is enqueued.
    pub(super) async fn store(&mut self, event: Event) {
        assert_eq!(self.call(event).await.row(), (202, "accepted"));
    }

    /// Answers the next writes so; reads are answered as always.
    pub(super) fn answer_writes(&self, answers: impl IntoIterator<Item = Scripted>) {
        let mut answers: VecDeque<_> = answers.into_iter().collect();
        self.vendor.set_faults(
            move |call| {
                if call.is_write() { answers.pop_front() } else { None }
            },
        );
    }

    /// The state of the contact with this address.
    pub(super) fn status_of(&self, address: &str) -> Option<&'static str> {
        self.vendor.audience(|audience| Some(audience.member(address)?.status.word()))
    }

    /// The methods of the calls since the last look.
    pub(super) fn methods(&self) -> Vec<String> {
        self.received().iter().map(|call| call.method.to_string()).collect()
    }
}

/// The call has no effect, and this answer.
pub(super) fn answered(reply: FakeReply) -> Scripted {
    Scripted { reply, acts: false }
}

/// The call has its effect, and this answer.
pub(super) fn done_and_answered(reply: FakeReply) -> Scripted {
    Scripted { reply, acts: true }
}

/// The address of the `n`-th person.
pub(super) fn address(n: usize) -> String {
    format!("person-{n}@example.com")
}

/// The ctx of the `n`-th person, who has just registered with consent and a verified address.
pub(super) fn opt_in(n: usize) -> Value {
    let mut ctx = ann();
    let identity = &mut ctx["identity"];
    identity["id"] = json!(format!("{n:08}-1111-4111-8111-0000000000b1"));
    identity["traits"]["email"] = json!(address(n));
    identity["traits"]["consent"] = json!({"newsletter": true});
    identity["updated_at"] = json!("2026-01-31T11:19:37.25Z");
    identity["verifiable_addresses"] =
        json!([{"value": address(n), "via": "email", "verified": true, "status": "completed"}]);
    ctx
}

/// The event of [`opt_in`].
pub(super) fn opt_in_event(n: usize) -> Event {
    event_of(&format!("{n:08}-2222-4222-8222-0000000000b1"), &opt_in(n))
}
