//! `REPLY_TEMPLATE`: answers that change the identity or stop the flow.

use fakes::server::FakeReply;
use integration::Answer;
use serde_json::{Value, json};

use super::{
    mandrill_replies,
    setup::{Setup, Welcome},
};
use crate::common::{
    ory::{FIRST, ann, ann_before_save, ben, event, phone_only},
    vendor_replies,
};

const NULL: &str = "function(ctx, outcome) null";

/// Tells its second argument in the text of a message.
pub(super) const REPORTS_OUTCOME: &str = "
function(ctx, outcome) { messages: [{ instance_ptr: '#/', messages: [
  { id: 1, type: 'info', text: std.manifestJsonMinified(outcome) },
] }] }
";

async fn start(code: &str) -> Welcome {
    Setup::new().await.reply_template(code).start().await
}

/// The outcome that the reply template was given.
pub(super) fn reported_outcome(answer: &Answer) -> Value {
    assert_eq!(answer.status, 400);
    let text = &answer.body["messages"][0]["messages"][0]["text"];
    serde_json::from_str(text.as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn null_reply_has_no_effect_and_the_mail_is_sent() {
    let mut welcome = start(NULL).await;
    assert_eq!(welcome.call(event(&ann())).await.status, 204);
    assert_eq!(welcome.received().len(), 1);
    assert_eq!(welcome.call(event(&ann_before_save())).await.status, 204);
    assert!(welcome.received().is_empty());
}

#[tokio::test]
async fn reply_identity_is_merged_over_ctx() {
    let code = "function(ctx, outcome) { identity: {
        traits: { name: { last: 'Low' } },
        metadata_public: { welcomed: outcome.status },
        metadata_admin_replace: { mail: std.get(outcome, 'vendor', {}) },
    } }";
    let mut welcome = start(code).await;
    let traits = json!({"email": "ann@example.com", "name": {"first": "ann", "last": "Low"}});
    let table = [
        (ann_before_save(), "skipped", json!({})),
        (ann(), "delivered", json!({"status": "sent", "message_id": format!("{:032x}", 1)})),
    ];
    for (ctx, status, mail) in table {
        let answer = welcome.call(event(&ctx)).await;
        assert_eq!(answer.status, 200);
        let identity = json!({
            "traits": traits,
            "metadata_public": {"plan": "free", "welcomed": status},
            "metadata_admin": {"mail": mail},
        });
        assert_eq!(answer.body, json!({ "identity": identity }));
    }
}

#[tokio::test]
async fn reply_messages_stop_the_flow() {
    let code = "function(ctx, outcome) { messages: [{
        instance_ptr: '#/traits/email',
        messages: [{ id: 4711, type: 'error', text: 'Not this one.' }],
    }] }";
    let mut welcome = start(code).await;
    let answer = welcome.call(event(&ann_before_save())).await;
    let message = json!({"id": 4711, "type": "error", "text": "Not this one.", "context": {}});
    let messages = json!([{"instance_ptr": "#/traits/email", "messages": [message]}]);
    assert_eq!((answer.status, answer.body), (400, json!({ "messages": messages })));
}

#[tokio::test]
async fn reply_template_gets_the_outcome() {
    let mut welcome = start(REPORTS_OUTCOME).await;
    let vendor = json!({"status": "sent", "message_id": format!("{:032x}", 1)});
    let delivered = json!({"status": "delivered", "id": FIRST, "vendor": vendor});
    assert_eq!(reported_outcome(&welcome.call(event(&ann())).await), delivered);
    let duplicate = json!({"status": "duplicate", "id": FIRST});
    assert_eq!(reported_outcome(&welcome.call(event(&ann())).await), duplicate);
    welcome.vendor.reply_next(mandrill_replies::row("rejected", Some("spam")));
    let rejected = json!({"status": "rejected", "id": FIRST, "reason": "spam"});
    assert_eq!(reported_outcome(&welcome.call(event(&ben())).await), rejected);
    for (ctx, reason) in [(ann_before_save(), "before_save"), (phone_only(), "cancelled")] {
        let skipped = json!({"status": "skipped", "reason": reason});
        assert_eq!(reported_outcome(&welcome.call(event(&ctx)).await), skipped);
    }
}

#[tokio::test]
async fn reply_template_is_not_rendered_for_failed_deliveries() {
    let mut welcome = start(REPORTS_OUTCOME).await;
    for reply in [
        vendor_replies::with_header(429, "retry-after", "600"),
        mandrill_replies::error(402, "PaymentRequired"),
        FakeReply::HangUp,
    ] {
        welcome.vendor.reply_next(reply);
        assert_eq!(welcome.call(event(&ann())).await.message(), ("#/", 8_100_503));
    }
    let setup = Setup::new().await.template("function(ctx) ctx.missing");
    let mut faulty = setup.reply_template(REPORTS_OUTCOME).start().await;
    assert_eq!(faulty.call(event(&ann())).await.message(), ("#/", 8_100_422));
}

