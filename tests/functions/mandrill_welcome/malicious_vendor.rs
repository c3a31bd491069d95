//! Mandrill, Secrets Manager, the queue and the table as malicious peers.

use super::{setup::Setup, templates::FROM_THE_DOCUMENTS};
use crate::common::{
    malicious_peers::Attack,
    malicious_vendor,
    ory::{ann, event},
    setup::side_by_side,
};

#[tokio::test]
async fn malicious_vendor_does_no_harm() {
    side_by_side(Attack::ALL, |_, attack| async move {
        let setup = Setup::new().await;
        let outcome = malicious_vendor::outcome_at_a_vendor(attack);
        malicious_vendor::comes_to(setup, "MANDRILL_URL", attack, event(&ann()), outcome).await;
    })
    .await;
}

#[tokio::test]
async fn malicious_secrets_manager_authenticates_no_caller() {
    side_by_side(Attack::ALL, |_, attack| async move {
        malicious_vendor::of_secrets_manager_authenticates_no_caller(
            Setup::new().await,
            attack,
            event(&ann()),
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn malicious_queue_is_bypassed() {
    side_by_side(Attack::ALL, |_, attack| async move {
        let setup = Setup::queued().await.template(FROM_THE_DOCUMENTS);
        malicious_vendor::of_the_queue_is_bypassed(setup, attack, event(&ann())).await;
    })
    .await;
}

#[tokio::test]
async fn malicious_table_prevents_all_calls() {
    side_by_side(Attack::ALL, |_, attack| async move {
        let setup = Setup::new().await.with_table();
        let table = "AWS_ENDPOINT_URL_DYNAMODB";
        malicious_vendor::comes_to(setup, table, attack, event(&ann()), "try_later").await;
    })
    .await;
}
