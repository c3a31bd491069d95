//! Mandrill, Secrets Manager, the queue and the table as peers that mean harm.

use super::{setup::Setup, templates::FROM_THE_DOCUMENTS};
use crate::common::{
    malicious_peers::Harm,
    malicious_vendor,
    ory::{ann, event},
    setup::side_by_side,
};

#[tokio::test]
async fn a_vendor_that_means_harm_does_none() {
    side_by_side(Harm::ALL, |_, harm| async move {
        let setup = Setup::new().await;
        let outcome = malicious_vendor::outcome_at_a_vendor(harm);
        malicious_vendor::comes_to(setup, "MANDRILL_URL", harm, event(&ann()), outcome).await;
    })
    .await;
}

#[tokio::test]
async fn a_secrets_manager_that_means_harm_lets_nobody_in() {
    side_by_side(Harm::ALL, |_, harm| async move {
        malicious_vendor::of_secrets_manager_lets_nobody_in(
            Setup::new().await,
            harm,
            event(&ann()),
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_queue_that_means_harm_is_passed_by() {
    side_by_side(Harm::ALL, |_, harm| async move {
        let setup = Setup::queued().await.template(FROM_THE_DOCUMENTS);
        malicious_vendor::of_the_queue_is_passed_by(setup, harm, event(&ann())).await;
    })
    .await;
}

#[tokio::test]
async fn without_a_table_that_answers_as_it_should_no_call_is_made() {
    side_by_side(Harm::ALL, |_, harm| async move {
        let setup = Setup::new().await.with_table();
        let table = "AWS_ENDPOINT_URL_DYNAMODB";
        malicious_vendor::comes_to(setup, table, harm, event(&ann()), "try_later").await;
    })
    .await;
}
