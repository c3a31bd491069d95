//! A caller's key that strangers know: it is out once it is neither version of the secret.

use ory_actions::world::WEBHOOK_KEY as LEAKED;

use super::{
    events::{of_mailchimp, of_ory, welcome},
    fleet::Fleet,
};
use crate::{
    common::setup::WEBHOOK_SECRET,
    mailchimp_inbound::setup::{SECRET, TELLS, setup as mailchimp},
};

const NEXT: &str = "the-next-secret-of-the-caller";
const THIRD: &str = "the-third-secret-of-the-caller";

#[tokio::test]
async fn a_leaked_key_is_turned_away_once_it_was_rotated_twice_and_no_event_is_lost() {
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
async fn a_leaked_secret_of_mailchimp_s_is_turned_away_too() {
    let mut fleet = Fleet::start(mailchimp().await.template(TELLS)).await;
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

#[tokio::test]
async fn a_sandbox_that_holds_it_lets_it_in_until_it_looks_again_or_ends() {
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
