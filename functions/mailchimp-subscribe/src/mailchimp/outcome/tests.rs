//! One row for each answer of Mailchimp, and a property: every answer means something.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;
use serde_json::json;
use shared::outcome::Wait;

use super::*;
use crate::consent::Status;

fn answer(status: u16, body: impl ToString) -> Response {
    Response { status, headers: HeaderMap::new(), body: body.to_string().into() }
}

fn problem(title: &str, detail: &str, fields: &[&str]) -> String {
    let errors: Vec<_> =
        fields.iter().map(|field| json!({"field": field, "message": "ann@example.com"})).collect();
    json!({"title": title, "status": 400, "detail": detail, "errors": errors}).to_string()
}

fn body() -> Map<String, Value> {
    let body = json!({"email_address": "ann@example.com", "merge_fields": {"FNAME": "Ann"}});
    body.as_object().unwrap().clone()
}

/// A word for what came of a write.
fn word(result: &Result<Written, Outcome>) -> String {
    match result {
        Ok(Written::Done(contact)) => contact.status.word().to_owned(),
        Ok(Written::Changed) => "changed".to_owned(),
        Ok(Written::Compliance) => "compliance".to_owned(),
        Ok(Written::Forgotten) => "forgotten".to_owned(),
        Err(Outcome::Rejected { reason }) => format!("rejected: {reason}"),
        Err(Outcome::Blocked(Blocked::BadKey)) => "bad key".to_owned(),
        Err(outcome) => outcome.word().to_owned(),
    }
}

