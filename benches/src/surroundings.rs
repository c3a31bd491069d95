//! The environment of a contender: fakes, plain or behind TLS, and the variables that point to
//! them.

use std::{collections::BTreeMap, net::SocketAddr};

use fakes::{
    FakeMandrill, FakeSecretsManager, FakeSqs, WEBHOOK_KEY,
    server::{FakeReply, Server},
};

use crate::tls::Tls;

const WEBHOOK_SECRET: &str = "webhook";
const MANDRILL_SECRET: &str = "mandrill";
const MANDRILL_KEY: &str = "the-mandrill-key";
const QUEUE: &str = "events";
const TABLE: &str = "records";

/// The environment of a contender.
pub(crate) type Variables = BTreeMap<String, String>;

/// The fakes.
pub(crate) struct Surroundings {
    pub(crate) mandrill: FakeMandrill,
    secrets: FakeSecretsManager,
    sqs: FakeSqs,
    dynamo_db: Server,
    tls: Tls,
}

impl Surroundings {
    pub(crate) async fn start() -> Self {
        let free = "loopback has a free port";
        let secrets = FakeSecretsManager::start(0).await.expect(free);
        secrets.put(WEBHOOK_SECRET, WEBHOOK_KEY);
        secrets.put(MANDRILL_SECRET, MANDRILL_KEY);
        let sqs = FakeSqs::start(0).await.expect(free);
        sqs.create_queue(QUEUE);
        let mandrill = FakeMandrill::start(0, MANDRILL_KEY).await.expect(free);
        // Each key is new, so a table that accepts every write answers as DynamoDB would; and the
        // fake does not support what Powertools writes.
        let dynamo_db = Server::start(0, |_| async {
            FakeReply::text(200, "application/x-amz-json-1.0", "{}")
        });
        let dynamo_db = dynamo_db.await.expect(free);
        Self { mandrill, secrets, sqs, dynamo_db, tls: Tls::new() }
    }

    /// Delivers inline, and keeps records only in memory.
    pub(crate) fn plain(&self) -> Variables {
        variables([
            ("_HANDLER", mandrill_welcome::NAME.to_owned()),
            ("AWS_LAMBDA_FUNCTION_NAME", mandrill_welcome::NAME.to_owned()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_DEFAULT_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "local".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
            ("AWS_ENDPOINT_URL", self.secrets.url()),
            ("AWS_ENDPOINT_URL_DYNAMODB", self.dynamo_db.url()),
            ("AWS_ENDPOINT_URL_SQS", self.sqs.url()),
            ("WEBHOOK_SECRET_ID", WEBHOOK_SECRET.to_owned()),
            ("MANDRILL_SECRET_ID", MANDRILL_SECRET.to_owned()),
            ("MANDRILL_URL", self.mandrill.url()),
            ("FROM_EMAIL", mandrill_welcome::SAMPLE_SENDER.to_owned()),
        ])
    }

    /// With an idempotency table.
    pub(crate) fn with_table(&self) -> Variables {
        with(self.plain(), [("RECORDS_TABLE", TABLE.to_owned())])
    }

    /// With a queue and an idempotency table.
    pub(crate) fn with_queue(&self) -> Variables {
        with(self.with_table(), [("QUEUE_URL", self.sqs.queue_url(QUEUE))])
    }

    /// With TLS in front of Secrets Manager and Mandrill, and each contender's way to trust it.
    pub(crate) async fn with_tls(&self) -> Variables {
        let secrets = self.tls.before(address(&self.secrets.url())).await;
        let mandrill = self.tls.before(address(&self.mandrill.url())).await;
        let pem = self.tls.root_pem.display().to_string();
        with(
            self.plain(),
            [
                ("AWS_ENDPOINT_URL", format!("https://{secrets}")),
                ("MANDRILL_URL", format!("https://{mandrill}/api/1.0")),
                ("EXTRA_ROOT", self.tls.root_der.display().to_string()),
                ("NODE_EXTRA_CA_CERTS", pem.clone()),
                ("AWS_CA_BUNDLE", pem.clone()),
                ("SSL_CERT_FILE", pem),
            ],
        )
    }

    /// The same, with a queue, an idempotency table, and TLS in front of both.
    pub(crate) async fn with_tls_and_queue(&self) -> Variables {
        let queues = self.tls.before(address(&self.sqs.url())).await;
        let tables = self.tls.before(self.dynamo_db.address()).await;
        let mut variables = self.with_queue();
        variables.extend(self.with_tls().await);
        with(
            variables,
            [
                ("AWS_ENDPOINT_URL_SQS", format!("https://{queues}")),
                ("AWS_ENDPOINT_URL_DYNAMODB", format!("https://{tables}")),
            ],
        )
    }

    /// How many connections were ever made to what is behind TLS.
    pub(crate) fn tls_connections(&self) -> u64 {
        self.tls.connections()
    }

    /// Forgets the received calls; returns how many mails were requested.
    pub(crate) fn take_mails(&self) -> usize {
        self.mandrill.take_received().iter().filter(|call| call.is_mail()).count()
    }
}

fn variables<const N: usize>(pairs: [(&str, String); N]) -> Variables {
    pairs.map(|(name, value)| (name.to_owned(), value)).into()
}

fn with<const N: usize>(mut before: Variables, more: [(&str, String); N]) -> Variables {
    before.extend(variables(more));
    before
}

fn address(url: &str) -> SocketAddr {
    let authority = url.trim_start_matches("http://").split('/').next().unwrap_or_default();
    authority.parse().expect("a fake's URL has an address")
}
