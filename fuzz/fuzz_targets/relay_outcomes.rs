//! Rows of a relay in the first line, and then a vendor's answer: a status in the second line, the
//! rest is the body.
//!
//! Checks: every answer has an outcome, and the same one again; only what a row names, or the built-in
//! table, decides; a row for everything decides if it is first, and changes nothing if it is last and
//! another one decided; waits are bounded; and no cause repeats the vendor's text.
#![no_main]

use std::sync::LazyLock;

use http::HeaderMap;
use libfuzzer_sys::fuzz_target;
use relay::{Outcomes, SHIPPED, Shipped};
use serde_json::{Value, json};
use shared::{
    deliver::{MAX_RETRY_AFTER, backoff},
    http::Response,
    outcome::{Blocked, Outcome},
};

const WORDS: [&str; 5] = ["delivered", "rejected", "try_later", "blocked", "in_doubt"];

fuzz_target!(|input: &[u8]| {
    let mut lines = input.splitn(3, |&byte| byte == b'\n');
    let [rows, status, body] = [(); 3].map(|()| lines.next().unwrap_or_default());
    let status = std::str::from_utf8(status).ok().and_then(|status| status.parse().ok());
    let answer = Response {
        status: status.unwrap_or(200),
        headers: HeaderMap::new(),
        body: body.to_vec().into(),
    };
    for (rows, outcomes) in &*PRESETS {
        check(rows, outcomes, &answer);
    }
    let Ok(Value::Array(rows)) = serde_json::from_slice(rows) else { return };
    let Ok(outcomes) = Outcomes::parse(&json!(rows).to_string()) else { return };
    let outcome = check(&rows, &outcomes, &answer);
    check_order(&rows, &outcome, &answer);
});

/// The rows of the presets.
static PRESETS: LazyLock<Vec<(Vec<Value>, Outcomes)>> = LazyLock::new(|| {
    let preset = |shipped: &Shipped| {
        let mut file: Value = serde_json::from_str(shipped.json).expect("JSON");
        let rows = file["outcomes"].as_array_mut().map(std::mem::take).expect("a list");
        (rows, shipped.preset().expect("a preset").outcomes)
    };
    SHIPPED.iter().map(preset).collect()
});

fn check(rows: &[Value], outcomes: &Outcomes, answer: &Response) -> Outcome {
    let outcome = outcomes.classify(answer);
    assert_eq!(outcomes.classify(answer), outcome);
    let built_in = Outcomes::default().classify(answer);
    let is_of_a_row = rows.iter().any(|row| row["outcome"] == outcome.word());
    assert!(is_of_a_row || outcome == built_in, "{outcome:?}");
    assert!(outcome.word() != "delivered" || is_of_a_row || (200..300).contains(&answer.status));

    let ours = format!("the vendor returned {}", answer.status);
    let cause = outcome.cause().unwrap_or_default();
    let is_of_a_row = rows.iter().any(|row| row["reason"] == cause);
    let is_bad_key = outcome == Outcome::Blocked(Blocked::BadKey);
    assert!(is_of_a_row || is_bad_key || ["", &ours].contains(&&*cause), "{cause}");
    let wait = backoff(&outcome, u32::from(answer.status), 0.5);
    assert!(wait.is_none_or(|wait| wait <= MAX_RETRY_AFTER));
    outcome
}

fn check_order(rows: &[Value], outcome: &Outcome, answer: &Response) {
    let built_in = Outcomes::default().classify(answer);
    for word in WORDS {
        let all = json!({"status": "*", "outcome": word});
        let first: Vec<_> = [&all].into_iter().chain(rows).collect();
        assert_eq!(classified(&first, answer).word(), word);
        let last: Vec<_> = rows.iter().chain([&all]).collect();
        let with_last = classified(&last, answer);
        assert!(with_last == *outcome || *outcome == built_in && with_last.word() == word);
    }
}

fn classified(rows: &[&Value], answer: &Response) -> Outcome {
    Outcomes::parse(&json!(rows).to_string()).expect("rows").classify(answer)
}
