//! Patches of identities that a custom template may make.

use std::time::Duration;

use fakes::server::FakeReply;
use serde_json::json;

use super::{
    forms::{at, form},
    people::{ANN, ann, find_ann, known, known_and_queued, with_consent},
    setup::{error, event, is_skipped},
};
use crate::common::{event_log::metrics, setup::Vendor, startup_config};

/// A template that gives this as `ory`, and tells Segment.
fn giving(ory: &str) -> String {
    format!("function(ctx) {{ ory: {ory}, segment: {{ userId: 'ann' }} }}")
}

/// The same with one operation.
fn patching(operation: &str) -> String {
    giving(&format!("{{ patch: [{operation}] }}"))
}

fn adding(path: &str) -> String {
    patching(&format!("{{ op: 'add', path: '{path}', value: 'x' }}"))
}

fn faults() -> Vec<String> {
    let outside = [
        "/traits/email",
        "/traits/consent",
        "/traits/consent/newsletters",
        "/traits",
        "/metadata_public",
        "/metadata_public/mailchimp_x",
        "/metadata_public/mailchimp~1x",
        "/metadata_public/Mailchimp/x",
        "/metadata_public//mailchimp",
        "/metadata_admin/mailchimp",
        "/credentials/password",
        "/state",
        "/id",
        "/",
        "",
        "traits/consent/newsletter",
        "/metadata_public/mailchimp/x~2",
        "/metadata_public/mailchimp/x~",
    ];
    let operations = [
        "{ op: 'test', path: '/traits/consent/newsletter', value: true }",
        "{ op: 'move', from: '/traits/email', path: '/metadata_public/mailchimp/x' }",
        "{ op: 'copy', from: '/traits/email', path: '/metadata_public/mailchimp/x' }",
        "{ op: 'remove', path: '/traits/email' }",
        "{ op: 'replace', path: '/traits/email', value: 'eve@example.com' }",
        "{ op: 'add', path: '/traits/consent/newsletter' }",
        "{ op: 'add', path: '/traits/consent/newsletter', value: true, from: '/id' }",
        "{ op: 'ADD', path: '/traits/consent/newsletter', value: true }",
        "null",
        "{ op: 'add', path: '/traits/consent/newsletter', value: true },
         { op: 'add', path: '/traits/email', value: 'eve@example.com' }",
    ];
    let results = ["{ put: [] }", "{ patch: [], id: 'x' }", "[]", "'x'", "{ patch: {} }"];
    let outside = outside.into_iter().map(adding);
    outside.chain(operations.map(patching)).chain(results.map(giving)).collect()
}

#[tokio::test]
async fn invalid_patch_is_a_template_fault_and_makes_no_call() {
    for code in faults() {
        let mut inbound = known().await.template(&code).start().await;
        let answer = inbound.call(event(form("subscribe"))).await;
        assert_eq!((answer.status, answer.body), (500, error("template_fault")), "{code}");
        assert!(inbound.is_at_rest(), "{code}");
        assert_eq!(inbound.identity(ANN), ann(), "{code}");
        let log = inbound.end().await;
        let line = log.only_line();
        assert_eq!(metrics(&line), ["Received", "TemplateFault"].into(), "{line:#}");
        assert!(line["cause"].as_str().unwrap().contains("TEMPLATE"), "{line:#}");
        assert!(!log.contains("eve@example.com"), "{code}");
    }
}

#[tokio::test]
async fn queued_event_is_blocked_until_the_template_is_fixed() {
    let code = adding("/metadata_public/mailchimp_x");
    let mut inbound = known_and_queued().await.template(&code).start().await;
    assert_eq!(inbound.call(event(form("subscribe"))).await.row(), (200, "accepted"));
    assert_eq!(inbound.work_after(1).await, Some(900));
    assert!(inbound.is_at_rest());
    let fixed = adding("/metadata_public/mailchimp/x");
    inbound.sandbox.deploy(|deployment| deployment.template("TEMPLATE", &fixed)).await;
    inbound.let_time_pass(Duration::from_mins(15));
    assert!(inbound.work().await.is_empty());
    assert_eq!(inbound.identity(ANN)["metadata_public"], json!({"mailchimp": {"x": "x"}}));
    inbound.received_once();
}

#[tokio::test]
async fn patch_at_or_below_an_allowed_path_is_applied() {
    let table = [
        ("/metadata_public/mailchimp", json!({"mailchimp": "x"})),
        ("/metadata_public/mailchimp/deep/er", json!({"mailchimp": {"deep": {"er": "x"}}})),
        ("/metadata_public/mailchimp/a~1b~0c", json!({"mailchimp": {"a/b~c": "x"}})),
    ];
    for (path, metadata) in table {
        let mut inbound = known().await.template(&adding(path)).start().await;
        assert_eq!(inbound.call(event(form("subscribe"))).await.row(), (200, "delivered"));
        assert_eq!(inbound.identity(ANN)["metadata_public"], metadata, "{path}");
    }
}

