//! The fakes beside a function: its vendor, Secrets Manager, SQS and DynamoDB.

use std::fmt::{Debug, Display};

use fakes::{
    FakeDynamoDb, FakeMailchimp, FakeMandrill, FakeRelayed, FakeSecretsManager, FakeSegment,
    FakeSqs, MailchimpCall, Received, RelayedCall, Tracked, mailchimp, server::FakeReply,
};
use integration::{Answer, Deployment, Log, Sandbox};
use mandrill_welcome::SAMPLE_SENDER;
use serde_json::Value;
use shared::idempotency::KEY_ATTRIBUTE;

pub(crate) const WEBHOOK_SECRET: &str = "webhook";
pub(crate) const VENDOR_SECRET: &str = "vendor";
pub(crate) const QUEUE: &str = "events";
pub(crate) const TABLE: &str = "records";

/// The vendor that a function calls.
pub(crate) trait Vendor: Sized {
    /// The first word of its variables.
    const NAME: &str;
    /// The last word of the variable with its URL.
    const URL: &str = "URL";
    /// The key that it knows.
    const KEY: &str;
    /// What else its function needs.
    const SETTINGS: &[(&str, &str)] = &[];
    /// How many calls the first delivery of a process takes.
    const CALLS: usize = 1;
    /// A call that it received.
    type Call: Clone + Debug + Display;

    async fn start() -> Self;
    fn url(&self) -> String;
    /// The one key that it takes from now on.
    fn set_key(&self, key: &str);
    /// One more key that it takes from now on.
    fn add_key(&self, key: &str);
    fn reply_next(&self, reply: FakeReply);
    fn take_received(&self) -> Vec<Self::Call>;
    /// What stands in a call besides the key.
    fn body(call: &Self::Call) -> String;

    /// The calls since the last look, one line each, without lookups.
    fn take_lines(&self) -> Vec<String> {
        self.take_received().iter().map(ToString::to_string).collect()
    }
}

impl Vendor for FakeMandrill {
    const NAME: &str = "MANDRILL";
    const KEY: &str = "the-mandrill-key";
    const SETTINGS: &[(&str, &str)] = &[("FROM_EMAIL", SAMPLE_SENDER)];
    type Call = Received;

    async fn start() -> Self {
        Self::start(0, Self::KEY).await.unwrap()
    }

    fn url(&self) -> String {
        self.url()
    }

    fn set_key(&self, key: &str) {
        self.set_key(key);
    }

    fn add_key(&self, key: &str) {
        self.add_key(key);
    }

    fn reply_next(&self, reply: FakeReply) {
        self.reply_next(reply);
    }

    fn take_received(&self) -> Vec<Received> {
        self.take_received()
    }

    fn body(call: &Received) -> String {
        let mut body = call.body.clone();
        body["key"].take();
        body.to_string()
    }
}

impl Vendor for FakeSegment {
    const NAME: &str = "SEGMENT";
    const KEY: &str = "the-segment-key";
    type Call = Tracked;

    async fn start() -> Self {
        Self::start(0, Self::KEY).await.unwrap()
    }

    fn url(&self) -> String {
        self.url()
    }

    fn set_key(&self, key: &str) {
        self.set_write_key(key);
    }

    fn add_key(&self, key: &str) {
        self.add_write_key(key);
    }

    fn reply_next(&self, reply: FakeReply) {
        self.reply_next(reply);
    }

    fn take_received(&self) -> Vec<Tracked> {
        self.take_received()
    }

    fn body(call: &Tracked) -> String {
        call.body.to_string()
    }
}

impl Vendor for FakeMailchimp {
    const NAME: &str = "MAILCHIMP";
    const KEY: &str = "0123456789abcdef0123456789abcdef-us6";
    const SETTINGS: &[(&str, &str)] = &[("MAILCHIMP_LIST_ID", mailchimp::LIST_ID)];
    /// The audience, the contact, and the write.
    const CALLS: usize = 3;
    type Call = MailchimpCall;

    async fn start() -> Self {
        Self::start(0, Self::KEY).await.unwrap()
    }

    fn url(&self) -> String {
        self.url()
    }

    fn set_key(&self, key: &str) {
        self.set_key(key);
    }

    fn add_key(&self, key: &str) {
        self.add_key(key);
    }

    fn reply_next(&self, reply: FakeReply) {
        self.reply_next(reply);
    }

    fn take_received(&self) -> Vec<MailchimpCall> {
        self.take_received()
    }

    fn body(call: &MailchimpCall) -> String {
        call.body.to_string()
    }

    fn take_lines(&self) -> Vec<String> {
        let calls = self.take_received();
        calls.iter().filter(|call| call.is_write()).map(ToString::to_string).collect()
    }
}

/// HubSpot.
impl Vendor for FakeRelayed {
    const NAME: &str = "RELAY";
    const URL: &str = "ORIGIN";
    const KEY: &str = "the-relay-token";
    const SETTINGS: &[(&str, &str)] =
        &[("RELAY_PRESET", "hubspot"), ("RELAY_ALLOW_LOOPBACK", "true")];
    type Call = RelayedCall;

