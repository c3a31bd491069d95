//! Segment as a malicious peer.

use super::setup::setup;
use crate::common::{
    malicious_peers::Attack,
    malicious_vendor,
    ory::{ann, event},
    setup::side_by_side,
};

#[tokio::test]
async fn malicious_vendor_does_no_harm() {
    side_by_side(Attack::ALL, |_, attack| async move {
        let outcome = malicious_vendor::outcome_at_a_vendor(attack);
        malicious_vendor::comes_to(setup().await, "SEGMENT_URL", attack, event(&ann()), outcome)
            .await;
    })
    .await;
}
