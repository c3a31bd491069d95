//! Lanes in DynamoDB: their items, and faults of the table.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use shared::{
    budget::Budget,
    clock::SystemClock,
    idempotency::{
        Calls, DynamoDbStore, Entry, Idempotency, IdempotencyStore, InLane, KEY_ATTRIBUTE,
        LaneRecord, LeaseRequest, StoreError, Writer, Written,
    },
};
use time::{OffsetDateTime, macros::datetime};

use super::in_dynamo_db::{LEASE, TABLE, milliseconds, now, seconds, start};

const LANE: &str = "identity#i";

fn request(holder: &str, now: OffsetDateTime) -> LeaseRequest {
    LeaseRequest {
        record_id: LANE.to_owned(),
        holder: holder.to_owned(),
        now,
        lease_until: now + LEASE,
        ttl: None,
    }
}

const JSON: &str = r#"{"targets":{"/traits/consent/newsletter":{"at":"2026-01-31T11:19:37Z","event_id":"the-key","withdrew":true}},"identity_updated_at":"2026-01-31T11:19:38.5Z","changed_at":null}"#;

fn written() -> LaneRecord {
    let at = datetime!(2026-01-31 11:19:37 UTC);
    let mut written = Written::default();
    let writer = Writer {
        at,
        event_id: "the-key".to_owned(),
        withdrew: true,
        in_doubt: false,
        calls: Calls::default(),
        patched_at: None,
    };
    written.note("/traits/consent/newsletter".to_owned(), writer);
    written.identity_updated_at = Some(datetime!(2026-01-31 11:19:38.5 UTC));
    LaneRecord::of(&written).unwrap()
}

async fn enter(records: &DynamoDbStore, request: LeaseRequest) -> InLane {
    match records.enter(request).await.unwrap() {
        Entry::Entered(lane) => lane,
        Entry::InProgress { until } => panic!("somebody is in it until {until}"),
    }
}

#[tokio::test]
async fn lane_item_has_its_lease_in_milliseconds_and_no_expiry() {
    let (records, table) = start().await;
    let now = now();
    enter(&records, request("one", now)).await;
    let expected = json!({
        KEY_ATTRIBUTE: {"S": LANE},
        "state": {"S": "in_progress"},
        "holder": {"S": "one"},
        "lease_until": milliseconds(now + LEASE),
    });
    assert_eq!(table.item(TABLE, LANE), Some(expected));
}

#[tokio::test]
async fn record_is_looked_at_whoever_is_in_its_lane() {
    let (records, table) = start().await;
    assert_eq!(records.look(LANE).await.unwrap(), None);
    let lane = enter(&records, request("one", now())).await;
    assert_eq!(records.look(LANE).await.unwrap(), Some(LaneRecord::default()));
    records.leave(&lane, Some(written())).await.unwrap();
    enter(&records, request("two", now())).await;
    assert_eq!(records.look(LANE).await.unwrap(), Some(written()));
    assert_eq!(table.calls_of("UpdateItem"), 3);
    table.set_down(true);
    assert!(matches!(records.look(LANE).await, Err(StoreError::Unreachable(_))));
}

#[tokio::test]
async fn left_lane_item_holds_only_the_written_state() {
    let (records, table) = start().await;
    let now = now();
    let lane = enter(&records, request("one", now)).await;
    records.leave(&lane, Some(written())).await.unwrap();
    let expected = json!({
        KEY_ATTRIBUTE: {"S": LANE},
        "state": {"S": "in_progress"},
        "holder": {"S": "one"},
        "lease_until": {"N": "0"},
        "written": {"S": JSON},
    });
    assert_eq!(table.item(TABLE, LANE), Some(expected));
}

#[tokio::test]
async fn unused_lane_expires_and_reused_lane_does_not() {
    let (records, table) = start().await;
    let now = now();
    let lane = enter(&records, request("one", now)).await;
    records.leave(&lane, None).await.unwrap();
    let end = seconds(now + LEASE + Duration::from_hours(1));
    assert_eq!(table.item(TABLE, LANE).unwrap()["expires_at"], end);
    let lane = enter(&records, request("two", now)).await;
    assert_eq!(table.item(TABLE, LANE).unwrap().get("expires_at"), None);
    records.leave(&lane, Some(written())).await.unwrap();
    let lane = enter(&records, request("three", now)).await;
    records.leave(&lane, None).await.unwrap();
    assert_eq!(table.item(TABLE, LANE).unwrap().get("expires_at"), None, "it is remembered");
}