    async fn start() -> Self {
        let vendor = Self::start(0, "hubspot").await.unwrap();
        vendor.set_key(Self::KEY);
        vendor
    }

    fn url(&self) -> String {
        self.url()
    }

    fn set_key(&self, key: &str) {
        self.set_key(key);
    }

    fn add_key(&self, key: &str) {
        self.add_key(key);
    }

    fn reply_next(&self, reply: FakeReply) {
        self.reply_next(reply);
    }

    fn take_received(&self) -> Vec<RelayedCall> {
        self.take_received()
    }

    fn body(call: &RelayedCall) -> String {
        call.text.clone()
    }
}

/// Everything is in place, and the function not started yet.
pub(crate) struct Setup<V> {
    pub(crate) vendor: V,
    pub(crate) secrets: FakeSecretsManager,
    pub(crate) sqs: FakeSqs,
    pub(crate) dynamo_db: FakeDynamoDb,
    pub(crate) deployment: Deployment,
    check: fn(&Answer),
}

impl<V: Vendor> Setup<V> {
    /// A function whose caller presents `webhook_secret`, and expects of each answer that it
    /// passes `check`.
    pub(crate) async fn of(
        function: &'static str,
        webhook_secret: &str,
        check: fn(&Answer),
    ) -> Self {
        let vendor = V::start().await;
        let secrets = FakeSecretsManager::start(0).await.unwrap();
        secrets.put(WEBHOOK_SECRET, webhook_secret);
        secrets.put(VENDOR_SECRET, V::KEY);
        let sqs = FakeSqs::start(0).await.unwrap();
        sqs.create_queue(QUEUE);
        let dynamo_db = FakeDynamoDb::start(0).await.unwrap();
        dynamo_db.create_table(TABLE, KEY_ATTRIBUTE);
        let deployment = Deployment::of(function)
            .var("AWS_ENDPOINT_URL", secrets.url())
            .var("AWS_ENDPOINT_URL_DYNAMODB", dynamo_db.url())
            .var("AWS_ENDPOINT_URL_SQS", sqs.url())
            .var("WEBHOOK_SECRET_ID", WEBHOOK_SECRET)
            .var(&format!("{}_SECRET_ID", V::NAME), VENDOR_SECRET)
            .var(&format!("{}_{}", V::NAME, V::URL), vendor.url());
        let deployment = V::SETTINGS
            .iter()
            .fold(deployment, |deployment, (name, value)| deployment.var(name, *value));
        Self { vendor, secrets, sqs, dynamo_db, deployment, check }
    }

    /// With a queue, so that events are stored first.
    pub(crate) fn with_queue(self) -> Self {
        let url = self.sqs.queue_url(QUEUE);
        self.var("QUEUE_URL", url)
    }

    /// With a table of records.
    pub(crate) fn with_table(self) -> Self {
        self.var("RECORDS_TABLE", TABLE)
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

    pub(crate) fn reply_template(self, code: &str) -> Self {
        self.with(|deployment| deployment.template("REPLY_TEMPLATE", code))
    }

    pub(crate) async fn start(self) -> Running<V> {
        let Self { vendor, secrets, sqs, dynamo_db, deployment, check } = self;
        Running { vendor, secrets, sqs, dynamo_db, sandbox: deployment.start().await, check }
    }

    pub(crate) async fn fail_to_start(self) -> Log {
        self.deployment.fail_to_start().await
    }
}

/// The started function.
pub(crate) struct Running<V> {
    pub(crate) vendor: V,
    pub(crate) secrets: FakeSecretsManager,
    pub(crate) sqs: FakeSqs,
    pub(crate) dynamo_db: FakeDynamoDb,
    pub(crate) sandbox: Sandbox,
    check: fn(&Answer),
}

impl<V: Vendor> Running<V> {
    /// Calls the function. Any answer must be one that its caller can handle.
    pub(crate) async fn call(&mut self, event: impl Into<Value>) -> Answer {
        let answer = self.sandbox.invoke(event).await;
        (self.check)(&answer);
        answer
    }

    /// What has arrived at the vendor since the last look.
    pub(crate) fn received(&self) -> Vec<V::Call> {
        self.vendor.take_received()
    }

    /// What has arrived at the vendor since the last look, which is the first delivery of a process;
    /// its last call.
    pub(crate) fn received_once(&self) -> V::Call {
        let received = self.received();
        assert_eq!(received.len(), V::CALLS, "not one delivery but {received:#?}");
        received.last().unwrap().clone()
    }

    /// Ends the function and returns its logs.
    pub(crate) async fn end(self) -> Log {
        self.sandbox.end().await
    }
}

/// The id by which Segment knows a call again.
pub(crate) fn message_id(call: &Tracked) -> &str {
    call.body["messageId"].as_str().unwrap()
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
