//! Ory's admin API, Segment, Secrets Manager, the queue and the table as malicious peers.

use serde_json::json;

use super::{
    events::event,
    setup::{known, setup, signed},
};
use crate::common::{
    malicious_peers::{Attack, Peer},
    malicious_vendor,
    setup::side_by_side,
};

fn bounce() -> integration::Event {
    signed(&json!([event("hard_bounce", 0)]))
}

#[tokio::test]
async fn malicious_secrets_manager_authenticates_no_caller() {
    side_by_side(Attack::ALL, |_, attack| async move {
        let setup = setup().await;
        malicious_vendor::of_secrets_manager_authenticates_no_caller(setup, attack, bounce()).await;
    })
    .await;
}

/// What cannot be stored is told to Mandrill, which tries again.
#[tokio::test]
async fn malicious_queue_makes_mandrill_try_again() {
    side_by_side(Attack::ALL, |_, attack| async move {
        let setup = setup().await;
        let variable = "AWS_ENDPOINT_URL_SQS";
        let (reported, running) =
            malicious_vendor::done_at(setup, variable, attack, bounce()).await;
        assert_eq!(reported["status"], 503, "{attack:?}");
        assert!(running.received().is_empty(), "{attack:?}");
    })
    .await;
}

#[tokio::test]
async fn malicious_ory_or_segment_or_table_keeps_the_event_and_patches_nothing() {
    let variables = ["ORY_URL", "SEGMENT_URL", "AWS_ENDPOINT_URL_DYNAMODB"];
    let cases = variables.into_iter().flat_map(|one| Attack::ALL.map(|attack| (one, attack)));
    side_by_side(cases, |_, (variable, attack)| async move {
        let peer = Peer::start(attack).await;
        let setup = known().await.var("VENDOR_TIMEOUT_MS", "1000").var(variable, peer.url());
        let mut inbound = setup.start().await;
        inbound.is_told(&[event("hard_bounce", 0)]).await;
        assert_eq!(inbound.work().await.len(), 1, "{variable}, {attack:?}");
        assert!(peer.requests() > 0, "{variable}, {attack:?}");
        let patches = inbound.vendor.ory.take_patches();
        assert_eq!(patches.len(), usize::from(variable == "SEGMENT_URL"), "{attack:?}");
        assert!(inbound.received().is_empty(), "{variable}, {attack:?}");
        assert_eq!(inbound.sandbox.starts(), 1);
    })
    .await;
}