/// Results of a reply template, each with the rule that it breaks.
const BROKEN: [(&str, &str); 15] = [
    ("'a text'", "reply-shape"),
    ("{}", "reply-shape"),
    ("{ identity: {}, messages: [] }", "reply-shape"),
    ("{ identity: { credentials: {} } }", "identity-field"),
    ("{ identity: { metadata_admin: {} } }", "identity-field"),
    ("{ identity: { traits: { email: null } } }", "no-null"),
    ("{ identity: { traits: { name: 'Ann' } } }", "no-key-lost"),
    ("{ identity: { recovery_addresses: [{ value: 'eve@example.com' }] } }", "address-in-traits"),
    ("{ identity: { traits: { n: ctx.identity.metadata_public.number } } }", "no-rounded-number"),
    ("{ identity: { metadata_public: { n: [{ n: 9007199254740993 }] } } }", "no-rounded-number"),
    ("{ identity: { metadata_admin_replace: { n: -1e20 } } }", "no-rounded-number"),
    ("{ messages: [] }", "messages-not-empty"),
    ("at('#/', { id: '1', type: 'error', text: 'no' })", "message-id"),
    ("at('#/', { id: 1, type: 'validation', text: 'no' })", "message-type"),
    ("at('#/traits/phone', { id: 1, type: 'error', text: 'no' })", "instance-ptr"),
];

/// A message that stands at `pointer`.
const AT: &str = "
local at(pointer, message) = { messages: [{ instance_ptr: pointer, messages: [message] }] };
";

#[tokio::test]
async fn invalid_reply_before_save_is_a_template_fault_and_ignored_after_save() {
    for (result, rule) in BROKEN {
        let mut welcome = start(&format!("{AT} function(ctx, outcome) {result}")).await;
        let with_a_number = |mut ctx: Value| {
            ctx["identity"]["metadata_public"]["number"] = json!(9_007_199_254_740_993_u64);
            ctx
        };
        let before = welcome.call(event(&with_a_number(ann_before_save()))).await;
        assert_eq!((before.status, before.message()), (422, ("#/", 8_100_422)), "{result}");
        let after = welcome.call(event(&with_a_number(ann()))).await;
        assert_eq!(after.row(), (200, "delivered"), "{result}");
        for line in welcome.end().await.event_log() {
            assert_eq!(line["TemplateFault"], 1.0, "{line:#}");
            let cause = line["cause"].as_str().unwrap();
            assert!(cause.contains("REPLY_TEMPLATE") && cause.contains(rule), "{cause}");
        }
    }
}

/// Nobody's template touches it, and Jsonnet could not have made it.
#[tokio::test]
async fn large_number_of_the_identity_is_preserved() {
    let mut welcome = start("function(ctx, outcome) { identity: { traits: { a: 1 } } }").await;
    let mut ctx = ann_before_save();
    ctx["identity"]["traits"]["number"] = json!(9_007_199_254_740_993_u64);
    let answer = welcome.call(event(&ctx)).await;
    assert_eq!(answer.body["identity"]["traits"]["number"], json!(9_007_199_254_740_993_u64));
    // This one may be that one, rounded by the template that forwarded it.
    ctx["identity"]["traits"]["number"] = json!(9_007_199_254_740_992_u64);
    assert_eq!(welcome.call(event(&ctx)).await.message(), ("#/", 8_100_422));
}

#[tokio::test]
async fn identity_is_not_changed_in_flows_that_do_not_save_it() {
    let mut welcome = start("function(ctx, outcome) { identity: { traits: { a: 1 } } }").await;
    let mut verified = ann();
    verified["hook"]["flow"] = json!("verification");
    assert_eq!(welcome.call(event(&verified)).await.row(), (200, "delivered"));
    let mut unnamed = ben();
    unnamed["hook"] = json!(null);
    assert_eq!(welcome.call(event(&unnamed)).await.row(), (200, "delivered"));
    for line in welcome.end().await.event_log() {
        assert!(line["cause"].as_str().unwrap().contains("identity-flow"), "{line:#}");
    }
}

#[tokio::test]
async fn reply_template_fault_is_treated_as_an_invalid_reply() {
    let mut welcome = start("function(ctx, outcome) ctx.missing").await;
    assert_eq!(welcome.call(event(&ann_before_save())).await.message(), ("#/", 8_100_422));
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "delivered"));
    assert_eq!(welcome.call(event(&phone_only())).await.status, 204);
    assert_eq!(welcome.sandbox.starts(), 1);
}

#[tokio::test]
async fn runaway_reply_template_ends_the_process_but_the_mail_is_sent() {
    let code = "function(ctx, outcome) std.foldl(function(a, b) a + b, std.range(1, 1e9), 0)";
    let mut welcome = start(code).await;
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "delivered"));
    assert_eq!(welcome.received().len(), 1);
    assert_eq!(welcome.call(event(&ann_before_save())).await.status, 422);
    assert_eq!(welcome.sandbox.starts(), 2);
}
