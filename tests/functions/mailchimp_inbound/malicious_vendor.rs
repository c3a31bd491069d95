//! Ory's admin API and Segment as peers that mean harm.

use super::{
    forms::form,
    setup::{TELLS, event, setup, with_ory},
};
use crate::common::{malicious_peers::Harm, malicious_vendor, setup::side_by_side};

#[tokio::test]
async fn an_ory_that_means_harm_has_none_done_and_segment_is_not_told() {
    side_by_side(Harm::ALL, |_, harm| async move {
        let setup = with_ory(setup().await);
        let outcome = malicious_vendor::outcome_at_a_vendor(harm);
        malicious_vendor::comes_to(setup, "ORY_URL", harm, event(form("unsubscribe")), outcome)
            .await;
    })
    .await;
}

#[tokio::test]
async fn a_segment_that_means_harm_does_none() {
    side_by_side(Harm::ALL, |_, harm| async move {
        let setup = setup().await.template(TELLS);
        let outcome = malicious_vendor::outcome_at_a_vendor(harm);
        malicious_vendor::comes_to(setup, "SEGMENT_URL", harm, event(form("subscribe")), outcome)
            .await;
    })
    .await;
}
