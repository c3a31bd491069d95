//! Our adapters against moto: Secrets Manager, SQS and DynamoDB over their wire protocols.

mod function;
mod queue;
mod records;
mod secrets;

use std::{
    process::Command,
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};
use shared::{aws::Aws, http::Client, idempotency::KEY_ATTRIBUTE};

use crate::peer::{Server, free_ports, program};

/// One for all tests: each takes names of its own.
static MOTO: LazyLock<Server> = LazyLock::new(|| {
    let [port] = free_ports();
    let mut command = Command::new(program("moto", "tests/real/aws/install"));
    Server::start(command.arg(port.to_string()), port)
});

/// What our adapters are made from.
fn ours() -> Aws {
    Aws::at(&MOTO.url(), &Client::new().unwrap())
}

/// What the SDK's own clients are made from, with which a test looks on.
pub(crate) fn sdk(url: &str) -> SdkConfig {
    // DynamoDB Local keeps the tables of each access key apart, and this is ours.
    sdk_of("local", "us-east-1", url)
}

/// The same of an account, in a region.
pub(crate) fn sdk_of(access_key: &str, region: &'static str, url: &str) -> SdkConfig {
    let nobody = Credentials::new(access_key, access_key, None, None, "a test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(region))
        .credentials_provider(SharedCredentialsProvider::new(nobody))
        .endpoint_url(url)
        .http_client(Client::new().unwrap().for_sdk())
        .build()
}

/// A name that nothing else has.
fn name() -> String {
    static NAMES: AtomicUsize = AtomicUsize::new(0);
    format!("name-{}", NAMES.fetch_add(1, Ordering::Relaxed))
}

/// Makes a table of records, as `template.yaml` describes it.
pub(crate) async fn create_table(sdk: &SdkConfig, table: &str) {
    let key = AttributeDefinition::builder()
        .attribute_name(KEY_ATTRIBUTE)
        .attribute_type(ScalarAttributeType::S);
    let schema = KeySchemaElement::builder().attribute_name(KEY_ATTRIBUTE).key_type(KeyType::Hash);
    aws_sdk_dynamodb::Client::new(sdk)
        .create_table()
        .table_name(table)
        .attribute_definitions(key.build().unwrap())
        .key_schema(schema.build().unwrap())
        .billing_mode(BillingMode::PayPerRequest)
        .send()
        .await
        .unwrap();
}
