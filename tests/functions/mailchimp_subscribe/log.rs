//! The event log: what it contains, and what is redacted.

use std::time::Duration;

use fakes::{FakeMailchimp, server::FakeReply};
use integration::Event;
use serde_json::{Value, json};

use super::setup::{OPTS_IN, Setup, Subscribe, answered, opt_in_event, opting_in};
use crate::common::{
    canaries, event_log,
    event_log::metrics,
    ory::{SECOND, ann, ann_before_save, event, phone_only},
    setup, vendor_replies,
};

#[tokio::test]
async fn request_log_entry_has_the_outcome() {
    let subscribe = opting_in().await.start().await;
    event_log::has_the_outcome_of_an_ory_request(subscribe, "mailchimp-subscribe").await;
}

/// The replies are those to the read of the audience.
#[tokio::test]
async fn every_request_has_one_log_entry_with_outcome_and_metrics() {
    let good = event(&ann());
    let later = vendor_replies::with_header(429, "retry-after", "600");
    let table: [event_log::Case<'_>; 11] = [
        (good.clone().method("GET"), vec![], "method_not_allowed", &[]),
        (good.clone().body("x".repeat(600 * 1024)), vec![], "too_large", &[]),
        (good.clone().header("authorization", "x"), vec![], "unauthorized", &["Unauthorized"]),
        (good.clone().body("{"), vec![], "malformed", &[]),
        (event(&ann_before_save()), vec![], "skipped", &["Received", "Skipped"]),
        (event(&phone_only()), vec![], "skipped", &["Received", "Skipped"]),
        (opt_in_event(1), vec![later], "try_later", &["Received", "Retried", "VendorLatency"]),
        (
            opt_in_event(1),
            vec![vendor_replies::html(404)],
            "blocked",
            &["Received", "Blocked", "VendorLatency"],
        ),
        (
            opt_in_event(1),
            vec![FakeReply::HangUp; 3],
            "try_later",
            &["Received", "Retried", "VendorLatency"],
        ),
        (opt_in_event(1), vec![], "delivered", &["Received", "Delivered", "VendorLatency"]),
        (opt_in_event(1), vec![], "duplicate", &["Received", "Duplicate"]),
    ];
    event_log::has_one_log_entry_each(Subscribe::start().await, &table).await;
}

#[tokio::test]
async fn unusable_webhook_secret_counts_as_blocked() {
    let setup = Setup::new().await.var("WEBHOOK_SECRET_ID", "missing");
    let mut subscribe = setup.start().await;
    subscribe.call(event(&ann())).await;
    assert_eq!(metrics(&subscribe.end().await.only_line()), ["Blocked"].into());
}

/// Goes wrong in the way that ctx asks for.
const FAULTY: &str = "
function(ctx)
  local name = ctx.identity.traits.name;
  local email = ctx.identity.traits.email;
  local good = {
    member: { email_address: email, merge_fields: { FNAME: name } },
    consent: true, tags: { [name]: true }, ip_signup: '203.0.113.7',
  };
  local faults = {
    none: good,
    cancel: error 'cancel ' + name,
    explicit: error name,
    field: ctx[name],
    nobody: { member: { email_address: name } },
    member: good { member+: { [name]: name } },
    fields: good { member+: { merge_fields: name } },
    tags: good { tags: name },
    consent: good { consent: name },
    key: good { [name]: name },
    long: good { member+: { merge_fields: { FNAME: std.repeat(name, 30000) } } },
  };
  faults[ctx.transient_payload.fault] + std.trace(name, {})
";

/// With canaries wherever one can be.
async fn with_canaries() -> setup::Setup<FakeMailchimp> {
    canaries::everywhere(Setup::new().await.var("UNVERIFIED", "confirm"), FAULTY)
}

#[tokio::test]
async fn log_redacts_template_input() {
    let table = [
        ("none", 200),
        ("cancel", 204),
        ("explicit", 422),
        ("field", 422),
        ("nobody", 422),
        ("member", 422),
        ("fields", 422),
        ("tags", 422),
        ("consent", 422),
        ("key", 422),
        ("long", 200),
        ("canary", 422),
    ];
    let mut subscribe = with_canaries().await.start().await;
    for (fault, status) in table {
        assert_eq!(subscribe.call(canaries::event(fault)).await.status, status, "{fault}");
    }
    let methods = subscribe.methods();
    assert_eq!(methods, ["GET", "GET", "PUT", "POST", "GET", "PATCH", "POST"]);
    canaries::are_redacted(subscribe, table.len()).await;
}

