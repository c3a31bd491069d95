//! Sandboxes that are frozen during a delivery and continue after another one took the message
//! over.

use std::time::{Duration, Instant};

use fakes::{FakeMessage, server::FakeReply};
use serde_json::json;
use tokio::time::sleep;

use super::{mandrill_replies, setup::Welcome, templates::FROM_THE_DOCUMENTS};
use crate::common::{
    ory::{ann, event},
    queue::until_called,
    setup::{QUEUE, Running, TABLE},
};
use crate::mandrill_welcome::setup::Setup;

/// An invocation with two seconds for its calls, and how long it is frozen.
const SHORT: Duration = Duration::from_secs(4);
const FROZEN: Duration = Duration::from_secs(2);

const MINUTE: Duration = Duration::from_mins(1);

/// Checks that the record is completed and one mail was sent.
fn is_one_mail(welcome: &Welcome) {
    assert_eq!(welcome.record()["state"], json!({"S": "delivered"}));
    assert_eq!(welcome.vendor.mails().values().collect::<Vec<_>>(), [&1]);
}

async fn stored(welcome: &mut Welcome) -> Vec<FakeMessage> {
    welcome.store(event(&ann())).await;
    welcome.sqs.receive(QUEUE, 1)
}

#[tokio::test]
async fn sandbox_frozen_during_its_call_leads_to_one_mail() {
    let mut welcome = Welcome::queued().await;
    let mut other = welcome.sandbox.another().await;
    let message = stored(&mut welcome).await;
    let sent = Box::new(mandrill_replies::row("sent", None));
    welcome.vendor.act_and_reply_next(FakeReply::After(Duration::from_millis(200), sent));
    let signals = welcome.sandbox.signals();
    let Running { vendor, dynamo_db, sandbox, .. } = &mut welcome;
    let taken_over = async {
        until_called(vendor).await;
        signals.freeze();
        integration::let_time_pass(dynamo_db, TABLE, MINUTE);
        assert_eq!(other.deliver(&message).await.len(), 1, "a call may have gone out");
        integration::let_time_pass(dynamo_db, TABLE, 2 * MINUTE);
        assert!(other.deliver(&message).await.is_empty(), "it is found");
        signals.thaw();
    };
    let (kept, ()) = tokio::join!(sandbox.deliver(&message), taken_over);
    assert!(kept.is_empty(), "it knows that it is done");
    is_one_mail(&welcome);
}

#[tokio::test]
async fn sandbox_frozen_before_its_call_makes_none_after_losing_the_lease() {
    let setup = Setup::queued().await.template(FROM_THE_DOCUMENTS).var("SECRET_TTL_SECONDS", "1");
    let setup = setup.with(|deployment| deployment.time_limit(SHORT));
    let mut welcome = setup.start().await;
    let mut other = welcome.sandbox.another().await;
    let message = stored(&mut welcome).await;
    // Mandrill's key is looked up after the lease is acquired, and that takes a while.
    sleep(Duration::from_millis(1100)).await;
    welcome.secrets.set_delay(Duration::from_millis(500));
    let signals = welcome.sandbox.signals();
    let Running { secrets, dynamo_db, sandbox, vendor, .. } = &mut welcome;
    let taken_over = async {
        while dynamo_db.items(TABLE).is_empty() {
            sleep(Duration::from_millis(2)).await;
        }
        signals.freeze();
        let frozen = Instant::now();
        secrets.set_delay(Duration::ZERO);
        integration::let_time_pass(dynamo_db, TABLE, 31 * MINUTE);
        assert!(other.deliver(&message).await.is_empty(), "nothing was sent, so it sends");
        assert_eq!(vendor.mails().len(), 1);
        sleep(FROZEN.saturating_sub(frozen.elapsed())).await;
        signals.thaw();
    };
    let (kept, ()) = tokio::join!(sandbox.deliver(&message), taken_over);
    assert_eq!(kept, [message[0].id.clone()]);
    is_one_mail(&welcome);
    welcome.sqs.make_visible(QUEUE);
    assert!(welcome.work().await.is_empty(), "and next time it is a duplicate");
    is_one_mail(&welcome);
}
