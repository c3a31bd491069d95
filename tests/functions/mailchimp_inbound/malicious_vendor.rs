//! Ory's admin API and Segment as peers that mean harm.

use super::{
    forms::form,
    setup::{TELLS, event, setup, with_ory},
};
use crate::common::{malicious_peers::Harm, malicious_vendor, setup::side_by_side};

#[tokio::test]
async fn malicious_ory_causes_no_patch_and_no_segment_call() {
    side_by_side(Harm::ALL, |_, harm| async move {
        let setup = with_ory(setup().await);
        let outcome = malicious_vendor::outcome_at_a_vendor(harm);
        malicious_vendor::comes_to(setup, "ORY_URL", harm, event(form("unsubscribe")), outcome)
            .await;
    })
    .await;
}

#[tokio::test]
async fn malicious_segment_does_no_harm() {
    side_by_side(Harm::ALL, |_, harm| async move {
        let setup = setup().await.template(TELLS);
        let outcome = malicious_vendor::outcome_at_a_vendor(harm);
        malicious_vendor::comes_to(setup, "SEGMENT_URL", harm, event(form("subscribe")), outcome)
            .await;
    })
    .await;
}