/// What Mailchimp may repeat of what it was told, in answer to a read and to a write.
#[tokio::test]
async fn log_redacts_mailchimp_responses() {
    let problem = |status: u16, title: &str, field: &str| {
        let message = "canary@example.com canary";
        let errors = json!([{"field": field, "message": message}]);
        let body = json!({
            "title": title, "status": status, "detail": message, "instance": "canary",
            "errors": errors,
        });
        FakeReply::json(status, &body)
    };
    let contact = |status: &str| {
        let body = json!({
            "contact_id": "canary/../canary", "email_address": "canary@example.com",
            "status": status, "last_changed": "canary",
        });
        FakeReply::json(200, &body)
    };
    let replies = [
        problem(400, "Invalid Resource", "canary"),
        problem(400, "Invalid Resource", "merge_fields.FNAME"),
        problem(400, "Member In Compliance State", "canary"),
        problem(400, "Forgotten Email Not Subscribed", "canary"),
        problem(400, "canary", "canary"),
        problem(403, "canary", "canary"),
        problem(404, "canary", "canary"),
        problem(405, "canary", "canary"),
        problem(422, "canary", "canary"),
        problem(500, "canary", "canary"),
        contact("canary"),
        contact("pending"),
        FakeReply::text(200, "application/json", r#"{"status":"pending","canary":"canary"#),
        FakeReply::text(404, "text/canary", "canary"),
        vendor_replies::with_header(302, "location", "https://example.com/canary"),
        vendor_replies::with_header(429, "retry-after", "canary"),
        FakeReply::HangUp,
    ];
    let mut subscribe = with_canaries().await.start().await;
    for reply in replies {
        // Every person is new: none is known to the function.
        for is_read in [true, false] {
            let mut ctx = canaries::person("none");
            let id = uuid::Uuid::from_u128(fastrand::u128(..)).to_string();
            ctx["identity"]["id"] = json!(id);
            let said = reply.clone();
            subscribe.vendor.set_faults(move |call| {
                (call.is_write() != is_read).then(|| answered(said.clone()))
            });
            let answer = subscribe.call(canaries::event_of(&id, &ctx)).await;
            let text = json!([answer.headers, answer.body]).to_string();
            canaries::assert_has_no_canary("an answer", &text);
        }
    }
    canaries::assert_silent(&subscribe.end().await);
}

#[tokio::test]
async fn log_redacts_unauthenticated_requests() {
    canaries::of_unauthenticated_callers_are_redacted(with_canaries().await.start().await).await;
}

#[tokio::test]
async fn log_redacts_unusable_keys() {
    let table = [
        ("WEBHOOK_SECRET_ID", "canary"),
        ("MAILCHIMP_SECRET_ID", "md-canary"),
        ("MAILCHIMP_SECRET_ID", "ory_canary"),
        ("MAILCHIMP_SECRET_ID", "canary"),
        ("MAILCHIMP_SECRET_ID", r#"{"canary":"canary"}"#),
    ];
    let event = canaries::event_of(SECOND, &canaries::person("none"));
    canaries::of_unusable_keys_are_redacted(with_canaries, &event, &table).await;
}

/// All calls of an attempt count, and their time.
#[tokio::test]
async fn calls_and_latency_are_those_of_the_whole_attempt() {
    let mut subscribe = Setup::new().await.template(OPTS_IN).start().await;
    subscribe.vendor.set_delay(Some(Duration::from_millis(60)));
    let answer = subscribe.call(opt_in_event(1)).await;
    assert_eq!(answer.row(), (200, "delivered"));
    let line: Value = subscribe.end().await.only_line();
    assert_eq!((&line["calls"], &line["vendor_status"]), (&json!(3), &json!(200)));
    assert!(line["VendorLatency"].as_f64().unwrap() >= 180.0, "{line:#}");
}

#[tokio::test]
async fn log_entry_names_the_identity_and_no_contact() {
    let mut subscribe = Subscribe::start().await;
    let event: Event = opt_in_event(1);
    assert_eq!(subscribe.call(event).await.row(), (200, "delivered"));
    let log = subscribe.end().await;
    let line = log.only_line();
    assert_eq!(line["identity_id"], "00000001-1111-4111-8111-0000000000b1");
    let hash = shared::mailchimp::member_hash("person-1@example.com");
    for personal in ["person-1@", "Lee", &hash] {
        assert!(!log.contains(personal), "{personal}");
    }
}
