//! A 404 that does not mean that the identity was deleted.

use fakes::server::FakeReply;
use serde_json::json;

use super::{
    forms::{form, with},
    people::{ANN, ann, known, known_and_queued, with_consent},
    setup::{event, is_skipped},
};
use crate::common::setup::{QUEUE, Vendor};

/// What stands in Ory's place says.
fn foreign() -> [FakeReply; 5] {
    let oathkeeper = "Requested url does not match any rules";
    let error = json!({"code": 404, "status": "Not Found", "message": oathkeeper});
    [
        FakeReply::json(404, &json!({ "error": error })),
        FakeReply::text(404, "text/plain", "404 page not found\n"),
        FakeReply::text(404, "text/html", "<html>no such site</html>"),
        FakeReply::json(404, &json!({"message": "no Route matched with those values"})),
        FakeReply::json(404, &json!({"error": "not_found"})),
    ]
}

#[tokio::test]
async fn ory_url_ending_in_admin_blocks_and_loses_no_event() {
    let setup = known_and_queued().await;
    let url = format!("{}/admin", setup.vendor.ory.url());
    let mut inbound = setup.var("ORY_URL", url).start().await;
    assert_eq!(inbound.call(event(form("unsubscribe"))).await.row(), (200, "accepted"));
    assert_eq!(inbound.work_after(1).await, Some(900));
    let line = &inbound.end().await.deliveries()[0];
    assert_eq!((&line["outcome"], &line["Blocked"]), (&json!("blocked"), &json!(1.0)));
    assert!(line["cause"].as_str().unwrap().contains("ORY_URL"), "{line:#}");
}

#[tokio::test]
async fn foreign_404_blocks_at_every_step() {
    for reply in foreign() {
        // To the look-up by address, the reading in the lane, the patch.
        for before in 0..3 {
            let setup = known_and_queued().await;
            setup.vendor.ory.put_identity(with_consent(ann(), true));
            let mut inbound = setup.start().await;
            inbound.call(event(form("unsubscribe"))).await;
            let ory = &inbound.vendor.ory;
            let ann = ory.identity(ANN).unwrap();
            let honest = [FakeReply::json(200, &json!([ann])), FakeReply::json(200, &ann)];
            honest.into_iter().take(before).for_each(|reply| ory.reply_next(reply));
            ory.reply_next(reply.clone());
            assert_eq!(inbound.work_after(1).await, Some(900), "{reply:?} after {before}");
            assert!(inbound.received().is_empty());
            inbound.sqs.make_visible(QUEUE);
            assert!(inbound.work().await.is_empty(), "nothing counts as applied");
            assert_eq!(inbound.consent(ANN), false, "{reply:?} after {before}");
            inbound.vendor.take_lines();
        }
    }
}

#[tokio::test]
async fn ory_404_means_the_identity_is_deleted() {
    let mut inbound = known().await.start().await;
    let ory = &inbound.vendor.ory;
    ory.reply_next(FakeReply::json(200, &json!([ory.identity(ANN).unwrap()])));
    ory.remove_identity(ANN);
    let answer = inbound.call(event(form("unsubscribe"))).await;
    assert!(is_skipped(&answer, "identity gone"), "{answer:?}");
}

#[tokio::test]
async fn invalid_segment_output_does_not_prevent_the_ory_patch() {
    let too_large = "segment: { userId: ctx.identity.id, traits: { x: std.repeat('x', 40000) } }";
    for (segment, outcome) in [
        (too_large, "blocked"),
        ("segment: 5", "template_fault"),
        ("segment: { userId: ctx.identity.id, integrations: [] }", "template_fault"),
        ("segment: { traits: { x: 1 } }", "template_fault"),
    ] {
        let code = format!(
            "function(ctx) {{
                ory: {{ patch: [
                    {{ op: 'add', path: '/traits/consent/newsletter', value: false }},
                ] }},
                {segment},
            }}"
        );
        let mut inbound = known_and_queued().await.template(&code).start().await;
        let unsubscribe = with(&form("unsubscribe"), "data[merges][BIO]", "x");
        assert_eq!(inbound.call(event(unsubscribe)).await.row(), (200, "accepted"));
        assert_eq!(inbound.work_after(1).await, Some(900), "{segment}");
        assert_eq!(inbound.consent(ANN), false, "{segment}");
        assert!(inbound.received().is_empty());
        let line = &inbound.end().await.deliveries()[0];
        assert_eq!(line["outcome"], outcome, "{line:#}");
    }
}
