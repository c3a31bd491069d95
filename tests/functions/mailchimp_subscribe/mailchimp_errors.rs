//! Errors of Mailchimp, and of the connection to it: what comes of the event, and of the next
//! attempt.

use std::{ops::RangeInclusive, time::Duration};

use fakes::server::FakeReply;
use serde_json::json;

use super::{
    mailchimp_replies::{detailed, edge, invalid, problem, text},
    setup::{Setup, Subscribe, address, answered, opt_in_event, opting_in},
    world::outcome,
};
use crate::common::{
    event_log::metrics,
    setup::Vendor,
    vendor_errors::{self, deaf},
    vendor_replies,
};

/// The wait before the second attempt, in seconds: the first of those that grow, the longest of those
/// for what somebody must fix.
const SOON: RangeInclusive<u32> = 1..=2;
const LONG: RangeInclusive<u32> = 900..=900;

/// An answer; the outcome with its cause; and how long the message is hidden, if it stays.
type Case = (FakeReply, &'static str, Option<RangeInclusive<u32>>);

/// Plays each answer to the write of a person of its own. Whatever stays is delivered once Mailchimp
/// is well, by a single opt-in.
async fn play(cases: Vec<Case>) {
    let mut subscribe = Setup::queued().await.start().await;
    for (n, (reply, _, hidden)) in cases.iter().enumerate() {
        let context = format!("{reply:.300?}");
        subscribe.answer_writes([answered(reply.clone())]);
        subscribe.store(opt_in_event(n)).await;
        let [message] = subscribe.sqs.receive("events", 10).try_into().unwrap();
        subscribe.deliver(&[message]).await;
        let wait = subscribe.stored().first().and_then(|message| message.visibility);
        match (hidden, wait) {
            (Some(hidden), Some(wait)) => assert!(hidden.contains(&wait), "{wait} s: {context}"),
            (hidden, wait) => assert_eq!((hidden.is_some(), wait), (false, None), "{context}"),
        }
        assert_eq!(subscribe.status_of(&address(n)), None, "{context}");
        subscribe.let_time_pass(Duration::from_hours(1));
        assert!(subscribe.work().await.is_empty(), "{context}");
        let status = hidden.as_ref().map(|_| "subscribed");
        assert_eq!(subscribe.status_of(&address(n)), status, "{context}");
    }
    let mut deliveries = subscribe.end().await.deliveries().into_iter();
    for (reply, expected, hidden) in cases {
        let line = deliveries.next().unwrap();
        assert_eq!(outcome(&line), expected, "{reply:.300?}");
        let is_compliance = ["compliance", "forgotten"].iter().any(|it| expected.ends_with(it));
        assert_eq!(metrics(&line).contains("Compliance"), is_compliance, "{line:#}");
        if hidden.is_some() {
            assert_eq!(deliveries.next().unwrap()["outcome"], "delivered");
        }
    }
    assert!(deliveries.next().is_none());
}

#[tokio::test]
async fn refused_person_is_rejected_and_not_tried_again() {
    let looks_fake = "ann@example.com looks fake or invalid, please enter a real email address.";
    let many_lists = "ann@example.com has signed up to a lot of lists very recently; we're not \
                      allowing more signups for now";
    play(vec![
        (detailed(400, "Invalid Resource", looks_fake), "rejected: invalid address", None),
        (detailed(400, "Invalid Resource", many_lists), "rejected: too many lists", None),
        (invalid("FNAME", "Please enter a value"), "rejected: invalid field", None),
        (problem(400, "Forgotten Email Not Subscribed"), "rejected: forgotten", None),
        (problem(400, "Bad Request"), "rejected: bad request", None),
        (problem(400, "JSON Parse Exception"), "rejected: bad request", None),
        (problem(400, "Invalid Action"), "rejected: invalid action", None),
        (problem(400, "A New Error"), "rejected: unknown error", None),
        (problem(405, "Method Not Allowed"), "rejected: method not allowed", None),
        (problem(414, "Resource Nesting Too Deep"), "rejected: invalid request", None),
        (problem(422, "Unprocessable"), "rejected: invalid request", None),
    ])
    .await;
}

#[tokio::test]
async fn busy_mailchimp_is_tried_later() {
    let later = |reply, status| {
        let cause = match status {
            403 => "try_later: Mailchimp returned 403",
            408 => "try_later: Mailchimp returned 408",
            _ => "try_later: Mailchimp returned 429",
        };
        (reply, cause, Some(SOON))
    };
    let asks = vendor_replies::with_header(429, "retry-after", "600");
    let mut cases = vec![
        later(problem(429, "Too Many Requests"), 429),
        later(edge(429), 429),
        later(edge(403), 403),
        later(vendor_replies::html(408), 408),
    ];
    cases.push((asks, "try_later: Mailchimp returned 429", Some(600..=600)));
    play(cases).await;
}

#[tokio::test]
async fn what_an_operator_must_fix_blocks() {
    let missing = "blocked: the audience refuses contacts without the field COMPANY";
    play(vec![
        (invalid("COMPANY", "Please enter a value"), missing, Some(LONG)),
        (invalid("", ""), "blocked: Mailchimp refuses the fields of the contact", Some(LONG)),
        (vendor_replies::html(400), "blocked: Mailchimp returned 400", Some(LONG)),
        (problem(409, "Conflict"), "blocked: Mailchimp returned 409", Some(LONG)),
        (
            vendor_replies::html(404),
            "blocked: Mailchimp returned an unrecognized 404: check MAILCHIMP_URL",
            Some(LONG),
        ),
        (
            text(200, r#"{"contact_id":"c1","status":"paused"}"#),
            "blocked: Mailchimp returned an unknown status of a contact",
            Some(LONG),
        ),
    ])
    .await;
}

#[tokio::test]
async fn write_without_a_clear_answer_is_in_doubt() {
    let unrecognized = "in_doubt: Mailchimp returned an unrecognized body";
    play(vec![
        (problem(500, "Internal Server Error"), "in_doubt: Mailchimp returned 500", Some(SOON)),
        (vendor_replies::html(500), "in_doubt: Mailchimp returned 500", Some(SOON)),
        (vendor_replies::html(502), "in_doubt: Mailchimp returned 502", Some(SOON)),
        (vendor_replies::html(503), "in_doubt: Mailchimp returned 503", Some(SOON)),
        (text(504, ""), "in_doubt: Mailchimp returned 504", Some(SOON)),
        (vendor_replies::html(200), unrecognized, Some(SOON)),
        (text(200, ""), unrecognized, Some(SOON)),
        (text(200, "[]"), unrecognized, Some(SOON)),
        (text(200, r#"{"contact_id":"c1"}"#), unrecognized, Some(SOON)),
        (text(200, r#"{"contact_id":"c1","status":"subs"#), unrecognized, Some(SOON)),
        (text(204, ""), "in_doubt: Mailchimp returned 204", Some(SOON)),
    ])
    .await;
}

/// Whatever comes, nothing was written; whoever asks again learns it.
#[tokio::test]
async fn read_is_never_in_doubt() {
    let list = "blocked: Mailchimp returned an unrecognized 404: check MAILCHIMP_LIST_ID";
    let url = "blocked: Mailchimp returned an unrecognized 404: check MAILCHIMP_URL";
    let body = "try_later: Mailchimp returned an unrecognized body";
    let table = [
        // The answer; what comes of it at the read of the audience, and of the contact, if it is an
        // error there.
        (problem(404, "Resource Not Found"), list, None),
        (vendor_replies::html(404), list, Some(url)),
        (
            problem(400, "Bad Request"),
            "blocked: Mailchimp returned 400",
            Some("blocked: Mailchimp returned 400"),
        ),
        (
            problem(405, "Method Not Allowed"),
            "blocked: Mailchimp returned 405",
            Some("blocked: Mailchimp returned 405"),
        ),
        (edge(403), "try_later: Mailchimp returned 403", Some("try_later: Mailchimp returned 403")),
        (
            vendor_replies::html(500),
            "try_later: Mailchimp returned 500",
            Some("try_later: Mailchimp returned 500"),
        ),
        (
            vendor_replies::html(502),
            "try_later: Mailchimp returned 502",
            Some("try_later: Mailchimp returned 502"),
        ),
        (text(200, "{}"), "try_later: Mailchimp does not tell the double opt-in", Some(body)),
        (
            text(200, r#"{"double_optin":tr"#),
            "try_later: Mailchimp does not tell the double opt-in",
            Some(body),
        ),
    ];
    for (reply, at_the_audience, at_the_contact) in table {
        for (is_of_the_contact, expected) in
            [(false, Some(at_the_audience)), (true, at_the_contact)]
        {
            let mut subscribe = Setup::queued().await.start().await;
            let said = reply.clone();
            subscribe.vendor.set_faults(move |call| {
                let is_it = call.path.contains("/members/") == is_of_the_contact;
                (!call.is_write() && is_it).then(|| answered(said.clone()))
            });
            subscribe.store(opt_in_event(1)).await;
            subscribe.work().await;
            let written = subscribe.methods().iter().any(|method| method != "GET");
            assert_eq!(written, expected.is_none(), "{reply:?}");
            let line = subscribe.end().await.deliveries().remove(0);
            assert_eq!(outcome(&line), expected.unwrap_or("delivered"), "{reply:?}");
        }
    }
}

#[tokio::test]
async fn read_without_an_answer_is_repeated_inline() {
    let mut subscribe = Subscribe::start().await;
    for _ in 0..2 {
        subscribe.vendor.reply_next(FakeReply::HangUp);
    }
    assert_eq!(subscribe.call(opt_in_event(1)).await.row(), (200, "delivered"));
    assert_eq!(subscribe.methods(), ["GET", "GET", "GET", "GET", "PUT"]);
}

#[tokio::test]
async fn refused_connection_is_retried_and_reported_as_try_later() {
    vendor_errors::refused_connection_is_try_later_for_any_vendor(opting_in().await).await;
}

#[tokio::test]
async fn connect_timeout_is_reported_as_try_later() {
    let (url, _listener, _waiting) = deaf("3.0").await;
    let setup = opting_in().await.with_table().var("MAILCHIMP_URL", url);
    let mut subscribe = setup.var("VENDOR_TIMEOUT_MS", "1000").start().await;
    assert_eq!(subscribe.call(opt_in_event(1)).await.message(), ("#/", 8_100_503));
    assert_eq!(subscribe.end().await.only_line()["outcome"], "try_later");
}

/// Before anything was written.
#[tokio::test]
async fn reset_connection_is_tried_later() {
    let mut subscribe = Subscribe::start().await;
    subscribe.vendor.set_resetting(true);
    assert_eq!(subscribe.call(opt_in_event(1)).await.status, 503);
    subscribe.vendor.set_resetting(false);
    assert!(subscribe.received().is_empty());
    assert_eq!(subscribe.call(opt_in_event(1)).await.row(), (200, "delivered"));
    let line = &subscribe.end().await.event_log()[0];
    assert_eq!((&line["outcome"], &line["calls"]), (&json!("try_later"), &json!(3)));
}

#[tokio::test]
async fn redirect_is_not_followed() {
    let path = format!("lists/{}", fakes::mailchimp::LIST_ID);
    vendor_errors::redirect_is_not_followed(opting_in().await.start().await, &path).await;
}

/// With the key, which the other one would see.
#[tokio::test]
async fn redirect_of_a_write_is_not_followed() {
    let elsewhere = <fakes::FakeMailchimp as Vendor>::start().await;
    let mut subscribe = Subscribe::start().await;
    for (n, status) in [301, 302, 303, 307, 308].into_iter().enumerate() {
        let location = format!("{}/lists", elsewhere.url());
        let moved = vendor_replies::with_header(status, "location", &location);
        subscribe.answer_writes([answered(moved)]);
        assert_eq!(subscribe.call(opt_in_event(n)).await.status, 503, "{status}");
    }
    assert!(elsewhere.take_received().is_empty());
    for line in subscribe.end().await.event_log() {
        assert_eq!(line["outcome"], "blocked");
    }
}
