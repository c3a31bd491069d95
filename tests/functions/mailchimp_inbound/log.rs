//! The event log: what it contains, and what is redacted.

use fakes::{ory::person, server::FakeReply};
use integration::Event;
use serde_json::{Value, json};

use super::{
    forms::{TYPES, at, form, with, without},
    people::ANN,
    setup::{
        ORY_SECRET, SENDS_TO_SEGMENT, Vendors, event, setup, start_with, unauthenticated, with_ory,
    },
    signature::{HEADER, from_now, header},
};
use crate::common::{canaries, event_log, segment_replies, setup::Setup, vendor_replies};

#[tokio::test]
async fn request_log_entry_has_the_outcome() {
    let mut inbound = start_with(SENDS_TO_SEGMENT).await;
    let answer = inbound.call(event(form("subscribe"))).await;
    let line = inbound.end().await.only_line();
    event_log::is_a_delivery::<Vendors>(&line, "mailchimp-inbound");
    assert_eq!(line["event_id"], answer.body["id"]);
}

#[tokio::test]
async fn every_request_has_one_log_entry_with_outcome_and_metrics() {
    let later = vendor_replies::with_header(429, "retry-after", "600");
    let blocked = segment_replies::refused(400);
    let [subscribe, profile, unsubscribe] = ["subscribe", "profile", "unsubscribe"].map(form);
    let table: [event_log::Case<'_>; 11] = [
        (event("").method("GET"), vec![], "validated", &[]),
        (event("").method("PUT"), vec![], "method_not_allowed", &[]),
        (event("x".repeat(600 * 1024)), vec![], "too_large", &[]),
        (unauthenticated(&subscribe), vec![], "unauthorized", &["Unauthorized"]),
        (event(""), vec![], "malformed", &[]),
        (event(form("pending")), vec![], "skipped", &["Received", "Skipped"]),
        (event(form("cleaned")), vec![], "template_fault", &["Received", "TemplateFault"]),
        (event(&profile), vec![later], "try_later", &["Received", "Retried", "VendorLatency"]),
        (event(&profile), vec![blocked], "blocked", &["Received", "Blocked", "VendorLatency"]),
        (event(&profile), vec![], "delivered", &["Received", "Delivered", "VendorLatency"]),
        (event(&profile), vec![], "duplicate", &["Received", "Duplicate"]),
    ];
    let silent: event_log::Case<'_> = (
        event(&unsubscribe),
        vec![FakeReply::HangUp; 3],
        "in_doubt",
        &["Received", "InDoubt", "VendorLatency"],
    );
    let inbound = start_with(SENDS_TO_SEGMENT).await;
    let table: Vec<_> = table.into_iter().chain([silent]).collect();
    event_log::has_one_log_entry_each(inbound, &table).await;
}

/// Goes wrong in the way that the merge field `FAULT` asks for.
const FAULTY: &str = "
function(ctx)
  local data = ctx.event.data;
  local email = data.email;
  local name = data.merges.FNAME;
  local faults = {
    none: { segment: { userId: email } },
    cancel: error 'cancel ' + name,
    explicit: error name,
    field: ctx[name],
    extra: { [name]: email },
    nobody: { segment: { traits: { name: name } } },
    traits: { segment: { userId: email, traits: name } },
    integrations: { segment: { userId: email, integrations: name } },
    long: { segment: { userId: email, traits: { name: std.repeat(name, 6000) } } },
  };
  faults[std.get(data.merges, 'FAULT', 'none')] + { idempotency_key: std.trace(name, email) }
";

/// With canaries wherever one can be.
async fn with_canaries() -> Setup<Vendors> {
    canaries::everywhere(setup().await, FAULTY)
}

/// The same with Ory, which knows the person, and a signing secret.
async fn with_canaries_everywhere() -> Setup<Vendors> {
    let setup = with_ory(with_canaries().await).var("MAILCHIMP_SIGNING_SECRET_ID", "signing");
    setup.secrets.put("signing", CANARY_SIGNING_SECRET);
    setup.secrets.put(ORY_SECRET, "canary-ory-token");
    setup.vendor.ory.set_token(Some("canary-ory-token"));
    setup.vendor.ory.put_identity(canary_person());
    setup
}

