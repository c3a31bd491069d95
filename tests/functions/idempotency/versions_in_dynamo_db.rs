//! Records of a version that comes after this code: it leaves them alone.

use fakes::FakeDynamoDb;
use serde_json::{Value, json};
use shared::idempotency::{
    Completion, DynamoDbStore, IdempotencyStore, LeaseRequest, State, StoreError,
};

use super::in_dynamo_db::{LEASE, TABLE, now, start};

const RECORD: &str = "record";
const RECIPIENT: &str = "0123456789abcdef";

/// Its holder is gone and its call in doubt: a record of this version would be taken over and settled.
fn abandoned() -> Value {
    json!({
        "id": {"S": RECORD}, "state": {"S": "in_progress"}, "holder": {"S": "one"},
        "lease_until": {"N": "0"}, "in_doubt_since": {"N": "0"}, "recipient_digest": {"S": RECIPIENT},
    })
}

fn request(holder: &str) -> LeaseRequest {
    let now = now();
    LeaseRequest {
        record_id: RECORD.to_owned(),
        holder: holder.to_owned(),
        now,
        lease_until: now + LEASE,
        ttl: None,
    }
}

async fn with(item: &Value) -> (FakeDynamoDb, DynamoDbStore) {
    let (store, dynamo_db) = start().await;
    dynamo_db.put(TABLE, item).unwrap();
    (dynamo_db, store)
}

fn completion() -> Completion {
    Completion { state: State::Delivered, vendor_id: None }
}

#[tokio::test]
async fn record_of_a_later_version_is_neither_read_nor_changed() {
    let mut later = abandoned();
    later["record_version"] = json!({"N": "2"});
    let (dynamo_db, store) = with(&later).await;
    for refused in [
        store.acquire(request("two"), Some(RECIPIENT)).await.map(drop),
        store.enter(request("two")).await.map(drop),
        store.settle(RECORD, RECIPIENT, completion()).await.map(drop),
        store.look(RECORD).await.map(drop),
    ] {
        assert!(matches!(refused, Err(StoreError::Unreadable(_))), "{refused:?}");
    }
    assert_eq!(dynamo_db.item(TABLE, RECORD), Some(later));
}

#[tokio::test]
async fn record_without_a_version_is_of_this_one() {
    let (_dynamo_db, store) = with(&abandoned()).await;
    assert!(store.settle(RECORD, RECIPIENT, completion()).await.unwrap());
}
