//! Records in a table of moto's.

use integration::idempotency_suite;
use shared::idempotency::DynamoDbStore;

use super::{MOTO, create_table, name, ours, sdk};

async fn start() -> (DynamoDbStore, ()) {
    let table = name();
    create_table(&sdk(&MOTO.url()), &table).await;
    (DynamoDbStore::new(&ours(), &table), ())
}

idempotency_suite!(start);
