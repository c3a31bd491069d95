//! The idempotency store in DynamoDB: the suite, the items, and faults of the table.

use std::time::{Duration, Instant};

use fakes::FakeDynamoDb;
use integration::idempotency_suite;
use serde_json::{Value, json};
use shared::{
    aws::Aws,
    http::Client,
    idempotency::{
        Acquire, Completion, DynamoDbStore, IdempotencyStore, KEY_ATTRIBUTE, Lease, LeaseRequest,
        State, StoreError, TTL_ATTRIBUTE,
    },
};
use time::OffsetDateTime;

pub(super) const TABLE: &str = "records";
const EVENT: &str = "f#event";
/// Digests of two recipients.
const ANN: &str = "0123456789abcdef";
const BEN: &str = "fedcba9876543210";
pub(super) const LEASE: Duration = Duration::from_secs(27);
pub(super) const TTL: Duration = Duration::from_hours(720);

/// A table's records, and the fake that holds them.
pub(super) async fn start() -> (DynamoDbStore, FakeDynamoDb) {
    let fake = FakeDynamoDb::start(0).await.unwrap();
    fake.create_table(TABLE, KEY_ATTRIBUTE);
    let aws = Aws::at(&fake.url(), &Client::new().unwrap());
    (DynamoDbStore::new(&aws, TABLE), fake)
}

idempotency_suite!(start);

fn request(holder: &str, now: OffsetDateTime) -> LeaseRequest {
    LeaseRequest {
        record_id: EVENT.to_owned(),
        holder: holder.to_owned(),
        now,
        lease_until: now + LEASE,
        ttl: Some(TTL),
    }
}

fn delivered() -> Completion {
    Completion { state: State::Delivered, vendor_id: Some("m1".to_owned()) }
}

async fn win(records: &DynamoDbStore, request: LeaseRequest) -> Lease {
    match records.acquire(request, Some(ANN)).await.unwrap() {
        Acquire::Acquired(lease) => lease,
        other => panic!("{other:?}"),
    }
}

/// Now, as far as a table tells it.
pub(super) fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc().truncate_to_millisecond()
}

pub(super) fn seconds(time: OffsetDateTime) -> Value {
    json!({"N": time.unix_timestamp().to_string()})
}

pub(super) fn milliseconds(time: OffsetDateTime) -> Value {
    json!({"N": (time.unix_timestamp_nanos() / 1_000_000).to_string()})
}

#[tokio::test]
async fn open_item_has_ttl_in_seconds_lease_and_in_doubt_marker_in_milliseconds() {
    let (records, table) = start().await;
    let now = now();
    win(&records, request("one", now)).await;
    let expected = json!({
        KEY_ATTRIBUTE: {"S": EVENT},
        TTL_ATTRIBUTE: seconds(now + TTL),
        "state": {"S": "in_progress"},
        "holder": {"S": "one"},
        "lease_until": milliseconds(now + LEASE),
        "in_doubt_since": milliseconds(now),
        "recipient_digest": {"S": ANN},
    });
    assert_eq!(table.item(TABLE, EVENT), Some(expected));
}

#[tokio::test]
async fn completed_item_has_vendor_id_and_no_lease_or_in_doubt_marker() {
    for (state, word) in [(State::Delivered, "delivered"), (State::Rejected, "rejected")] {
        for vendor_id in [Some("m1".to_owned()), None] {
            let (records, table) = start().await;
            let now = now();
            let lease = win(&records, request("one", now)).await;
            records
                .complete(&lease, Completion { state, vendor_id: vendor_id.clone() })
                .await
                .unwrap();
            let mut expected = json!({
                KEY_ATTRIBUTE: {"S": EVENT},
                TTL_ATTRIBUTE: seconds(now + TTL),
                "state": {"S": word},
                "holder": {"S": "one"},
            });
            if let Some(id) = vendor_id {
                expected["vendor_id"] = json!({ "S": id });
            }
            assert_eq!(table.item(TABLE, EVENT), Some(expected));
        }
    }
}

