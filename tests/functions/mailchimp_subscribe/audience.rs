//! What is written of a contact: the template's fields, the evidence of the opt-in, and nothing else
//! of the audience's.

use fakes::mailchimp::{MergeField, Status};
use integration::Event;
use serde_json::{Value, json};
use shared::{
    ctx::FORWARD,
    template::{Source, Template},
};

use super::{
    setup::{Setup, address, opt_in, opt_in_event},
    world::{OLD, World},
};
use crate::common::ory::event_of;

/// What Kratos makes of a ctx with the template that `ory-actions action` prints.
async fn forwarded(flow: &str, ctx: Value) -> Value {
    let code = FORWARD.replace("flow: 'registration'", &format!("flow: '{flow}'"));
    let template = Template::prepare(Source::shipped("forward.jsonnet", &code)).unwrap();
    template.render(vec![("ctx", ctx)]).await.unwrap()
}

/// A ctx of Kratos with everything that the forwarding template leaves out.
fn ctx_of_kratos() -> Value {
    let mut ctx = integration::sign_up::ctx();
    let email = ctx["identity"]["traits"]["email"].clone();
    ctx["identity"]["traits"]["consent"] = json!({"newsletter": true});
    ctx["identity"]["verifiable_addresses"] =
        json!([{"value": email, "via": "email", "verified": true}]);
    ctx["request_headers"]["True-Client-Ip"] = json!(["203.0.113.7"]);
    ctx
}

#[tokio::test]
async fn time_of_the_opt_in_is_forwarded_and_kept_as_evidence() {
    let ctx = ctx_of_kratos();
    let issued_at = ctx["flow"]["issued_at"].as_str().unwrap();
    let seconds = format!("{}Z", &issued_at[..19]);
    let mut subscribe = Setup::new().await.start().await;
    let event = event_of(
        "00000001-2222-4222-8222-0000000000d1",
        &forwarded("registration", ctx.clone()).await,
    );
    assert_eq!(subscribe.call(event).await.row(), (200, "delivered"));
    let call = subscribe.received_once();
    assert_eq!(call.body["timestamp_signup"], json!(seconds));
    assert_eq!(call.body.get("ip_signup"), None, "it is personal data, and was not asked for");
    let email = ctx["identity"]["traits"]["email"].as_str().unwrap();
    let kept =
        subscribe.vendor.audience(|audience| audience.member(email).unwrap().details.clone());
    assert_eq!(kept["timestamp_signup"], json!(seconds));
}

#[tokio::test]
async fn address_of_the_caller_is_sent_only_if_it_is_forwarded() {
    let mut subscribe = Setup::new().await.start().await;
    for (n, (headers, expected)) in [
        (json!({"True-Client-Ip": ["203.0.113.7"]}), Some("203.0.113.7")),
        (json!({"True-Client-Ip": ["203.0.113.7, 10.0.0.1"]}), None),
        (json!({"True-Client-Ip": ["unknown"]}), None),
        (json!({"X-Forwarded-For": ["203.0.113.7"]}), None),
        (json!(null), None),
    ]
    .into_iter()
    .enumerate()
    {
        let mut ctx = opt_in(n);
        ctx["request_headers"] = headers;
        let trigger_id = format!("{n:08}-2222-4222-8222-0000000000b1");
        assert_eq!(subscribe.call(event_of(&trigger_id, &ctx)).await.row(), (200, "delivered"));
        let sent = subscribe.received().pop().unwrap().body;
        assert_eq!(sent.get("ip_signup").and_then(Value::as_str), expected, "{n}");
    }
}

#[tokio::test]
async fn evidence_is_sent_only_with_an_opt_in() {
    let mut ann = World::start().await;
    ann.subscribe().await;
    ann.settings(true).await;
    ann.settings(false).await;
    for call in ann.function.received() {
        assert_eq!(call.body.get("timestamp_signup"), None, "{call:?}");
    }
    ann.settings(true).await;
    assert!(ann.function.received().pop().unwrap().body["timestamp_signup"].is_string());
}

