//! The function with Mandrill and Secrets Manager beside it.

use integration::{Answer, Deployment, Event, Log, Sandbox};
use ory_actions::{
    stack::WEBHOOK_KEY,
    standins::{Mandrill, Received, SecretsManager},
};
use serde_json::Value;

pub(super) const WEBHOOK_SECRET: &str = "webhook";
pub(super) const MANDRILL_SECRET: &str = "mandrill";
pub(super) const MANDRILL_KEY: &str = "the-mandrill-key";

/// Everything is in place, and the function not started yet.
pub(super) struct Setup {
    pub(super) mandrill: Mandrill,
    pub(super) secrets: SecretsManager,
    pub(super) deployment: Deployment,
}

impl Setup {
    pub(super) async fn new() -> Self {
        let mandrill = Mandrill::start(0, MANDRILL_KEY).await.unwrap();
        let secrets = SecretsManager::start(0).await.unwrap();
        secrets.put(WEBHOOK_SECRET, WEBHOOK_KEY);
        secrets.put(MANDRILL_SECRET, MANDRILL_KEY);
        let deployment = Deployment::of("mandrill-welcome")
            .var("AWS_ENDPOINT_URL", secrets.url())
            .var("WEBHOOK_SECRET_ID", WEBHOOK_SECRET)
            .var("MANDRILL_SECRET_ID", MANDRILL_SECRET)
            .var("MANDRILL_URL", mandrill.url());
        Self { mandrill, secrets, deployment }
    }

    /// Changes the deployment.
    pub(super) fn with(self, change: impl FnOnce(Deployment) -> Deployment) -> Self {
        Self { deployment: change(self.deployment), ..self }
    }

    pub(super) fn var(self, name: &str, value: impl Into<String>) -> Self {
        self.with(|deployment| deployment.var(name, value))
    }

    pub(super) fn template(self, code: &str) -> Self {
        self.with(|deployment| deployment.template("TEMPLATE", code))
    }

    pub(super) fn reply_template(self, code: &str) -> Self {
        self.with(|deployment| deployment.template("REPLY_TEMPLATE", code))
    }

    pub(super) async fn start(self) -> Welcome {
        let Self { mandrill, secrets, deployment } = self;
        Welcome { mandrill, secrets, sandbox: deployment.start().await }
    }

    pub(super) async fn fail_to_start(self) -> Log {
        self.deployment.fail_to_start().await
    }
}

/// The started function.
pub(super) struct Welcome {
    pub(super) mandrill: Mandrill,
    pub(super) secrets: SecretsManager,
    pub(super) sandbox: Sandbox,
}

impl Welcome {
    /// With the shipped template and no setting that is not required.
    pub(super) async fn start() -> Self {
        Setup::new().await.start().await
    }

    /// Calls the function as Ory does. Whatever comes of it must be an answer that Kratos can
    /// handle.
    pub(super) async fn call(&mut self, event: impl Into<Value>) -> Answer {
        let answer = self.sandbox.invoke(event).await;
        answer.assert_fit_for_ory();
        answer
    }

    /// What has arrived at Mandrill since the last look.
    pub(super) fn received(&self) -> Vec<Received> {
        self.mandrill.take_received()
    }

    /// What has arrived at Mandrill since the last look, which is one call.
    pub(super) fn received_once(&self) -> Received {
        let received = self.received();
        let [call] = received.as_slice() else { panic!("not one call but {received:#?}") };
        call.clone()
    }

    /// Ends the function; what it wrote.
    pub(super) async fn end(self) -> Log {
        self.sandbox.end().await
    }
}

/// Ory's attempts at two webhooks.
pub(super) const FIRST: &str = "00000001-2222-4222-8222-000000000001";
pub(super) const SECOND: &str = "00000002-2222-4222-8222-000000000002";

/// An event as Ory sends it, the first of [`FIRST`].
pub(super) fn event(ctx: &Value) -> Event {
    event_of(FIRST, ctx)
}

/// An event as Ory sends it, with this Trigger-ID.
pub(super) fn event_of(trigger_id: &str, ctx: &Value) -> Event {
    Event::of_ory(ctx, trigger_id).header("authorization", WEBHOOK_KEY)
}