#[tokio::test]
async fn restarted_record_drops_the_old_vendor_id() {
    let (records, table) = start().await;
    let now = now();
    let lease = win(&records, request("one", now)).await;
    records.complete(&lease, delivered()).await.unwrap();
    win(&records, request("two", now + TTL)).await;
    let item = table.item(TABLE, EVENT).unwrap();
    assert_eq!(item.get("vendor_id"), None);
    assert_eq!(item[TTL_ATTRIBUTE], seconds(now + TTL * 2));
}

#[tokio::test]
async fn record_without_an_expiry_has_no_ttl_attribute() {
    let (records, table) = start().await;
    let now = now();
    win(&records, request("one", now)).await;
    win(&records, LeaseRequest { ttl: None, ..request("two", now + LEASE) }).await;
    assert_eq!(table.item(TABLE, EVENT).unwrap().get(TTL_ATTRIBUTE), None);
}

#[tokio::test]
async fn successful_delivery_makes_two_table_calls() {
    let (records, table) = start().await;
    let lease = win(&records, request("one", now())).await;
    records.complete(&lease, delivered()).await.unwrap();
    assert_eq!((table.calls(), table.calls_of("UpdateItem")), (2, 2));
}

#[tokio::test]
async fn acquire_with_a_lost_response_holds_the_lease_and_its_own_in_doubt_marker() {
    let (records, table) = start().await;
    let now = now();
    table.hang_up_next(1);
    let lease = win(&records, request("one", now)).await;
    assert_eq!((lease.in_doubt_since, table.calls()), (None, 2));
    assert_eq!(lease.recipient, None);
    let busy = records.acquire(request("two", now), Some(ANN)).await.unwrap();
    assert!(matches!(busy, Acquire::InProgress { .. }), "{busy:?}");
    records.release(&lease).await.unwrap();
    assert_eq!(win(&records, request("two", now)).await.in_doubt_since, None);
}

#[tokio::test]
async fn acquire_with_a_lost_response_inherits_the_in_doubt_marker() {
    let (records, table) = start().await;
    let now = now();
    win(&records, request("one", now)).await;
    table.hang_up_next(1);
    let lease = win(&records, request("two", now + LEASE)).await;
    assert_eq!((lease.in_doubt_since, table.calls()), (Some(now), 3));
    assert_eq!(lease.recipient.as_deref(), Some(ANN));
}

#[tokio::test]
async fn completion_is_idempotent_after_a_lost_response() {
    let (records, table) = start().await;
    let now = now();
    let lease = win(&records, request("one", now)).await;
    table.hang_up_next(1);
    records.complete(&lease, delivered()).await.unwrap();
    let acquired = records.acquire(request("two", now + LEASE), Some(ANN)).await.unwrap();
    assert!(matches!(acquired, Acquire::Completed(State::Delivered)), "{acquired:?}");
}

#[tokio::test]
async fn release_and_renewal_are_idempotent_after_a_lost_response() {
    let (records, table) = start().await;
    let now = now();
    let lease = win(&records, request("one", now)).await;
    table.hang_up_next(1);
    let lease = records.renew(lease, now + LEASE, Some(BEN)).await.unwrap();
    let item = table.item(TABLE, EVENT).unwrap();
    assert_eq!(item["in_doubt_since"], milliseconds(now + LEASE));
    assert_eq!(item["recipient_digest"], json!({"S": BEN}));
    table.hang_up_next(1);
    records.release(&lease).await.unwrap();
    assert_eq!(win(&records, request("two", now)).await.in_doubt_since, None);
}

#[tokio::test]
async fn transient_table_fault_is_retried_by_the_store() {
    let (records, table) = start().await;
    table.fail_next(1);
    let lease = win(&records, request("one", now())).await;
    table.fail_next(1);
    records.complete(&lease, delivered()).await.unwrap();
}

