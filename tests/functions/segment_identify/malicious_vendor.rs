//! Segment as a peer that means harm.

use super::setup::setup;
use crate::common::{
    malicious_peers::Harm,
    malicious_vendor,
    ory::{ann, event},
    setup::side_by_side,
};

#[tokio::test]
async fn malicious_vendor_does_no_harm() {
    side_by_side(Harm::ALL, |_, harm| async move {
        let outcome = malicious_vendor::outcome_at_a_vendor(harm);
        malicious_vendor::comes_to(setup().await, "SEGMENT_URL", harm, event(&ann()), outcome)
            .await;
    })
    .await;
}
