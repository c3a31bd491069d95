//! Mailchimp's events, which may be about several people, or name somebody whom Ory no longer knows.

use serde_json::json;
use shared::idempotency::MARK_LASTS;

use super::{are_empty_and_expire, mark, records};
use crate::{
    common::{event_log::metrics, setup::Vendor},
    mailchimp_inbound::{
        forms::{form, with},
        people::{ANN, BEN, known_and_queued, with_consent},
        setup::{SENDS_TO_SEGMENT, event, setup},
    },
};

/// A withdrawal of Ann's address that names Ben.
fn withdrawal_of_both() -> String {
    with(&form("unsubscribe"), "data[merges][ORY_ID]", BEN)
}

#[tokio::test]
async fn event_about_two_people_is_done_for_the_one_who_was_not_erased() {
    for (erased, other) in [(ANN, BEN), (BEN, ANN)] {
        let mut inbound = known_and_queued().await.start().await;
        for person in [ANN, BEN] {
            let consenting = with_consent(inbound.identity(person), true);
            inbound.vendor.ory.put_identity(consenting);
        }
        mark(&inbound.dynamo_db, erased, MARK_LASTS).await;
        inbound.call(event(withdrawal_of_both())).await;
        assert!(inbound.work().await.is_empty());
        assert_eq!((inbound.consent(erased), inbound.consent(other)), (json!(true), json!(false)));
        let told = [
            format!("Ory: patch {other} /traits/consent/newsletter"),
            format!("Segment: identify {other}"),
        ];
        assert_eq!(inbound.vendor.take_lines(), told);
        let line = &inbound.end().await.deliveries()[0];
        assert_eq!(line["outcome"], "delivered");
    }
}

/// A template of one's own may tell Segment of people without an identity.
#[tokio::test]
async fn erased_identity_that_ory_no_longer_has_is_known_by_the_merge_field() {
    let queued = setup().await.with_queue().with_table().template(SENDS_TO_SEGMENT);
    let mut inbound = queued.start().await;
    mark(&inbound.dynamo_db, ANN, MARK_LASTS).await;
    inbound.call(event(with(&form("subscribe"), "data[merges][ORY_ID]", ANN))).await;
    assert!(inbound.work().await.is_empty());
    assert!(inbound.received().is_empty());
    are_empty_and_expire(&records(&inbound.dynamo_db));
    inbound.call(event(with(&form("subscribe"), "data[merges][ORY_ID]", BEN))).await;
    assert!(inbound.work().await.is_empty());
    inbound.received_once();
    let deliveries = inbound.end().await.deliveries();
    assert_eq!(deliveries[0]["cause"], "erased");
    assert_eq!(metrics(&deliveries[0]), ["Skipped"].into());
}