/// Checks that nothing can be done, and that nobody waits long to hear it.
async fn is_unreachable(records: &DynamoDbStore, lease: &Lease) {
    let began = Instant::now();
    let (acquired, renewal, end, release) = tokio::join!(
        records.acquire(request("two", now()), Some(ANN)),
        records.renew(lease.clone(), now(), Some(ANN)),
        records.complete(lease, delivered()),
        records.release(lease),
    );
    assert!(began.elapsed() < Duration::from_millis(3500), "{:?}", began.elapsed());
    for result in [acquired.map(drop), renewal.map(drop), end, release] {
        assert!(matches!(result, Err(StoreError::Unreachable(_))), "{result:?}");
    }
}

#[tokio::test]
async fn table_that_is_down_is_reported_as_unreachable() {
    let (records, table) = start().await;
    let lease = win(&records, request("one", now())).await;
    table.set_down(true);
    is_unreachable(&records, &lease).await;
}

#[tokio::test]
async fn table_that_closes_the_connection_is_reported_as_unreachable() {
    let (records, table) = start().await;
    let lease = win(&records, request("one", now())).await;
    table.hang_up_after_doing(true);
    is_unreachable(&records, &lease).await;
}

#[tokio::test]
async fn table_timeout_is_reported_as_unreachable() {
    let (records, table) = start().await;
    let lease = win(&records, request("one", now())).await;
    table.set_delay(Duration::from_mins(10));
    is_unreachable(&records, &lease).await;
}

#[tokio::test]
async fn missing_table_is_reported_as_unreachable() {
    let (_, fake) = start().await;
    let aws = Aws::at(&fake.url(), &Client::new().unwrap());
    let records = DynamoDbStore::new(&aws, "another");
    let acquired = records.acquire(request("one", now()), Some(ANN)).await;
    assert!(matches!(acquired, Err(StoreError::Unreachable(_))), "{acquired:?}");
}

#[tokio::test]
async fn record_of_an_unknown_version_is_left_unchanged() {
    let now = now();
    let lease = milliseconds(now + LEASE);
    let items = [
        json!({"state": {"S": "paused"}}),
        json!({"state": {"S": "paused"}, "lease_until": lease, "holder": {"S": "one"}}),
        json!({"state": {"N": "1"}}),
        json!({}),
        json!({"state": {"S": "in_progress"}}),
        json!({"state": {"S": "in_progress"}, "lease_until": {"S": "soon"}}),
        json!({"state": {"S": "in_progress"}, "lease_until": {"N": "9e30"}}),
        json!({"state": {"S": "in_progress"}, "lease_until": {"NULL": true}}),
    ];
    for mut item in items {
        item[KEY_ATTRIBUTE] = json!({ "S": EVENT });
        let (records, table) = start().await;
        table.put(TABLE, &item).unwrap();
        let before = table.item(TABLE, EVENT);
        let acquired = records.acquire(request("two", now), Some(ANN)).await;
        assert!(matches!(acquired, Err(StoreError::Unreadable(_))), "{item}: {acquired:?}");
        assert_eq!(table.item(TABLE, EVENT), before, "{item}");
    }
}

#[tokio::test]
async fn invalid_in_doubt_marker_is_an_error() {
    for marker in [json!({"S": "then"}), json!({"N": "9e30"}), json!({"N": "1.5"})] {
        let (records, table) = start().await;
        let item = json!({
            KEY_ATTRIBUTE: {"S": EVENT}, "state": {"S": "in_progress"}, "holder": {"S": "one"},
            "lease_until": {"N": "0"}, "in_doubt_since": marker,
        });
        table.put(TABLE, &item).unwrap();
        let acquired = records.acquire(request("two", now()), Some(ANN)).await;
        assert!(matches!(acquired, Err(StoreError::Unreadable(_))), "{marker}: {acquired:?}");
    }
}