#[tokio::test]
async fn only_patch_operations_with_effect_are_sent_in_order() {
    let code = giving(
        "{ patch: [
            { op: 'add', path: '/traits/consent/newsletter', value: true },
            { op: 'remove', path: '/metadata_public/mailchimp/none' },
            { op: 'replace', path: '/metadata_public/mailchimp/a', value: 1 },
            { op: 'add', path: '/metadata_public/mailchimp/b', value: 2 },
            { op: 'remove', path: '/metadata_public/mailchimp/a' },
        ] }",
    );
    let setup = known().await.template(&code);
    setup.vendor.ory.put_identity(with_consent(ann(), true));
    let mut inbound = setup.start().await;
    let answer = inbound.call(event(form("subscribe"))).await;
    assert_eq!(answer.body["vendor"]["ory"], json!({"operations": 3}));
    let [patch] = inbound.vendor.ory.take_patches().try_into().unwrap();
    let expected = json!([
        {"op": "replace", "path": "/metadata_public/mailchimp/a", "value": 1},
        {"op": "add", "path": "/metadata_public/mailchimp/b", "value": 2},
        {"op": "remove", "path": "/metadata_public/mailchimp/a"},
    ]);
    assert_eq!(patch.body, expected);
    assert_eq!(inbound.identity(ANN)["metadata_public"], json!({"mailchimp": {"b": 2}}));
}

#[tokio::test]
async fn unchanged_patch_without_segment_output_is_skipped() {
    let code = "function(ctx) { ory: { patch: [
        { op: 'remove', path: '/traits/consent/newsletter' },
    ] } }";
    let mut inbound = known().await.template(code).start().await;
    assert!(is_skipped(&inbound.call(event(form("subscribe"))).await, "nothing to do"));
    assert!(inbound.is_at_rest());
    let line = inbound.end().await.only_line();
    assert_eq!(
        (&line["identity_id"], metrics(&line)),
        (&json!(ANN), ["Received", "Skipped"].into())
    );
}

#[tokio::test]
async fn in_doubt_removal_is_searched_for_on_the_next_attempt() {
    let code = patching("{ op: 'remove', path: '/traits/consent/newsletter' }");
    let setup = known_and_queued().await.template(&code);
    setup.vendor.ory.put_identity(with_consent(ann(), true));
    let mut inbound = setup.start().await;
    inbound.call(event(form("unsubscribe"))).await;
    find_ann(&inbound.vendor.ory);
    inbound.vendor.ory.act_and_reply_next(FakeReply::HangUp);
    assert!(inbound.work_after(1).await.is_some_and(|wait| wait <= 2));
    inbound.vendor.ory.take_patches();
    inbound.let_time_pass(Duration::from_secs(2));
    assert!(inbound.work().await.is_empty());
    assert_eq!(inbound.vendor.take_lines(), ["Segment: identify ann"]);
    assert_eq!(inbound.identity(ANN)["traits"]["consent"], json!({}));
}

#[tokio::test]
async fn configured_patch_paths_replace_the_defaults() {
    let paths = "/traits/name , /metadata_admin/mailchimp";
    let code = giving(
        "{ patch: [
            { op: 'add', path: '/traits/name/first', value: ctx.event.data.merges.FNAME },
            { op: 'add', path: '/metadata_admin/mailchimp/id', value: ctx.event.data.id },
        ] }",
    );
    let setup = known().await.template(&code).var("ORY_PATCH_PATHS", paths);
    let mut inbound = setup.start().await;
    assert_eq!(inbound.call(event(form("profile"))).await.row(), (200, "delivered"));
    assert_eq!(inbound.identity(ANN)["traits"]["name"], json!({"first": "Ann"}));
    assert_eq!(inbound.identity(ANN)["metadata_admin"], json!({"mailchimp": {"id": "8a25ff1d98"}}));
    // The shipped template patches elsewhere.
    inbound.sandbox.deploy(|deployment| deployment.without("TEMPLATE")).await;
    assert_eq!(inbound.call(event(at(&form("subscribe"), 1))).await.status, 500);
}

#[tokio::test]
async fn invalid_or_too_broad_patch_paths_stop_startup() {
    let table = [
        ("ORY_PATCH_PATHS", "/hunter2"),
        ("ORY_PATCH_PATHS", "/traits/consent/newsletter,/hunter2"),
        ("ORY_PATCH_PATHS", "hunter2/x"),
        ("ORY_PATCH_PATHS", "/hunter2/"),
        ("ORY_PATCH_PATHS", "/hunter2//x"),
        ("ORY_PATCH_PATHS", "/traits/hunter2,"),
        ("ORY_PATCH_PATHS", "/traits/hunter2~"),
        ("ORY_PATCH_PATHS", "hunter2"),
    ];
    startup_config::fails_with(known, &table).await;
}

#[tokio::test]
async fn ory_url_without_https_or_loopback_stops_startup() {
    let table = [
        ("ORY_URL", "http://hunter2.example.com"),
        ("ORY_URL", "http://127.0.0.1.hunter2.example.com"),
        ("ORY_URL", "https://hunter2:hunter2@example.com"),
        ("ORY_URL", "ftp://hunter2.example.com"),
        ("ORY_URL", "hunter2"),
    ];
    startup_config::fails_with(known, &table).await;
}
