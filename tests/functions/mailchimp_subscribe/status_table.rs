//! The status table, row by row.

use std::time::Duration;

use fakes::mailchimp::{Distrust, Status};
use serde_json::json;
use time::OffsetDateTime;
use tokio::time::timeout;

use super::setup::{
    Setup, Subscribe, address, answered, done_and_answered, opt_in, opt_in_event, opting_in,
};
use crate::common::{
    ory::{FIRST, ann, event, event_of},
    status_rows, vendor_replies,
};

#[tokio::test]
async fn other_methods_than_post_are_rejected() {
    status_rows::other_methods_than_post_are_rejected(Subscribe::start().await).await;
}

/// The same event without an `updated_at` is applied again: nobody can tell it from a newer one.
#[tokio::test]
async fn body_over_512_kib_is_too_large_in_any_encoding() {
    let subscribe = opting_in().await.start().await;
    status_rows::body_over_512_kib_is_too_large(subscribe, "duplicate").await;
}

#[tokio::test]
async fn unauthenticated_caller_is_rejected() {
    status_rows::unauthenticated_request_is_rejected(Subscribe::start().await).await;
}

#[tokio::test]
async fn unusable_secret_authenticates_no_caller() {
    status_rows::placeholder_empty_or_short_secret_authenticates_no_caller(Setup::new).await;
}

#[tokio::test]
async fn missing_secret_authenticates_no_caller() {
    status_rows::missing_webhook_secret_authenticates_no_caller(Setup::new().await).await;
}

#[tokio::test]
async fn invalid_body_is_malformed_and_the_cause_is_logged() {
    status_rows::invalid_body_is_malformed(Subscribe::start().await).await;
}

#[tokio::test]
async fn cheapest_check_comes_first_and_unauthenticated_callers_learn_nothing() {
    status_rows::cheapest_check_comes_first(Subscribe::start().await).await;
}

#[tokio::test]
async fn body_is_not_parsed_before_authentication() {
    status_rows::body_is_not_parsed_before_authentication(Subscribe::start().await).await;
}

#[tokio::test]
async fn cancelled_event_is_answered_with_an_empty_body() {
    status_rows::cancelled_event_has_an_empty_answer(Subscribe::start().await).await;
}

#[tokio::test]
async fn before_save_event_makes_no_call() {
    status_rows::before_save_event_makes_no_call(opting_in().await.start().await).await;
}

#[tokio::test]
async fn template_fault_is_answered() {
    status_rows::template_fault_is_answered(Setup::new().await).await;
}

/// The function decides the state of a contact, and who it is.
#[tokio::test]
async fn template_that_takes_a_decision_of_the_function_is_a_fault() {
    let member = "email_address: ctx.recipient";
    let table = [
        format!("member: {{ {member}, status: 'subscribed' }}, consent: true"),
        format!("member: {{ {member}, status_if_new: 'subscribed' }}, consent: true"),
        format!("member: {{ {member} }}, status: 'subscribed'"),
        format!("member: {{ {member}, merge_fields: {{ ORY_ID: 'x' }} }}"),
        format!("member: {{ {member} }}, consent: 'true'"),
        format!("member: {{ {member} }}, idempotency_key: 'x'"),
        format!("member: {{ {member}, vip: true }}"),
        "member: { email_address: 'nobody' }".to_owned(),
        "consent: true".to_owned(),
    ];
    for result in table {
        let setup = Setup::new().await.template(&format!("function(ctx) {{ {result} }}"));
        let mut subscribe = setup.start().await;
        let answer = subscribe.call(opt_in_event(1)).await;
        assert_eq!((answer.status, answer.message()), (422, ("#/", 8_100_422)), "{result}");
        assert!(subscribe.received().is_empty(), "{result}");
        assert_eq!(subscribe.end().await.only_line()["TemplateFault"], json!(1.0), "{result}");
    }
}

#[tokio::test]
async fn delivery_answer_has_the_status_the_contact_id_and_the_event_id() {
    let mut subscribe = Subscribe::start().await;
    for ctx in [opt_in(1), json!({ "ctx": opt_in(2) })] {
        let answer = subscribe.call(event_of(FIRST, &ctx)).await;
        let person = if ctx.get("ctx").is_some() { 2 } else { 1 };
        let id = subscribe.vendor.audience(|audience| {
            audience.member(&address(person)).map(|member| member.contact_id.clone())
        });
        let vendor = json!({"status": "subscribed", "contact_id": id.unwrap()});
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body, json!({"status": "delivered", "id": FIRST, "vendor": vendor}));
    }
}

