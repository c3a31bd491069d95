//! Records in a table of moto's.

use integration::records_suite;
use shared::records::DynamoDb;

use super::{MOTO, create_table, name, ours, sdk};

async fn start() -> (DynamoDb, ()) {
    let table = name();
    create_table(&sdk(&MOTO.url()), &table).await;
    (DynamoDb::new(&ours(), &table), ())
}

records_suite!(start);
