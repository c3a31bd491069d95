//! Ory's admin API and Segment as malicious peers.

use super::{
    forms::form,
    setup::{SENDS_TO_SEGMENT, event, setup, with_ory},
};
use crate::common::{malicious_peers::Attack, malicious_vendor, setup::side_by_side};

#[tokio::test]
async fn malicious_ory_causes_no_patch_and_no_segment_call() {
    side_by_side(Attack::ALL, |_, attack| async move {
        let setup = with_ory(setup().await);
        let outcome = malicious_vendor::outcome_at_a_vendor(attack);
        malicious_vendor::comes_to(setup, "ORY_URL", attack, event(form("unsubscribe")), outcome)
            .await;
    })
    .await;
}

#[tokio::test]
async fn malicious_segment_does_no_harm() {
    side_by_side(Attack::ALL, |_, attack| async move {
        let setup = setup().await.template(SENDS_TO_SEGMENT);
        let outcome = malicious_vendor::outcome_at_a_vendor(attack);
        malicious_vendor::comes_to(setup, "SEGMENT_URL", attack, event(form("subscribe")), outcome)
            .await;
    })
    .await;
}