#[test]
fn every_answer_to_a_write_has_its_meaning() {
    let member = r#"{"contact_id":"c1","status":"pending"}"#;
    let invalid = |detail| problem("Invalid Resource", detail, &[]);
    let fields = |named| problem("Invalid Resource", "Your merge fields were invalid.", named);
    let not_subscribed = json!({
        "title": "Invalid Resource", "status": 400,
        "detail": "The resource submitted could not be validated.",
        "errors": [{
            "field": "email address",
            "message": "This member's status is \"unsubscribed.\" You can only update email \
                addresses for members with a status of \"subscribed.\"",
        }],
    });
    let table = [
        (200, member.to_owned(), "pending"),
        (200, r#"{"status":"paused"}"#.to_owned(), "blocked"),
        (200, "<html>".to_owned(), "in_doubt"),
        (200, "{}".to_owned(), "in_doubt"),
        (201, member.to_owned(), "in_doubt"),
        (301, String::new(), "blocked"),
        (400, problem("Member Exists", "", &[]), "changed"),
        (400, problem("Member In Compliance State", "", &[]), "compliance"),
        (400, problem("member in compliance state", "", &[]), "compliance"),
        (400, problem("Forgotten Email Not Subscribed", "", &[]), "forgotten"),
        (
            400,
            invalid("ann@example.com looks fake or invalid, please enter a real email address."),
            "rejected: invalid address",
        ),
        (400, invalid("Please provide a valid email address."), "rejected: invalid address"),
        (
            400,
            invalid(
                "ann@example.com has signed up to a lot of lists very recently; we're not allowing more signups for now",
            ),
            "rejected: too many lists",
        ),
        (400, invalid("ann@example.com is already in this list."), "changed"),
        (400, invalid("ann@example.com is already a list member."), "changed"),
        (400, not_subscribed.to_string(), "changed"),
        (400, fields(&["FNAME"]), "rejected: invalid field"),
        (400, fields(&["merge_fields.FNAME"]), "rejected: invalid field"),
        (400, fields(&["COMPANY"]), "blocked"),
        (400, fields(&["FNAME", "COMPANY"]), "blocked"),
        (400, fields(&[]), "blocked"),
        (400, fields(&[""]), "blocked"),
        (400, problem("Bad Request", "", &[]), "rejected: bad request"),
        (400, problem("JSON Parse Exception", "", &[]), "rejected: bad request"),
        (400, problem("Invalid Action", "", &[]), "rejected: invalid action"),
        (400, problem("Something New", "", &[]), "rejected: unknown error"),
        (400, "{}".to_owned(), "rejected: unknown error"),
        (400, "<html>".to_owned(), "blocked"),
        (401, problem("API Key Invalid", "", &[]), "bad key"),
        (401, String::new(), "bad key"),
        (403, problem("User Disabled", "", &[]), "bad key"),
        (403, problem("Forbidden", "", &[]), "bad key"),
        (403, "<html>Access Denied</html>".to_owned(), "try_later"),
        (404, problem("Resource Not Found", "", &[]), "changed"),
        (404, "<html>".to_owned(), "blocked"),
        (405, problem("Method Not Allowed", "", &[]), "rejected: method not allowed"),
        (408, String::new(), "try_later"),
        (409, String::new(), "blocked"),
        (414, String::new(), "rejected: invalid request"),
        (422, problem("Unprocessable", "", &[]), "rejected: invalid request"),
        (429, problem("Too Many Requests", "", &[]), "try_later"),
        (429, "<html>".to_owned(), "try_later"),
        (500, problem("Internal Server Error", "", &[]), "in_doubt"),
        (502, "<html>".to_owned(), "in_doubt"),
        (503, "<html>".to_owned(), "in_doubt"),
        (504, String::new(), "in_doubt"),
    ];
    for (status, text, expected) in table {
        let result = written(&body(), &answer(status, &text));
        assert_eq!(word(&result), expected, "{status} {text}");
    }
}

#[test]
fn every_answer_to_a_read_of_a_contact_has_its_meaning() {
    let not_found = problem("Resource Not Found", "", &[]);
    let table = [
        (200, r#"{"status":"archived"}"#.to_owned(), Ok(Some(Status::Archived))),
        (200, r#"{"status":"paused"}"#.to_owned(), Err("blocked")),
        (200, "<html>".to_owned(), Err("try_later")),
        (404, not_found, Ok(None)),
        (404, "<html>".to_owned(), Err("blocked")),
        (400, problem("Bad Request", "", &[]), Err("blocked")),
        (401, String::new(), Err("blocked")),
        (403, "<html>".to_owned(), Err("try_later")),
        (405, String::new(), Err("blocked")),
        (429, String::new(), Err("try_later")),
        (500, String::new(), Err("try_later")),
        (502, "<html>".to_owned(), Err("try_later")),
    ];
    for (status, text, expected) in table {
        let found = contact(&answer(status, &text));
        let found = found.map(|found| found.map(|contact| contact.status));
        assert_eq!(found.map_err(|outcome| outcome.word()), expected, "{status} {text}");
    }
}

#[test]
fn audience_that_is_not_there_blocks_every_event() {
    let table = [
        (200, r#"{"id":"l","double_optin":true}"#, Ok(true)),
        (200, r#"{"id":"l","double_optin":false}"#, Ok(false)),
        (200, r#"{"id":"l"}"#, Err("try_later")),
        (200, "<html>", Err("try_later")),
        (404, r#"{"title":"Resource Not Found"}"#, Err("blocked")),
        (429, "", Err("try_later")),
        (500, "", Err("try_later")),
    ];
    for (status, text, expected) in table {
        let read = double_opt_in(&answer(status, text)).map_err(|outcome| outcome.word());
        assert_eq!(read, expected, "{status} {text}");
    }
}

#[test]
fn archive_and_tags_have_their_answers() {
    let gone = r#"{"title":"Resource Not Found"}"#;
    let table = [
        (204, "", Ok(true), Ok(true)),
        (404, gone, Ok(true), Ok(false)),
        (404, "<html>", Err("blocked"), Err("blocked")),
        (405, gone, Ok(false), Err("rejected")),
        (400, gone, Err("blocked"), Err("rejected")),
        (429, "", Err("try_later"), Err("try_later")),
        (502, "<html>", Err("in_doubt"), Err("in_doubt")),
    ];
    for (status, text, of_archive, of_tags) in table {
        let answer = answer(status, text);
        assert_eq!(archived(&answer).map_err(|outcome| outcome.word()), of_archive, "{status}");
        assert_eq!(tagged(&answer).map_err(|outcome| outcome.word()), of_tags, "{status}");
    }
}

#[test]
fn contact_is_deleted_only_if_mailchimp_says_so() {
    let not_found = problem("Resource Not Found", "", &[]);
    let table = [
        (204, String::new(), Ok(true)),
        (404, not_found, Ok(false)),
        (404, "<html>".to_owned(), Err("blocked")),
        (401, String::new(), Err("blocked")),
        (405, problem("Method Not Allowed", "", &[]), Err("rejected")),
        (429, String::new(), Err("try_later")),
        (500, String::new(), Err("in_doubt")),
        (502, "<html>".to_owned(), Err("in_doubt")),
    ];
    for (status, text, expected) in table {
        let result = deleted(&answer(status, &text)).map_err(|outcome| outcome.word());
        assert_eq!(result, expected, "{status} {text}");
    }
}

#[test]
fn required_field_is_named_and_no_text_of_a_person_is() {
    let cause = |fields: &[&str]| {
        let answer = answer(400, problem("Invalid Resource", "ann@example.com", fields));
        written(&body(), &answer).unwrap_err().cause().unwrap()
    };
    assert!(cause(&["COMPANY"]).contains("COMPANY"));
    for field in ["ann@example.com", "ann", "COMPANY_NAME"] {
        assert!(!cause(&[field]).contains(field), "{field}");
    }
}

#[test]
fn retry_after_is_respected() {
    let mut limited = answer(429, "");
    limited.headers.insert("retry-after", HeaderValue::from_static("10"));
    let Err(Outcome::TryLater { wait, .. }) = written(&body(), &limited) else { panic!("no wait") };
    assert_eq!(wait, Wait::AtLeast(Duration::from_secs(10)));
}

proptest! {
    #[test]
    fn any_answer_means_something_and_reports_no_text_of_its_body(
        status in 100_u16..1000,
        title in prop::sample::select(vec!["Invalid Resource", "Member Exists", "Bad Request", "canary", ""]),
        is_json in any::<bool>(),
        detail in "canary.{0,20}",
    ) {
        let text = if is_json { problem(title, &detail, &[&detail]) } else { detail };
        let answer = answer(status, text);
        let results = [
            written(&body(), &answer).map(drop), contact(&answer).map(drop),
            archived(&answer).map(drop), deleted(&answer).map(drop), tagged(&answer).map(drop),
            double_opt_in(&answer).map(drop),
        ];
        for outcome in results.into_iter().filter_map(Result::err) {
            prop_assert_ne!(outcome.word(), "delivered");
            let shown = format!("{outcome:?} {:?}", outcome.cause());
            prop_assert!(!shown.contains("canary"), "{}", shown);
        }
        prop_assert!(!matches!(written(&body(), &answer), Ok(Written::Done(_))));
    }
}
