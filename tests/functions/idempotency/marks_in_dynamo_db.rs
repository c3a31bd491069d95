//! Marks in DynamoDB, and work that is given up: their items, and faults of the table.

use std::time::Duration;

use serde_json::json;
use shared::{
    aws::Aws,
    http::Client,
    idempotency::{
        Acquire, DynamoDbStore, IdempotencyStore, KEY_ATTRIBUTE, Lease, LeaseRequest, StoreError,
        TTL_ATTRIBUTE,
    },
};
use time::OffsetDateTime;

use super::in_dynamo_db::{LEASE, TABLE, now, seconds, start};

const MARK: &str = "erased#i";
const EVENT: &str = "f#event";
const LASTS: Duration = Duration::from_hours(720);

async fn take(records: &DynamoDbStore, now: OffsetDateTime) -> Lease {
    let request = LeaseRequest {
        record_id: EVENT.to_owned(),
        holder: "one".to_owned(),
        now,
        lease_until: now + LEASE,
        ttl: None,
    };
    match records.acquire(request, Some("0123456789abcdef")).await.unwrap() {
        Acquire::Acquired(lease) => lease,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn mark_item_has_its_end_in_seconds_and_nothing_else() {
    let (records, table) = start().await;
    let now = now();
    records.mark(MARK, now + LASTS).await.unwrap();
    let expected = json!({KEY_ATTRIBUTE: {"S": MARK}, TTL_ATTRIBUTE: seconds(now + LASTS)});
    assert_eq!(table.item(TABLE, MARK), Some(expected));
}

#[tokio::test]
async fn mark_is_read_by_one_consistent_get() {
    let (records, table) = start().await;
    let now = now();
    assert!(!records.is_marked(MARK, now).await.unwrap());
    records.mark(MARK, now + LASTS).await.unwrap();
    assert!(records.is_marked(MARK, now).await.unwrap());
    assert_eq!((table.calls_of("GetItem"), table.calls()), (2, 3));
}

#[tokio::test]
async fn record_that_was_given_up_expires_and_says_nothing() {
    let (records, table) = start().await;
    let now = now();
    records.expire(&take(&records, now).await).await.unwrap();
    let expected = json!({
        KEY_ATTRIBUTE: {"S": EVENT},
        TTL_ATTRIBUTE: seconds(now + LEASE + Duration::from_hours(1)),
        "state": {"S": "in_progress"},
        "holder": {"S": "one"},
        "lease_until": {"N": "0"},
    });
    assert_eq!(table.item(TABLE, EVENT), Some(expected));
}

#[tokio::test]
async fn marks_and_deletions_are_idempotent_after_a_lost_response() {
    let (records, table) = start().await;
    let now = now();
    table.hang_up_next(1);
    records.mark(MARK, now + LASTS).await.unwrap();
    table.hang_up_next(1);
    assert!(records.is_marked(MARK, now).await.unwrap());
    let lease = take(&records, now).await;
    table.hang_up_next(1);
    records.expire(&lease).await.unwrap();
    table.hang_up_next(1);
    records.delete(EVENT).await.unwrap();
    assert_eq!(table.item(TABLE, EVENT), None);
}

/// Nobody may take that for a person who was not erased.
#[tokio::test]
async fn table_that_cannot_be_reached_has_no_answer_about_a_mark() {
    let (records, table) = start().await;
    let lease = take(&records, now()).await;
    let another = DynamoDbStore::new(&Aws::at(&table.url(), &Client::new().unwrap()), "another");
    let missing = another.is_marked(MARK, now()).await;
    assert!(matches!(missing, Err(StoreError::Unreachable(_))), "{missing:?}");
    table.set_down(true);
    let marked = records.is_marked(MARK, now()).await.map(drop);
    let expired = records.expire(&lease).await;
    for result in [marked, expired, records.mark(MARK, now()).await, records.delete(EVENT).await] {
        assert!(matches!(result, Err(StoreError::Unreachable(_))), "{result:?}");
    }
}