/// `ORY_ID` is added to the template's fields; those that it does not give stay.
#[tokio::test]
async fn fields_of_the_template_are_written_and_others_stay() {
    let code = "function(ctx) {
      member: {
        email_address: ctx.recipient, language: 'de', interests: { a1: true },
        merge_fields: { FNAME: 'Ann' },
        marketing_permissions: [{ marketing_permission_id: 'p1', enabled: true }],
      },
      consent: true,
    }";
    let mut subscribe = Setup::new().await.template(code).start().await;
    let now = time::OffsetDateTime::now_utc();
    subscribe.vendor.audience(|audience| {
        audience.put_interest("a1", "News");
        audience.put_permission("p1", "Email");
        audience.put_merge_field(MergeField::new("ORY_ID", "text"));
        let member = audience.put_member(&address(1), Status::Transactional, now);
        member.merge_fields.insert("PHONE".to_owned(), json!("+49301234567"));
    });
    assert_eq!(subscribe.call(opt_in_event(1)).await.row(), (200, "delivered"));
    let id = "00000001-1111-4111-8111-0000000000b1";
    subscribe.vendor.audience(|audience| {
        let member = audience.member(&address(1)).unwrap();
        let fields = json!({"FNAME": "Ann", "ORY_ID": id, "PHONE": "+49301234567"});
        assert_eq!(json!(member.merge_fields), fields);
        assert_eq!(member.details["language"], "de");
        assert_eq!((member.interests["a1"], member.permissions["p1"]), (true, true));
    });
}

/// The audience has a new required field, for which nobody in Ory has a value.
#[tokio::test]
async fn required_field_of_the_audience_stops_nobody() {
    let mut ann = World::start().await;
    let required = || MergeField::new("COMPANY", "text").required();
    ann.audience(|audience| audience.put_merge_field(required()));
    ann.register(true).await;
    ann.verify().await;
    assert_eq!(ann.contacts(), [(OLD, "subscribed")]);
    ann.settings(false).await;
    assert_eq!(ann.contacts(), [(OLD, "unsubscribed")], "a withdrawal least of all");
    ann.settings(true).await;
    assert_eq!(ann.contacts(), [(OLD, "pending")]);
    for call in ann.function.received() {
        let is_write = ["PUT", "PATCH"].contains(&call.method.as_str());
        let skips = call.query.iter().any(|(name, _)| name == "skip_merge_validation");
        assert_eq!(skips, is_write, "{call:?}");
    }
}

/// Anybody can register with the address of a contact.
#[tokio::test]
async fn contact_of_an_unverified_address_keeps_its_fields() {
    let code = "function(ctx) {
      member: { email_address: ctx.recipient, merge_fields: { FNAME: 'Eve' } },
      consent: true, tags: { eve: true },
    }";
    for unverified in ["wait", "confirm"] {
        let setup = Setup::new().await.template(code).var("UNVERIFIED", unverified);
        let mut subscribe = setup.start().await;
        let now = time::OffsetDateTime::now_utc() - std::time::Duration::from_hours(1);
        for (n, status) in (0..).zip([Status::Subscribed, Status::Unsubscribed, Status::Archived]) {
            let mut ctx = opt_in(n);
            ctx["identity"]["verifiable_addresses"][0]["verified"] = json!(false);
            ctx["identity"].as_object_mut().unwrap().remove("updated_at");
            subscribe.vendor.audience(|it| _ = it.put_member(&address(n), status, now));
            let event: Event = event_of(&format!("{n:08}-2222-4222-8222-0000000000b2"), &ctx);
            subscribe.call(event).await;
            let member = subscribe.vendor.audience(|it| it.member(&address(n)).unwrap().clone());
            assert!(member.merge_fields.is_empty() && member.tags.is_empty(), "{status:?}");
            let asks = unverified == "confirm" && status != Status::Subscribed;
            let expected = if asks { Status::Pending } else { status };
            assert_eq!(member.status, expected, "{unverified}: {status:?}");
        }
    }
}