#[tokio::test]
async fn event_with_nothing_to_write_is_answered_with_an_empty_body() {
    let mut waits = opt_in(1);
    waits["identity"]["verifiable_addresses"][0]["verified"] = json!(false);
    let mut without_consent = opt_in(2);
    without_consent["identity"]["traits"]["consent"] = json!({"newsletter": false});
    let mut login = opt_in(3);
    login["hook"]["flow"] = json!("login");
    let mut untold = opt_in(4);
    untold.as_object_mut().unwrap().remove("hook");
    let table = [
        (waits, "the opt-in waits for the verification of the address"),
        (without_consent, "not opted in"),
        (login, "no contact, and no fresh opt-in"),
        (untold, "no contact, and no fresh opt-in"),
    ];
    let mut subscribe = Subscribe::start().await;
    for (ctx, _) in &table {
        assert_eq!(subscribe.call(event(ctx)).await.status, 204);
    }
    assert!(subscribe.methods().iter().all(|method| method == "GET"));
    for ((_, cause), line) in table.iter().zip(subscribe.end().await.event_log()) {
        assert_eq!((&line["outcome"], &line["cause"]), (&json!("skipped"), &json!(cause)));
    }
}

#[tokio::test]
async fn person_whom_mailchimp_refuses_is_rejected() {
    let now = OffsetDateTime::now_utc();
    let mut subscribe = Subscribe::start().await;
    subscribe.vendor.audience(|audience| {
        audience.set_distrust(&address(1), Some(Distrust::LooksFake));
        audience.set_distrust(&address(2), Some(Distrust::TooManySignUps));
        audience.put_member(&address(3), Status::Cleaned, now);
        audience.put_member(&address(4), Status::Subscribed, now);
    });
    subscribe.vendor.act(&address(4), fakes::mailchimp::Act::AdminForgets).unwrap();
    let reasons = ["invalid address", "too many lists", "cleaned", "forgotten"];
    for (n, reason) in (1..).zip(reasons) {
        let answer = subscribe.call(opt_in_event(n)).await;
        let id = &answer.body["id"];
        let expected = json!({"status": "rejected", "id": id, "reason": reason});
        assert_eq!((answer.status, &answer.body), (200, &expected));
        assert_eq!(subscribe.call(opt_in_event(n)).await.row(), (200, "duplicate"), "{reason}");
    }
    for (n, line) in subscribe.end().await.event_log().iter().step_by(2).enumerate() {
        let counted = (n >= 2).then(|| json!(1.0));
        assert_eq!(line.get("Compliance"), counted.as_ref(), "{line:#}");
        assert_eq!(line["Rejected"], json!(1.0));
    }
}

#[tokio::test]
async fn undelivered_event_asks_for_a_retry() {
    let mut subscribe = Subscribe::start().await;
    let later = vendor_replies::with_header(429, "retry-after", "600");
    let blocked = vendor_replies::html(404);
    let unknown = vendor_replies::html(502);
    let table = [(later, "try_later"), (blocked, "blocked"), (unknown, "in_doubt")];
    for (n, (reply, _)) in table.iter().enumerate() {
        subscribe.answer_writes([answered(reply.clone())]);
        let answer = subscribe.call(opt_in_event(n)).await;
        assert_eq!((answer.status, answer.message()), (503, ("#/", 8_100_503)));
        // And Ory's next attempt delivers it: no lease is left.
        let again = subscribe.call(opt_in_event(n)).await;
        assert_eq!(again.row(), (200, "delivered"));
    }
    for ((_, outcome), line) in
        table.iter().zip(subscribe.end().await.event_log().iter().step_by(2))
    {
        assert_eq!(line["outcome"], *outcome);
    }
}

/// With what it takes to hand an event over.
const TEN_SECONDS: Duration = Duration::from_millis(10_150);

/// The write that is cut off is in doubt, is not made again by this attempt, and goes on at Mailchimp;
/// the next one reads first.
#[tokio::test]
async fn write_timeout_answers_ory_within_ten_seconds() {
    let mut subscribe = Subscribe::start().await;
    subscribe.answer_writes([done_and_answered(vendor_replies::nothing())]);
    let answered = timeout(TEN_SECONDS, subscribe.call(opt_in_event(1))).await;
    assert_eq!(answered.unwrap().message(), ("#/", 8_100_503));
    assert_eq!(subscribe.methods(), ["GET", "GET", "PUT"]);
    assert_eq!(subscribe.call(opt_in_event(1)).await.row(), (200, "delivered"));
    assert_eq!(subscribe.methods(), ["GET", "PATCH"]);
    let by_api =
        |audience: &mut fakes::mailchimp::Audience| audience.subscribed_by_api(&address(1)).len();
    assert_eq!(subscribe.vendor.audience(by_api), 1);
    let event_log = subscribe.end().await.event_log();
    assert_eq!(event_log[0]["outcome"], "in_doubt");
}

#[tokio::test]
async fn event_without_an_identity_id_is_blocked() {
    let mut subscribe = opting_in().await.start().await;
    for id in [json!(null), json!("ann"), json!(7)] {
        let mut ctx = ann();
        ctx["identity"]["id"] = id;
        assert_eq!(subscribe.call(event(&ctx)).await.message(), ("#/", 8_100_503));
    }
    assert!(subscribe.received().is_empty());
    for line in subscribe.end().await.event_log() {
        assert_eq!(line["outcome"], "blocked");
        assert!(line["cause"].as_str().unwrap().contains("no identity id"), "{line:#}");
    }
}
