//! The environment of the function under load.

use std::sync::{Arc, Mutex, PoisonError};

use fakes::{FakeDynamoDb, FakeMandrill, FakeSecretsManager, FakeSqs, WEBHOOK_KEY};
use integration::Deployment;
use shared::idempotency::KEY_ATTRIBUTE;

use crate::faults::Faults;

pub(crate) const QUEUE: &str = "events";
pub(crate) const TABLE: &str = "records";

const WEBHOOK_SECRET: &str = "webhook";
const MANDRILL_SECRET: &str = "mandrill";
const MANDRILL_KEY: &str = "the-mandrill-key";

/// So that a call that is never answered does not hold a sandbox for long.
const VENDOR_TIMEOUT_MS: &str = "1000";

/// The fakes, and the function as it is deployed between them: with a queue, a table and the
/// shipped template.
pub(crate) struct Stage {
    pub(crate) mandrill: FakeMandrill,
    pub(crate) sqs: FakeSqs,
    pub(crate) dynamo_db: FakeDynamoDb,
    pub(crate) deployment: Deployment,
    faults: Arc<Mutex<Faults>>,
    _secrets: FakeSecretsManager,
}

impl Stage {
    pub(crate) async fn set() -> Arc<Self> {
        let free = "loopback has a free port";
        let mandrill = FakeMandrill::start(0, MANDRILL_KEY).await.expect(free);
        let secrets = FakeSecretsManager::start(0).await.expect(free);
        secrets.put(WEBHOOK_SECRET, WEBHOOK_KEY);
        secrets.put(MANDRILL_SECRET, MANDRILL_KEY);
        let sqs = FakeSqs::start(0).await.expect(free);
        sqs.create_queue(QUEUE);
        let dynamo_db = FakeDynamoDb::start(0).await.expect(free);
        dynamo_db.create_table(TABLE, KEY_ATTRIBUTE);
        let deployment = Deployment::of(mandrill_welcome::NAME)
            .var("AWS_ENDPOINT_URL", secrets.url())
            .var("AWS_ENDPOINT_URL_DYNAMODB", dynamo_db.url())
            .var("AWS_ENDPOINT_URL_SQS", sqs.url())
            .var("QUEUE_URL", sqs.queue_url(QUEUE))
            .var("RECORDS_TABLE", TABLE)
            .var("WEBHOOK_SECRET_ID", WEBHOOK_SECRET)
            .var("MANDRILL_SECRET_ID", MANDRILL_SECRET)
            .var("MANDRILL_URL", mandrill.url())
            .var("FROM_EMAIL", mandrill_welcome::SAMPLE_SENDER)
            .var("VENDOR_TIMEOUT_MS", VENDOR_TIMEOUT_MS);
        let faults = Arc::default();
        Arc::new(Self { mandrill, sqs, dynamo_db, deployment, faults, _secrets: secrets })
    }

    /// Lets a third of Mandrill's calls fail from now on.
    pub(crate) fn fail_a_third(&self) {
        let faults = self.faults.clone();
        self.mandrill.set_faults(move |call| {
            faults.lock().unwrap_or_else(PoisonError::into_inner).strike(call)
        });
    }

    /// What has struck.
    pub(crate) fn faults(&self) -> Faults {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
