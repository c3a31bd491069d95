//! One delivery at a time for each person, in whichever sandbox.

use std::time::{Duration, Instant};

use fakes::{Scripted, server::FakeReply};
use serde_json::json;
use tokio::time::sleep;

use super::{
    setup::{Setup, Subscribe, address, opt_in, opt_in_event},
    world::{OLD, World},
};
use crate::common::{
    ory::event_of,
    queue::until_called,
    setup::{QUEUE, TABLE},
};

/// The lease of an attempt from the queue: the function's minute, and two seconds; the wait behind it
/// is spread.
const UNTIL_THE_LEASE_ENDS: std::ops::RangeInclusive<u32> = 55..=95;

/// The read of the contact takes this long.
fn slow(subscribe: &Subscribe, wait: Duration) {
    let mut is_first = true;
    let member = |path: &str| path.contains("/members/");
    subscribe.vendor.set_faults(move |call| {
        (member(&call.path) && std::mem::take(&mut is_first)).then(|| {
            let not_found = super::mailchimp_replies::problem(404, "Resource Not Found");
            Scripted { reply: FakeReply::After(wait, Box::new(not_found)), acts: false }
        })
    });
}

async fn until_read(subscribe: &fakes::FakeMailchimp) {
    while !until_called(subscribe).await.iter().any(|call| call.path.contains("/members/")) {}
}

#[tokio::test]
async fn second_event_of_a_person_waits_until_the_first_is_delivered() {
    let mut subscribe = Setup::queued().await.start().await;
    let mut other = subscribe.sandbox.another().await;
    let mut login = opt_in(1);
    login["hook"]["flow"] = json!("login");
    login["identity"]["updated_at"] = json!("2026-01-31T12:00:00Z");
    subscribe.store(opt_in_event(1)).await;
    subscribe.store(event_of("00000009-2222-4222-8222-0000000000b1", &login)).await;
    subscribe.store(opt_in_event(2)).await;
    let [first, second, of_another] = subscribe.sqs.receive(QUEUE, 3).try_into().unwrap();
    slow(&subscribe, Duration::from_millis(1500));
    let vendor = &subscribe.vendor;
    let first = [first];
    let (kept, kept_by_other) = tokio::join!(subscribe.sandbox.deliver(&first), async {
        until_read(vendor).await;
        let messages = [second, of_another];
        (other.deliver(&messages[..1]).await, other.deliver(&messages[1..]).await)
    });
    assert!(kept.is_empty());
    assert_eq!(
        (kept_by_other.0.len(), kept_by_other.1.len()),
        (1, 0),
        "only the same person waits"
    );
    let hidden: Vec<_> = subscribe.stored().iter().filter_map(|it| it.visibility).collect();
    assert!(hidden.iter().any(|wait| UNTIL_THE_LEASE_ENDS.contains(wait)), "{hidden:?}");
    let line = &other.end().await.deliveries()[0];
    assert_eq!((&line["outcome"], line.get("calls")), (&json!("try_later"), None));
    subscribe.let_time_pass(Duration::from_secs(65));
    assert!(subscribe.work().await.is_empty());
    assert_eq!(subscribe.status_of(&address(1)), Some("subscribed"));
}

#[tokio::test]
async fn second_event_of_a_person_is_answered_try_later_inline() {
    let mut subscribe = Setup::new().await.with_table().start().await;
    let mut other = subscribe.sandbox.another().await;
    slow(&subscribe, Duration::from_secs(1));
    let vendor = &subscribe.vendor;
    let (first, second) = tokio::join!(subscribe.sandbox.invoke(opt_in_event(1)), async {
        until_read(vendor).await;
        other.invoke(opt_in_event(1)).await
    });
    assert_eq!((first.row(), second.status), ((200, "delivered"), 503));
    assert_eq!(other.invoke(opt_in_event(1)).await.row(), (200, "duplicate"));
}

#[tokio::test]
async fn crash_in_a_lane_delays_the_person_only_until_the_lease_ends() {
    let mut subscribe = Setup::queued().await.start().await;
    subscribe.store(opt_in_event(1)).await;
    let message = subscribe.sqs.receive(QUEUE, 1);
    slow(&subscribe, Duration::from_mins(10));
    let vendor = &subscribe.vendor;
    tokio::select! {
        _ = subscribe.sandbox.deliver(&message) => panic!("Mailchimp does not answer"),
        () = until_read(vendor) => {}
    }
    subscribe.sandbox.crash().await;
    subscribe.sqs.make_visible(QUEUE);
    let hidden = subscribe.work_after(2).await.unwrap();
    assert!(UNTIL_THE_LEASE_ENDS.contains(&hidden), "{hidden} s");
    assert!(subscribe.received().is_empty());
    subscribe.let_time_pass(Duration::from_secs(65));
    assert!(subscribe.work().await.is_empty());
    assert_eq!(subscribe.status_of(&address(1)), Some("subscribed"));
}

/// An invocation that has a second and a half for its calls, and how long its lease lasts.
const SHORT: Duration = Duration::from_millis(3_500);
const LEASE: Duration = Duration::from_millis(5_600);

/// A sandbox is frozen after it has read, and goes on when its lease is over and the person has
/// withdrawn: it writes nothing any more.
#[tokio::test]
async fn sandbox_that_lost_its_lease_writes_nothing() {
    let setup = Setup::new().await.with_table();
    let mut ann = World::of(setup.with(|deployment| deployment.time_limit(SHORT))).await;
    (ann.consent, ann.is_verified) = (json!(true), true);
    let opt_in = ann.event("registration", &json!(null));
    ann.consent = json!(false);
    let withdrawal = ann.event("settings", &json!(true));
    let mut other = ann.function.sandbox.another().await;
    slow(&ann.function, Duration::from_millis(300));
    let signals = ann.function.sandbox.signals();
    let Subscribe { vendor, dynamo_db, sandbox, .. } = &mut ann.function;
    let taken_over = async {
        until_read(vendor).await;
        signals.freeze();
        let frozen = Instant::now();
        integration::let_time_pass(dynamo_db, TABLE, LEASE);
        // Nothing was opted in to, so there is nothing to withdraw.
        assert_eq!(other.invoke(withdrawal).await.status, 204);
        vendor.take_received();
        sleep(LEASE.saturating_sub(frozen.elapsed())).await;
        signals.thaw();
    };
    let (answer, ()) = tokio::join!(sandbox.invoke(opt_in), taken_over);
    assert_eq!(answer.status, 503);
    assert!(vendor.take_received().is_empty());
    assert_eq!(ann.function.status_of(OLD), None);
}