const CANARY_SIGNING_SECRET: &str = "canary-signing-secret";

/// Somebody of whom Ory knows nothing but canaries.
fn canary_person() -> Value {
    let mut person = person(ANN, "canary@example.com");
    person["schema_id"] = json!("canary");
    person["traits"]["name"] = json!("canary");
    person["metadata_public"] = json!({"canary": "canary", "mailchimp": {"canary": "canary"}});
    person["metadata_admin"] = json!({"canary": "canary"});
    person
}

/// The same, signed.
fn signed_canary(form: &str) -> Event {
    canary_event(form).header(HEADER, header(CANARY_SIGNING_SECRET, from_now(0), form))
}

/// Goes wrong with Ory in the way that the merge field `FAULT` asks for.
const FAULTY_WITH_ORY: &str = "
function(ctx)
  local data = ctx.event.data;
  local name = ctx.identity.traits.name;
  local patch(operation) = { ory: { patch: [operation] }, segment: { userId: name } };
  local at(path) = { op: 'add', path: path, value: name };
  local faults = {
    none: patch(at('/metadata_public/mailchimp/new-' + name)),
    outside: patch(at('/traits/' + name)),
    pointer: patch(at(name)),
    operation: patch({ op: name, path: '/metadata_public/mailchimp/x' }),
    text: { ory: name },
    more: { ory: { patch: [], [name]: name } },
    schema: patch(at('/traits/consent/newsletter')),
    explicit: error name,
    cancel: error 'cancel ' + name,
  };
  faults[std.get(data.merges, 'FAULT', 'none')] + { idempotency_key: std.trace(name, name) }
";

#[tokio::test]
async fn log_redacts_identities_tokens_and_signing_secrets() {
    let table = [
        ("none", 200),
        ("outside", 500),
        ("pointer", 500),
        ("operation", 500),
        ("text", 500),
        ("more", 500),
        ("schema", 503),
        ("explicit", 500),
        ("cancel", 200),
        ("none", 200),
    ];
    let mut inbound = with_canaries_everywhere().await.template(FAULTY_WITH_ORY).start().await;
    for (n, (fault, status)) in (0..).zip(table) {
        let form = with(&at(&canary("subscribe"), n), "data[merges][FAULT]", fault);
        assert_eq!(inbound.call(signed_canary(&form)).await.status, status, "{fault}");
    }
    let named = with(&canary("unsubscribe"), "data[merges][ORY_ID]", "canary");
    let mut calls = table.len();
    for form in TYPES.map(canary).into_iter().chain([named]) {
        inbound.call(signed_canary(&form)).await;
        inbound.call(canary_event(&form).header(HEADER, "t=1,v1=canary")).await;
        calls += 2;
    }
    canaries::are_redacted(inbound, calls).await;
}

#[tokio::test]
async fn log_redacts_ory_responses() {
    let said = json!({"error": {"message": "canary", "reason": "canary"}, "id": "canary"});
    // How often each is given before it is believed.
    let table =
        [(200, 3), (302, 1), (400, 1), (401, 2), (403, 2), (404, 1), (409, 3), (429, 3), (500, 3)];
    let mut inbound = with_canaries_everywhere().await.template(FAULTY_WITH_ORY).start().await;
    let mut calls = 0;
    for (status, times) in table {
        for after in 0..3 {
            // A patch of which nobody knows is not made again.
            let times = if (status, after) == (200, 2) { 1 } else { times };
            let person = canary_person();
            let honest = [FakeReply::json(200, &json!([person])), FakeReply::json(200, &person)];
            let false_ones = vec![FakeReply::json(status, &said); times];
            for reply in honest.into_iter().take(after).chain(false_ones) {
                inbound.vendor.ory.reply_next(reply);
            }
            inbound.call(signed_canary(&at(&canary("subscribe"), calls))).await;
            assert_eq!(inbound.vendor.ory.take_received().len(), after + times, "{status}");
            calls += 1;
        }
    }
    canaries::are_redacted(inbound, usize::try_from(calls).unwrap()).await;
}

/// A form about a contact whose every word is a canary.
fn canary(kind: &str) -> String {
    let form = form(kind).replace("ann", canaries::CANARY).replace("Ann", "Canary");
    with(&with(&form, "data[canary]", "canary"), "data[merges][CANARY]", "canary")
}

