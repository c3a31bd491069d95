//! The vendor as a malicious peer.

use serde_json::json;

use super::setup::setup;
use crate::common::{
    malicious_peers::Attack,
    malicious_vendor::done_at,
    ory::{ann, event},
    setup::side_by_side,
};

/// A status is all that is needed of an answer, so the end of a long one is not.
#[tokio::test]
async fn malicious_vendor_does_no_harm() {
    side_by_side(Attack::ALL, |_, attack| async move {
        let (reported, running) =
            done_at(setup().await, "RELAY_ORIGIN", attack, event(&ann())).await;
        let (status, outcome) = match attack {
            Attack::HeadByTheSecond | Attack::BodyByTheSecond => (503, "in_doubt"),
            Attack::FiftyMegabytes | Attack::Bomb => (200, "delivered"),
            Attack::ToTheMetadata => (503, "blocked"),
        };
        assert_eq!(reported["status"], json!(status), "{attack:?}");
        assert_eq!(running.end().await.only_line()["outcome"], outcome, "{attack:?}");
    })
    .await;
}
