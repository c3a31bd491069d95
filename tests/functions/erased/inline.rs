//! Without a queue, the caller hears of it.

use fakes::WEBHOOK_KEY;
use shared::idempotency::MARK_LASTS;

use super::{OF_MAILCHIMP, identity, inbound, mark};
use crate::{
    mailchimp_inbound::setup::is_skipped,
    rotation::events::{of_ory, opt_in_of, subscribe, welcome},
};

#[tokio::test]
async fn caller_is_told_that_an_erased_persons_event_is_skipped() {
    let mut welcome = welcome().await.with_table().start().await;
    mark(&welcome.dynamo_db, &identity(1), MARK_LASTS).await;
    assert_eq!(welcome.call(of_ory(1, WEBHOOK_KEY)).await.status, 204);
    assert!(welcome.received().is_empty());
    let mut subscribe = subscribe().await.with_table().start().await;
    mark(&subscribe.dynamo_db, &identity(1), MARK_LASTS).await;
    assert_eq!(subscribe.call(opt_in_of(1, WEBHOOK_KEY)).await.status, 204);
    assert!(subscribe.received().is_empty());
    let mut inbound = inbound().await.with_table().start().await;
    mark(&inbound.dynamo_db, &identity(1), MARK_LASTS).await;
    let answer = inbound.call(OF_MAILCHIMP(1)).await;
    assert!(is_skipped(&answer, "erased"), "{answer:?}");
}