fn canary_event(form: impl AsRef<[u8]>) -> Event {
    unauthenticated(form)
        .query(&format!("secret={}", canaries::WEBHOOK_KEY))
        .cookie("canary=canary")
}

#[tokio::test]
async fn log_redacts_template_input() {
    let table = [
        ("none", 200),
        ("cancel", 200),
        ("explicit", 500),
        ("field", 500),
        ("extra", 500),
        ("nobody", 500),
        ("traits", 500),
        ("integrations", 500),
        ("long", 503),
        ("canary", 500),
        ("none", 200),
    ];
    let mut inbound = with_canaries().await.start().await;
    for (n, (fault, status)) in (0..).zip(table) {
        let form = with(&at(&canary("subscribe"), n), "data[merges][FAULT]", fault);
        assert_eq!(inbound.call(canary_event(form)).await.status, status, "{fault}");
    }
    for kind in TYPES {
        inbound.call(canary_event(canary(kind))).await;
    }
    canaries::are_redacted(inbound, table.len() + TYPES.len()).await;
}

#[tokio::test]
async fn log_redacts_segment_responses() {
    let said = json!({"success": false, "message": "canary", "canary": "canary"});
    let replies = [
        FakeReply::json(400, &said),
        FakeReply::json(200, &said),
        FakeReply::text(404, "text/canary", "canary"),
        vendor_replies::with_header(302, "location", "https://example.com/canary"),
        segment_replies::text(200, r#"{"success":true,"canary":"canary"}"#),
    ];
    let mut inbound = with_canaries().await.start().await;
    let calls = replies.len();
    for reply in replies {
        inbound.vendor.segment.reply_next(reply);
        inbound.call(canary_event(canary("subscribe"))).await;
    }
    assert_eq!(inbound.received().len(), calls);
    inbound.vendor.segment.reply_next(FakeReply::HangUp);
    inbound.vendor.segment.set_resetting(true);
    let another = with(&canary("subscribe"), "data[email]", "canary%40example.org");
    assert_eq!(inbound.call(canary_event(another)).await.status, 503);
    canaries::assert_silent(&inbound.end().await);
}

#[tokio::test]
async fn log_redacts_unauthenticated_requests() {
    let good = canary("subscribe");
    let mut inbound = with_canaries().await.start().await;
    let strange = [
        canary_event(&good).method("CANARY"),
        canary_event(&good).query("secret=canary"),
        canary_event(&good).query("canary"),
        canary_event("canary"),
        canary_event("canary=%FF"),
        canary_event(with(&good, "fired_at", "canary")),
        canary_event(with(&good, "type", "canary%40example.com")),
        canary_event(without(&good, "data[list_id]")),
        canary_event(with(&good, &format!("canary{}", "[canary]".repeat(20)), "canary")),
        canary_event(with(&good, &"canary".repeat(50), "canary")),
        Event::post("canary").declared_base64().query(&format!("secret={}", canaries::WEBHOOK_KEY)),
    ];
    for event in strange {
        inbound.call(event).await;
    }
    inbound.call(json!({"canary": "canary"})).await;
    assert!(inbound.received().is_empty());
    canaries::assert_silent(&inbound.end().await);
}

#[tokio::test]
async fn log_redacts_unusable_keys() {
    let table = [
        ("WEBHOOK_SECRET_ID", "canary"),
        ("SEGMENT_SECRET_ID", "canary-us6"),
        ("SEGMENT_SECRET_ID", r#"{"canary":"canary"}"#),
    ];
    let event = canary_event(canary("subscribe"));
    canaries::of_unusable_keys_are_redacted(with_canaries, &event, &table).await;
    let table = [
        ("ORY_SECRET_ID", "canary-us6"),
        ("ORY_SECRET_ID", r#"{"canary":"canary"}"#),
        ("MAILCHIMP_SIGNING_SECRET_ID", "canary"),
        ("MAILCHIMP_SIGNING_SECRET_ID", r#"{"canary":"canary"}"#),
    ];
    let event = signed_canary(&canary("subscribe"));
    canaries::of_unusable_keys_are_redacted(with_canaries_everywhere, &event, &table).await;
}
