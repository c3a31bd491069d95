//! People who were erased: no event of theirs, still on its way, makes anything anew.

mod inbound;
mod inline;

use std::time::Duration;

use fakes::{FakeDynamoDb, WEBHOOK_KEY, ory::person};
use integration::Event;
use serde_json::{Value, json};
use shared::{
    aws::Aws,
    http::Client,
    idempotency::{DynamoDbStore, IdempotencyStore, MARK_LASTS, erased_mark},
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    common::{
        event_log::metrics,
        setup::{Running, Setup, TABLE, Vendor},
    },
    mailchimp_inbound::setup::{SECRET, Vendors, setup as mailchimp, with_ory},
    mandrill_inbound::{
        events::{event, of_person},
        setup::{setup as mandrill, signed},
    },
    rotation::events::{of_mailchimp, of_ory, opt_in_of, subscribe, welcome},
};

/// The identity of the `n`-th person.
fn identity(n: usize) -> String {
    format!("{n:08}-1111-4111-8111-0000000000a1")
}

/// Marks somebody as erased, as `ory-actions forget` does, until this long from now.
pub(crate) async fn mark(table: &FakeDynamoDb, identity: &str, lasts: Duration) {
    let aws = Aws::at(&table.url(), &Client::new().unwrap());
    let mark = erased_mark(Uuid::try_parse(identity).unwrap());
    let until = OffsetDateTime::now_utc() + lasts;
    DynamoDbStore::new(&aws, TABLE).mark(&mark, until).await.unwrap();
}

/// The records that are no marks.
pub(crate) fn records(table: &FakeDynamoDb) -> Vec<Value> {
    let is_record = |item: &Value| !item["id"]["S"].as_str().unwrap().starts_with("erased#");
    table.items(TABLE).into_iter().filter(is_record).collect()
}

/// Checks that the records are free and expire, and say nothing.
pub(crate) fn are_empty_and_expire(records: &[Value]) {
    for record in records {
        assert_eq!(record["lease_until"], json!({"N": "0"}), "{record:#}");
        assert!(record.get("expires_at").is_some(), "{record:#}");
        for silent in ["written", "vendor_id", "in_doubt_since", "recipient_digest"] {
            assert_eq!(record.get(silent), None, "{record:#}");
        }
    }
}

/// With Ory and Segment, which both are told.
async fn inbound() -> Setup<Vendors> {
    known(mailchimp().await)
}

/// Ory has not deleted anybody yet.
fn known(setup: Setup<Vendors>) -> Setup<Vendors> {
    let setup = with_ory(setup);
    for n in 1..=2 {
        setup.vendor.ory.put_identity(person(&identity(n), &format!("person-{n}@example.com")));
    }
    setup
}

/// The event of the `n`-th person.
type EventOf = fn(usize) -> Event;

const OF_ORY: EventOf = |n| of_ory(n, WEBHOOK_KEY);
const OPT_IN: EventOf = |n| opt_in_of(n, WEBHOOK_KEY);
const OF_MAILCHIMP: EventOf = |n| of_mailchimp(n, SECRET);
const OF_MANDRILL: EventOf = |n| {
    let address = format!("person-{n}@example.com");
    signed(&json!([of_person(&identity(n), &address, event("delivered", 0))]))
};

/// A function with a queue and a table, and what it has told its vendors.
struct Case<V> {
    running: Running<V>,
    event: EventOf,
}

impl<V: Vendor> Case<V> {
    async fn start(setup: Setup<V>, event: EventOf) -> Self {
        Self { running: setup.with_queue().with_table().start().await, event }
    }

    /// Stores the event of the `n`-th person, and delivers it. Returns how many messages stay.
    async fn play(&mut self, n: usize) -> usize {
        let status = self.running.call((self.event)(n)).await.status;
        assert!([200, 202].contains(&status), "{status}");
        self.running.work().await.len()
    }

    fn told(&self) -> Vec<String> {
        self.running.vendor.take_lines()
    }
}

async fn is_dropped<V: Vendor>(setup: Setup<V>, event: EventOf) {
    let mut case = Case::start(setup, event).await;
    mark(&case.running.dynamo_db, &identity(1), MARK_LASTS).await;
    assert_eq!(case.play(1).await, 0, "the message is deleted");
    assert_eq!(case.told(), [] as [&str; 0]);
    let records = records(&case.running.dynamo_db);
    assert_eq!(records.len(), 1, "the record or the lane");
    are_empty_and_expire(&records);
    let line = &case.running.end().await.deliveries()[0];
    assert_eq!((&line["outcome"], &line["cause"]), (&json!("skipped"), &json!("erased")));
    assert_eq!(line["identity_id"], identity(1));
    assert_eq!(metrics(line), ["Skipped"].into());
}

#[tokio::test]
async fn event_of_an_erased_person_is_dropped_without_a_call() {
    is_dropped(welcome().await, OF_ORY).await;
    is_dropped(inbound().await, OF_MAILCHIMP).await;
    is_dropped(known(mandrill().await), OF_MANDRILL).await;
    is_dropped(subscribe().await, OPT_IN).await;
}

/// Another person's mark is none, nor one that has ended: Ann may have come back.
async fn is_delivered<V: Vendor>(setup: Setup<V>, event: EventOf) {
    let mut case = Case::start(setup, event).await;
    mark(&case.running.dynamo_db, &identity(1), MARK_LASTS).await;
    assert_eq!(case.play(2).await, 0);
    assert!(!case.told().is_empty(), "the other person");
    assert_eq!(case.play(1).await, 0);
    assert!(case.told().is_empty());
    mark(&case.running.dynamo_db, &identity(1), Duration::ZERO).await;
    assert_eq!(case.play(1).await, 0);
    assert!(!case.told().is_empty(), "the mark has ended");
}

#[tokio::test]
async fn event_of_another_person_or_after_the_mark_is_delivered() {
    is_delivered(welcome().await, OF_ORY).await;
    is_delivered(inbound().await, OF_MAILCHIMP).await;
    is_delivered(known(mandrill().await), OF_MANDRILL).await;
    is_delivered(subscribe().await, OPT_IN).await;
}

async fn stays<V: Vendor>(setup: Setup<V>, event: EventOf) {
    let mut case = Case::start(setup, event).await;
    case.running.dynamo_db.forbid("GetItem");
    assert_eq!(case.play(1).await, 1);
    assert!(case.told().is_empty());
    case.running.dynamo_db.allow("GetItem");
    case.running.let_time_pass(Duration::from_mins(1));
    assert!(case.running.work().await.is_empty());
    assert!(!case.told().is_empty(), "the lease was given back");
    let line = &case.running.end().await.deliveries()[0];
    let expected = "cannot reach the idempotency store";
    assert_eq!((&line["outcome"], &line["cause"]), (&json!("try_later"), &json!(expected)));
    assert_eq!(metrics(line), ["Retried"].into());
}

#[tokio::test]
async fn event_stays_without_a_call_while_the_mark_cannot_be_read() {
    stays(welcome().await, OF_ORY).await;
    stays(inbound().await, OF_MAILCHIMP).await;
    stays(known(mandrill().await), OF_MANDRILL).await;
    stays(subscribe().await, OPT_IN).await;
}
