//! A leaked webhook key: it is rejected once it is no version of the secret.

use std::time::Duration;

use fakes::WEBHOOK_KEY as LEAKED;
use tokio::time::sleep;

use super::{
    events::{of_mailchimp, of_ory, welcome},
    fleet::Fleet,
};
use crate::{
    common::setup::WEBHOOK_SECRET,
    mailchimp_inbound::setup::{SECRET, SENDS_TO_SEGMENT, setup as mailchimp},
};

const NEXT: &str = "the-next-secret-of-the-caller";
const THIRD: &str = "the-third-secret-of-the-caller";

#[tokio::test]
async fn leaked_key_is_rejected_after_two_rotations_and_no_event_is_lost() {
    for second in [NEXT, THIRD] {
        let mut fleet = Fleet::start(welcome().await).await;
        fleet.takes(|n| of_ory(n, LEAKED)).await;
        fleet.running.secrets.put(WEBHOOK_SECRET, NEXT);
        fleet.takes(|n| of_ory(n, LEAKED)).await;
        fleet.waits().await;
        fleet.takes(|n| of_ory(n, NEXT)).await;
        assert_eq!(fleet.statuses_of(of_ory(1, LEAKED)).await, [202].into(), "it is the previous");

        fleet.running.secrets.put(WEBHOOK_SECRET, second);
        fleet.takes(|n| of_ory(n, NEXT)).await;
        fleet.waits().await;
        fleet.turns_away(of_ory(0, LEAKED)).await;
        fleet.takes(|n| of_ory(n, NEXT)).await;
        fleet.takes(|n| of_ory(n, second)).await;
        fleet.assert_each_was_delivered_once();
    }
}

#[tokio::test]
async fn leaked_mailchimp_secret_is_rejected_after_two_rotations() {
    let mut fleet = Fleet::start(mailchimp().await.template(SENDS_TO_SEGMENT)).await;
    fleet.takes(|n| of_mailchimp(n, SECRET)).await;
    fleet.running.secrets.put(WEBHOOK_SECRET, NEXT);
    fleet.waits().await;
    fleet.takes(|n| of_mailchimp(n, NEXT)).await;
    fleet.running.secrets.put(WEBHOOK_SECRET, NEXT);
    fleet.waits().await;
    fleet.turns_away(of_mailchimp(0, SECRET)).await;
    fleet.takes(|n| of_mailchimp(n, NEXT)).await;
    fleet.assert_each_was_delivered_once();
}

/// Half a rotation takes no sign-up down, so it locks nobody out either.
#[tokio::test]
async fn unusable_secret_version_keeps_the_previous_one_and_is_logged_at_each_fetch() {
    for unfit in ["{}", r#"{"api_key":"off"}"#, r#"{"api_key":"YOUR-NEW-WEBHOOK-KEY"}"#] {
        let mut setup = welcome().await.var("SECRET_TTL_SECONDS", "1");
        setup.secrets.put(WEBHOOK_SECRET, unfit);
        setup = setup.with_queue().with_table();
        let mut running = setup.start().await;
        for n in 1..=5 {
            assert_eq!(running.call(of_ory(n, LEAKED)).await.status, 202, "{unfit}");
        }
        assert_eq!(running.secrets.fetches(), 2, "the caller's and Mandrill's");
        sleep(Duration::from_millis(1_100)).await;
        assert_eq!(running.call(of_ory(6, LEAKED)).await.status, 202, "{unfit}");
        let log = running.end().await;
        assert_eq!(log.count_of("using the previous version"), 2, "once per fetch: {unfit}");
        assert!(!log.contains("off\"") && !log.contains("YOUR-NEW"), "{unfit}");
    }
}

/// Nobody is to be let in until it is clear what happened: an empty secret, put twice.
#[tokio::test]
async fn empty_secret_put_twice_rejects_every_caller_until_a_key_is_put() {
    let mut fleet = Fleet::start(welcome().await).await;
    fleet.takes(|n| of_ory(n, LEAKED)).await;
    fleet.running.secrets.put(WEBHOOK_SECRET, "{}");
    fleet.waits().await;
    assert_eq!(fleet.statuses_of(of_ory(1, LEAKED)).await, [202].into(), "once is not enough");

    fleet.running.secrets.put(WEBHOOK_SECRET, "{}");
    fleet.waits().await;
    for key in [LEAKED, NEXT, ""] {
        assert_eq!(fleet.statuses_of(of_ory(1, key)).await, [503].into(), "{key}");
    }

    fleet.running.secrets.put(WEBHOOK_SECRET, NEXT);
    fleet.waits().await;
    fleet.turns_away(of_ory(0, LEAKED)).await;
    fleet.takes(|n| of_ory(n, NEXT)).await;
    // The first event was told once more, to sandboxes that let it in: a duplicate each.
    assert!(fleet.delivers().await.is_empty());
    fleet.assert_each_was_delivered_once();
}

#[tokio::test]
async fn sandbox_accepts_a_leaked_key_until_it_refreshes_or_ends() {
    let mut looking = welcome().await.with_queue().with_table().start().await;
    let mut ending = looking.sandbox.another().await;
    for secret in [NEXT, NEXT] {
        looking.secrets.put(WEBHOOK_SECRET, secret);
    }
    assert_eq!(looking.call(of_ory(1, LEAKED)).await.status, 202, "for 300 s at most");
    assert_eq!(ending.invoke(of_ory(1, LEAKED)).await.status, 202);

    assert_eq!(looking.call(of_ory(2, NEXT)).await.status, 202, "a key that it does not know");
    assert_eq!(looking.call(of_ory(3, LEAKED)).await.status, 401);
    ending.deploy(|deployment| deployment.var("LOG_LEVEL", "info")).await;
    assert_eq!(ending.invoke(of_ory(3, LEAKED)).await.status, 401);
}
