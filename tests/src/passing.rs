//! Time in the records: the functions use the real clock, so tests move the recorded times back.

use std::time::Duration;

use fakes::FakeDynamoDb;
use serde_json::{Value, json};
use shared::idempotency::TTL_ATTRIBUTE;

/// The times in a record, with how many milliseconds each counts as one.
const TIMES: [(&str, i64); 3] = [("lease_until", 1), ("in_doubt_since", 1), (TTL_ATTRIBUTE, 1000)];

/// Moves all times in a table's records back, as if so much time had gone by.
pub fn let_time_pass(dynamo_db: &FakeDynamoDb, table: &str, time: Duration) {
    move_times(dynamo_db, table, -time::Duration::try_from(time).expect("nobody waits that long"));
}

/// Moves all times in a table's records.
pub fn move_times(dynamo_db: &FakeDynamoDb, table: &str, by: time::Duration) {
    let milliseconds = i64::try_from(by.whole_milliseconds()).expect("nobody waits that long");
    for mut record in dynamo_db.items(table) {
        let mut is_moved = false;
        for (name, unit) in TIMES {
            if let Some(value) = attribute(&record, name) {
                record[name] = json!({"N": (value + milliseconds / unit).to_string()});
                is_moved = true;
            }
        }
        if is_moved {
            dynamo_db.put(table, &record).expect("it came from there");
        }
    }
}

/// A number of a record.
pub fn attribute(record: &Value, name: &str) -> Option<i64> {
    record[name]["N"].as_str().map(|number| number.parse().expect("a whole number"))
}
