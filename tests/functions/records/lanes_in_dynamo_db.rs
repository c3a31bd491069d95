//! Lanes in a table of DynamoDB: what their items are, and what comes of the table's faults.

use serde_json::{Value, json};
use shared::records::{
    Applied, Bid, DynamoDb, Entry, InLane, KEY_ATTRIBUTE, Records, RecordsError, TTL_ATTRIBUTE,
};
use time::{OffsetDateTime, macros::datetime};

use super::in_dynamo_db::{LEASE, TABLE, TTL, milliseconds, now, seconds, start};

const LANE: &str = "f#list#person#consent";

fn bid(holder: &str, now: OffsetDateTime) -> Bid {
    Bid {
        record_id: LANE.to_owned(),
        holder: holder.to_owned(),
        now,
        lease_until: now + LEASE,
        ttl: Some(TTL),
    }
}

fn applied() -> Applied {
    Applied {
        at: datetime!(2026-01-31 11:19:37 UTC),
        key: "the-key".to_owned(),
        kind: "unsubscribe".to_owned(),
        withdrew: true,
        finished: false,
    }
}

async fn enter(records: &DynamoDb, bid: Bid) -> InLane {
    match records.enter(bid).await.unwrap() {
        Entry::Entered(lane) => lane,
        Entry::Busy { until } => panic!("somebody is in it until {until}"),
    }
}

#[tokio::test]
async fn the_item_of_a_lane_tells_its_end_in_seconds_and_its_lease_in_milliseconds() {
    let (records, table) = start().await;
    let now = now();
    enter(&records, bid("one", now)).await;
    let expected = json!({
        KEY_ATTRIBUTE: {"S": LANE},
        TTL_ATTRIBUTE: seconds(now + TTL),
        "state": {"S": "in_progress"},
        "holder": {"S": "one"},
        "lease_until": milliseconds(now + LEASE),
    });
    assert_eq!(table.item(TABLE, LANE), Some(expected));
}

#[tokio::test]
async fn the_item_of_a_lane_that_was_left_tells_what_was_applied_and_nothing_else() {
    let (records, table) = start().await;
    let now = now();
    let lane = enter(&records, bid("one", now)).await;
    records.leave(&lane, Some(applied())).await.unwrap();
    let expected = json!({
        KEY_ATTRIBUTE: {"S": LANE},
        TTL_ATTRIBUTE: seconds(now + TTL),
        "state": {"S": "in_progress"},
        "holder": {"S": "one"},
        "lease_until": {"N": "0"},
        "applied_at": {"N": "1769858377000"},
        "applied_key": {"S": "the-key"},
        "applied_kind": {"S": "unsubscribe"},
        "withdrew": {"BOOL": true},
        "finished": {"BOOL": false},
    });
    assert_eq!(table.item(TABLE, LANE), Some(expected));
}

#[tokio::test]
async fn a_lane_is_two_calls() {
    let (records, table) = start().await;
    let lane = enter(&records, bid("one", now())).await;
    records.leave(&lane, Some(applied())).await.unwrap();
    assert_eq!((table.calls(), table.calls_of("UpdateItem")), (2, 2));
}

#[tokio::test]
async fn an_entry_whose_answer_was_lost_is_one_all_the_same_and_tells_what_was_applied() {
    let (records, table) = start().await;
    let now = now();
    table.hang_up_next(1);
    let lane = enter(&records, bid("one", now)).await;
    assert_eq!((lane.last.clone(), table.calls()), (None, 2));
    let busy = records.enter(bid("two", now)).await.unwrap();
    assert!(matches!(busy, Entry::Busy { .. }), "{busy:?}");
    records.leave(&lane, Some(applied())).await.unwrap();
    table.hang_up_next(1);
    assert_eq!(enter(&records, bid("two", now)).await.last, Some(applied()));
}

#[tokio::test]
async fn an_exit_whose_answer_was_lost_is_written_all_the_same() {
    for last in [Some(applied()), None] {
        let (records, table) = start().await;
        let now = now();
        let lane = enter(&records, bid("one", now)).await;
        table.hang_up_next(1);
        records.leave(&lane, last.clone()).await.unwrap();
        assert_eq!(enter(&records, bid("two", now)).await.last, last);
    }
}

#[tokio::test]
async fn a_fault_that_passes_is_not_noticed_in_a_lane() {
    let (records, table) = start().await;
    table.fail_next(1);
    let lane = enter(&records, bid("one", now())).await;
    table.fail_next(1);
    records.leave(&lane, Some(applied())).await.unwrap();
}

#[tokio::test]
async fn a_lane_in_a_table_that_is_down_cannot_be_reached() {
    let (records, table) = start().await;
    let lane = enter(&records, bid("one", now())).await;
    table.set_down(true);
    let entry = records.enter(bid("two", now())).await.map(drop);
    for result in [entry, records.leave(&lane, Some(applied())).await] {
        assert!(matches!(result, Err(RecordsError::Unreachable(_))), "{result:?}");
    }
}

#[tokio::test]
async fn a_lane_that_this_code_does_not_read_lets_nobody_in() {
    let now = now();
    let whole = json!({
        KEY_ATTRIBUTE: {"S": LANE}, "state": {"S": "in_progress"}, "holder": {"S": "one"},
        "lease_until": {"N": "0"}, "applied_at": {"N": "0"}, "applied_key": {"S": "k"},
        "applied_kind": {"S": "profile"}, "withdrew": {"BOOL": false}, "finished": {"BOOL": true},
    });
    let changes: [(&str, Value); 6] = [
        ("lease_until", json!({"S": "soon"})),
        ("applied_at", json!({"S": "then"})),
        ("applied_at", json!({"N": "9e30"})),
        ("applied_key", json!({"N": "1"})),
        ("withdrew", json!({"S": "true"})),
        ("finished", json!({"NULL": true})),
    ];
    for (name, value) in changes {
        let mut item = whole.clone();
        item[name] = value;
        let (records, table) = start().await;
        table.put(TABLE, &item).unwrap();
        let entry = records.enter(bid("two", now)).await;
        assert!(matches!(entry, Err(RecordsError::Unreadable(_))), "{item}: {entry:?}");
    }
}
