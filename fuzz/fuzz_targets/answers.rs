//! A vendor's answer: a status, headers and a body, written as in HTTP.
//!
//! Checks: each table of outcomes is total; a vendor has an event only if it answered 2xx; we
//! answer 2xx only for what is settled; a wait comes from the vendor and is bounded; and no cause,
//! which is logged, repeats the vendor's text.
#![no_main]

use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;
use mailchimp_subscribe::mailchimp::{self, Written};
use serde_json::{Map, Value};
use shared::{
    answer::for_ory,
    deliver::{Found, MAX_RETRY_AFTER, backoff},
    http::Response,
    key::EventId,
    ory,
    outcome::{Outcome, Wait},
};

const KEY: &str = "0123456789abcdef0123456789abcdef";

fuzz_target!(|answer: &[u8]| {
    let answer = read(answer);
    check(&mandrill_welcome::classify(&answer), &answer);
    let segment = shared::segment::classify(&answer);
    check(&segment, &answer);
    assert_ne!(segment.word(), "rejected");
    for read in [ory::identity(&answer).map(drop), ory::identities(&answer).map(drop)] {
        match read {
            Ok(()) => assert!([200, 404].contains(&answer.status)),
            Err(outcome) => {
                assert!(!outcome.is_settled(), "{outcome:?}");
                check(&outcome, &answer);
            }
        }
    }
    check_mailchimp(&answer);
    match mandrill_welcome::read_search(KEY, &answer) {
        Found::Done(_) => {
            // A part that is never read may be broken: then there is nothing to compare with.
            let rows: Vec<Value> = serde_json::from_slice(&answer.body).unwrap_or_default();
            let is_ours = |row: &Value| row["metadata"]["ory_key"] == KEY;
            assert!(rows.is_empty() || rows.iter().any(is_ours));
        }
        Found::Nothing => assert_eq!(answer.status, 200),
        Found::Failed(outcome) => {
            assert!(!outcome.is_settled(), "{outcome:?}");
            check(&outcome, &answer);
        }
    }
});

fn check_mailchimp(answer: &Response) {
    for read in [mailchimp::double_opt_in(answer).map(drop), mailchimp::contact(answer).map(drop)] {
        match read {
            Ok(()) => assert!([200, 404].contains(&answer.status)),
            Err(outcome) => {
                assert!(!outcome.is_settled() && outcome.word() != "in_doubt", "{outcome:?}");
                check(&outcome, answer);
            }
        }
    }
    let written = mailchimp::written(&Map::new(), answer);
    assert!(!matches!(written, Ok(Written::Done(_))) || answer.status == 200);
    let archived = mailchimp::archived(answer);
    let tagged = mailchimp::tagged(answer);
    assert!(archived != Ok(true) || [200, 204, 404].contains(&answer.status));
    assert!(tagged != Ok(true) || [200, 204].contains(&answer.status));
    for outcome in [written.map(drop), archived.map(drop), tagged.map(drop)] {
        outcome.map_or_else(|outcome| check(&outcome, answer), drop);
    }
}

fn check(outcome: &Outcome, answer: &Response) {
    assert!(outcome.word() != "delivered" || (200..300).contains(&answer.status));
    let ours = for_ory(outcome, &EventId::digest(b"event")).status;
    assert!([200, 202, 204, 422, 503].contains(&ours));
    assert_eq!(ours < 300, outcome.is_settled());
    if let Outcome::TryLater { wait: Wait::AtLeast(asked), .. } = outcome {
        let waits = ["retry-after", "x-ratelimit-reset"].map(|name| answer.seconds(name));
        assert!(waits.contains(&Some(*asked)));
    }
    let wait = backoff(outcome, u32::from(answer.status), 0.5);
    assert_eq!(wait.is_none(), outcome.is_settled());
    assert!(wait.is_none_or(|wait| wait <= MAX_RETRY_AFTER));
    // No word of our tables contains an `@`; the texts of the vendors in the seeds do.
    let cause = outcome.cause().unwrap_or_default();
    assert!(cause.len() < 100 && cause.is_ascii() && !cause.contains('@'), "{cause}");
}

fn read(text: &[u8]) -> Response {
    let (head, body) = match text.windows(2).position(|two| two == b"\n\n") {
        Some(end) => (&text[..end], &text[end + 2..]),
        None => (text, &[][..]),
    };
    let mut lines = head.split(|&byte| byte == b'\n');
    let status = std::str::from_utf8(lines.next().unwrap_or_default()).ok();
    let status = status.and_then(|status| status.parse().ok()).unwrap_or(200);
    let headers: HeaderMap = lines.filter_map(header).collect();
    Response { status, headers, body: body.to_vec().into() }
}

fn header(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
    Some((HeaderName::from_bytes(&line[..colon]).ok()?, value))
}