#[tokio::test]
async fn lane_makes_two_table_calls() {
    let (records, table) = start().await;
    let lane = enter(&records, request("one", now())).await;
    records.leave(&lane, Some(written())).await.unwrap();
    assert_eq!((table.calls(), table.calls_of("UpdateItem")), (2, 2));
}

#[tokio::test]
async fn lane_entry_with_a_lost_response_holds_the_lease_and_returns_the_state() {
    let (records, table) = start().await;
    let now = now();
    table.hang_up_next(1);
    let lane = enter(&records, request("one", now)).await;
    assert_eq!((lane.written.clone(), table.calls()), (LaneRecord::default(), 2));
    let busy = records.enter(request("two", now)).await.unwrap();
    assert!(matches!(busy, Entry::InProgress { .. }), "{busy:?}");
    records.leave(&lane, Some(written())).await.unwrap();
    table.hang_up_next(1);
    assert_eq!(enter(&records, request("two", now)).await.written, written());
}

#[tokio::test]
async fn lane_exit_is_idempotent_after_a_lost_response() {
    for left in [Some(written()), None] {
        let (records, table) = start().await;
        let now = now();
        let lane = enter(&records, request("one", now)).await;
        table.hang_up_next(1);
        records.leave(&lane, left.clone()).await.unwrap();
        let found = enter(&records, request("two", now)).await.written;
        assert_eq!(found, left.unwrap_or_default());
    }
}

#[tokio::test]
async fn transient_table_fault_is_retried_for_lanes() {
    let (records, table) = start().await;
    table.fail_next(1);
    let lane = enter(&records, request("one", now())).await;
    table.fail_next(1);
    records.leave(&lane, Some(written())).await.unwrap();
}

#[tokio::test]
async fn lane_in_a_table_that_is_down_is_reported_as_unreachable() {
    let (records, table) = start().await;
    let lane = enter(&records, request("one", now())).await;
    table.set_down(true);
    let entry = records.enter(request("two", now())).await.map(drop);
    for result in [entry, records.leave(&lane, Some(written())).await] {
        assert!(matches!(result, Err(StoreError::Unreachable(_))), "{result:?}");
    }
}

#[tokio::test]
async fn unreadable_lane_cannot_be_entered() {
    let now = now();
    let whole = json!({
        KEY_ATTRIBUTE: {"S": LANE}, "state": {"S": "in_progress"}, "holder": {"S": "one"},
        "lease_until": {"N": "0"}, "written": {"S": JSON},
    });
    for (name, value) in [("lease_until", json!({"S": "soon"})), ("written", json!({"N": "1"}))] {
        let mut item = whole.clone();
        item[name] = value;
        let (records, table) = start().await;
        table.put(TABLE, &item).unwrap();
        let entry = records.enter(request("two", now)).await;
        assert!(matches!(entry, Err(StoreError::Unreadable(_))), "{item}: {entry:?}");
    }
}

#[tokio::test]
async fn lane_record_of_an_unknown_version_makes_no_call() {
    for json in ["then", "{}", &JSON.replace("true", "1")] {
        let (records, table) = start().await;
        let item = json!({
            KEY_ATTRIBUTE: {"S": LANE}, "state": {"S": "in_progress"}, "holder": {"S": "one"},
            "lease_until": {"N": "0"}, "written": {"S": json},
        });
        table.put(TABLE, &item).unwrap();
        let clock = Arc::new(SystemClock);
        let (ttl, budget) = (LEASE, Budget::of_invocation(now(), now() + LEASE));
        let idempotency = Idempotency { function: "f", store: Arc::new(records), ttl, clock };
        let entered = idempotency.enter::<Written>(LANE.to_owned(), &budget).await;
        assert_eq!(entered.unwrap_err().word(), "try_later", "{json}");
    }
}
