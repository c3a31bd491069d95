//! Segment and Secrets Manager beside a function, for the two functions that call Segment.

use std::collections::BTreeSet;

use integration::{Answer, Deployment, Log, Sandbox};
use ory_actions::standins::{SecretsManager, Segment, Tracked};
use serde_json::Value;

pub(crate) const WEBHOOK_SECRET: &str = "webhook";
pub(crate) const SEGMENT_SECRET: &str = "segment";
pub(crate) const SEGMENT_KEY: &str = "the-segment-key";

/// Everything is in place, and the function not started yet.
pub(crate) struct Setup {
    pub(crate) segment: Segment,
    pub(crate) secrets: SecretsManager,
    pub(crate) deployment: Deployment,
    check: fn(&Answer),
}

impl Setup {
    /// A function whose caller presents `webhook_secret`, and expects of each answer that it
    /// passes `check`.
    pub(crate) async fn of(
        function: &'static str,
        webhook_secret: &str,
        check: fn(&Answer),
    ) -> Self {
        let segment = Segment::start(0, SEGMENT_KEY).await.unwrap();
        let secrets = SecretsManager::start(0).await.unwrap();
        secrets.put(WEBHOOK_SECRET, webhook_secret);
        secrets.put(SEGMENT_SECRET, SEGMENT_KEY);
        let deployment = Deployment::of(function)
            .var("AWS_ENDPOINT_URL", secrets.url())
            .var("WEBHOOK_SECRET_ID", WEBHOOK_SECRET)
            .var("SEGMENT_SECRET_ID", SEGMENT_SECRET)
            .var("SEGMENT_URL", segment.url());
        Self { segment, secrets, deployment, check }
    }

    /// Changes the deployment.
    pub(crate) fn with(self, change: impl FnOnce(Deployment) -> Deployment) -> Self {
        Self { deployment: change(self.deployment), ..self }
    }

    pub(crate) fn var(self, name: &str, value: impl Into<String>) -> Self {
        self.with(|deployment| deployment.var(name, value))
    }

    pub(crate) fn template(self, code: &str) -> Self {
        self.with(|deployment| deployment.template("TEMPLATE", code))
    }

    pub(crate) async fn start(self) -> Running {
        let Self { segment, secrets, deployment, check } = self;
        Running { segment, secrets, sandbox: deployment.start().await, check }
    }

    pub(crate) async fn fail_to_start(self) -> Log {
        self.deployment.fail_to_start().await
    }
}

/// The started function.
pub(crate) struct Running {
    pub(crate) segment: Segment,
    pub(crate) secrets: SecretsManager,
    pub(crate) sandbox: Sandbox,
    check: fn(&Answer),
}

impl Running {
    /// Calls the function. Whatever comes of it must be an answer that its caller can handle.
    pub(crate) async fn call(&mut self, event: impl Into<Value>) -> Answer {
        let answer = self.sandbox.invoke(event).await;
        (self.check)(&answer);
        answer
    }

    /// What has arrived at Segment since the last look.
    pub(crate) fn received(&self) -> Vec<Tracked> {
        self.segment.take_received()
    }

    /// What has arrived at Segment since the last look, which is one call.
    pub(crate) fn received_once(&self) -> Tracked {
        let received = self.received();
        let [call] = received.as_slice() else { panic!("not one call but {received:#?}") };
        call.clone()
    }

    /// Ends the function; what it wrote.
    pub(crate) async fn end(self) -> Log {
        self.sandbox.end().await
    }
}

/// The id by which Segment knows a call again.
pub(crate) fn message_id(call: &Tracked) -> &str {
    call.body["messageId"].as_str().unwrap()
}

/// What a line of the journal counts and measures.
pub(crate) fn metrics(line: &Value) -> BTreeSet<&str> {
    let described = line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array();
    described.into_iter().flatten().map(|metric| metric["Name"].as_str().unwrap()).collect()
}

/// Plays cases side by side, as most of their time goes by in waiting.
pub(crate) async fn side_by_side<C, F>(
    cases: impl IntoIterator<Item = C>,
    play: impl Fn(usize, C) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let games: Vec<_> =
        cases.into_iter().enumerate().map(|(n, case)| tokio::spawn(play(n, case))).collect();
    for game in games {
        game.await.unwrap();
    }
}
