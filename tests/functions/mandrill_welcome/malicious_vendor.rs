//! Mandrill, Secrets Manager, the queue and the table as peers that mean harm.

use super::{setup::Setup, templates::FROM_THE_DOCUMENTS};
use crate::common::{
    malicious_peers::Harm,
    malicious_vendor,
    ory::{ann, event},
    setup::side_by_side,
};

#[tokio::test]
async fn malicious_vendor_does_no_harm() {
    side_by_side(Harm::ALL, |_, harm| async move {
        let setup = Setup::new().await;
        let outcome = malicious_vendor::outcome_at_a_vendor(harm);
        malicious_vendor::comes_to(setup, "MANDRILL_URL", harm, event(&ann()), outcome).await;
    })
    .await;
}

#[tokio::test]
async fn malicious_secrets_manager_authenticates_no_caller() {
    side_by_side(Harm::ALL, |_, harm| async move {
        malicious_vendor::of_secrets_manager_authenticates_no_caller(
            Setup::new().await,
            harm,
            event(&ann()),
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn malicious_queue_is_bypassed() {
    side_by_side(Harm::ALL, |_, harm| async move {
        let setup = Setup::queued().await.template(FROM_THE_DOCUMENTS);
        malicious_vendor::of_the_queue_is_bypassed(setup, harm, event(&ann())).await;
    })
    .await;
}

#[tokio::test]
async fn malicious_table_prevents_all_calls() {
    side_by_side(Harm::ALL, |_, harm| async move {
        let setup = Setup::new().await.with_table();
        let table = "AWS_ENDPOINT_URL_DYNAMODB";
        malicious_vendor::comes_to(setup, table, harm, event(&ann()), "try_later").await;
    })
    .await;
}
