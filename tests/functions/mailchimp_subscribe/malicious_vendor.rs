//! Mailchimp, Secrets Manager, the queue and the table as malicious peers.

use super::setup::{Setup, opting_in, queued_and_opting_in};
use crate::common::{
    malicious_peers::Attack,
    malicious_vendor,
    ory::{ann, event},
    setup::side_by_side,
};

/// It is read before anything is written, so that nothing is in doubt.
#[tokio::test]
async fn malicious_vendor_does_no_harm() {
    side_by_side(Attack::ALL, |_, attack| async move {
        let outcome = match attack {
            Attack::ToTheMetadata => "blocked",
            _ => "try_later",
        };
        let setup = opting_in().await;
        malicious_vendor::comes_to(setup, "MAILCHIMP_URL", attack, event(&ann()), outcome).await;
    })
    .await;
}

#[tokio::test]
async fn malicious_secrets_manager_authenticates_no_caller() {
    side_by_side(Attack::ALL, |_, attack| async move {
        let setup = Setup::new().await;
        malicious_vendor::of_secrets_manager_authenticates_no_caller(setup, attack, event(&ann()))
            .await;
    })
    .await;
}

#[tokio::test]
async fn malicious_queue_is_bypassed() {
    side_by_side(Attack::ALL, |_, attack| async move {
        let setup = queued_and_opting_in().await;
        malicious_vendor::of_the_queue_is_bypassed(setup, attack, event(&ann())).await;
    })
    .await;
}

#[tokio::test]
async fn malicious_table_prevents_all_calls() {
    side_by_side(Attack::ALL, |_, attack| async move {
        let setup = opting_in().await.with_table();
        let table = "AWS_ENDPOINT_URL_DYNAMODB";
        malicious_vendor::comes_to(setup, table, attack, event(&ann()), "try_later").await;
    })
    .await;
}
