//! A call in doubt of somebody who was erased since.

use serde_json::json;
use shared::idempotency::MARK_LASTS;

use super::{MINUTE, sent_without_a_word};
use crate::{
    common::ory::ann,
    erased::{are_empty_and_expire, mark, records},
};

/// At an age at which it would be searched for, and at one at which it would be repeated.
#[tokio::test]
async fn call_in_doubt_of_an_erased_person_is_neither_searched_for_nor_repeated() {
    for age in [MINUTE * 3, MINUTE * 31] {
        let mut welcome = sent_without_a_word().await;
        let id = ann()["identity"]["id"].as_str().unwrap().to_owned();
        mark(&welcome.dynamo_db, &id, MARK_LASTS).await;
        welcome.let_time_pass(age);
        assert!(welcome.work().await.is_empty());
        assert!(welcome.received().is_empty(), "{age:?}");
        are_empty_and_expire(&records(&welcome.dynamo_db));
        let line = &welcome.end().await.deliveries()[1];
        assert_eq!((&line["outcome"], &line["cause"]), (&json!("skipped"), &json!("erased")));
    }
}
