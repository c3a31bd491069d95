use http::{HeaderMap, header::RETRY_AFTER};
use proptest::prelude::*;

use super::*;
use crate::preset::SHIPPED;

fn answer(status: u16, body: &str) -> Response {
    Response { status, headers: HeaderMap::new(), body: body.to_owned().into() }
}

fn rows(json: Value) -> Outcomes {
    Outcomes::parse(&json.to_string()).unwrap()
}

/// The word of an outcome; a bad key has one of its own.
fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Blocked(Blocked::BadKey) => "bad key",
        outcome => outcome.word(),
    }
}

#[test]
fn answer_without_a_row_has_the_built_in_outcome() {
    let table = [
        (100, "in_doubt"),
        (200, "delivered"),
        (201, "delivered"),
        (204, "delivered"),
        (299, "delivered"),
        (301, "blocked"),
        (307, "blocked"),
        (400, "rejected"),
        (401, "bad key"),
        (402, "rejected"),
        (403, "bad key"),
        (404, "blocked"),
        (405, "blocked"),
        (408, "try_later"),
        (409, "rejected"),
        (410, "rejected"),
        (413, "rejected"),
        (422, "rejected"),
        (425, "try_later"),
        (429, "try_later"),
        (451, "rejected"),
        (500, "try_later"),
        (502, "try_later"),
        (599, "try_later"),
        (600, "in_doubt"),
        (0, "in_doubt"),
    ];
    for (status, expected) in table {
        assert_eq!(word(&Outcomes::default().classify(&answer(status, "x"))), expected, "{status}");
    }
}

#[test]
fn first_row_that_fits_decides() {
    let rows = rows(json!([
        {"status": "2xx", "when": {"equals": {"pointer": "/n", "value": 0}}, "outcome": "delivered"},
        {"status": "2xx", "when": {"exists": "/n"}, "outcome": "rejected", "reason": "part failed"},
        {"status": "200-202", "when": {"contains": "fatal"}, "outcome": "blocked"},
        {"status": "409", "outcome": "delivered"},
        {"status": "500-504", "when": {"prefix": {"pointer": "/code", "value": "ROLLUP"}}, "outcome": "in_doubt"},
        {"status": "401", "outcome": "blocked", "reason": "another region"},
        {"status": "*", "when": {"contains": "later"}, "outcome": "try_later"},
    ]));
    let table = [
        (200, r#"{"n":0}"#, "delivered"),
        (207, r#"{"n":1}"#, "rejected"),
        (207, r#"{"n":null}"#, "rejected"),
        (200, "fatal", "blocked"),
        (203, "fatal", "delivered"),
        (200, "not JSON", "delivered"),
        (409, "", "delivered"),
        (500, r#"{"code":"ROLLUP_ERROR"}"#, "in_doubt"),
        (500, r#"{"code":7}"#, "try_later"),
        (505, r#"{"code":"ROLLUP_ERROR"}"#, "try_later"),
        // The secret is fetched afresh first.
        (401, "", "bad key"),
        (404, "later", "try_later"),
        (999, "later", "try_later"),
    ];
    for (status, body, expected) in table {
        assert_eq!(word(&rows.classify(&answer(status, body))), expected, "{status} {body}");
    }
    let part = rows.classify(&answer(207, r#"{"n":1}"#));
    assert_eq!(part, Outcome::Rejected { reason: "part failed".to_owned() });
}

#[test]
fn wait_of_the_vendor_is_kept() {
    let mut slow = answer(429, "");
    slow.headers.insert(RETRY_AFTER, "7".parse().unwrap());
    let Outcome::TryLater { wait, .. } = Outcomes::default().classify(&slow) else { panic!() };
    assert_eq!(wait, shared::outcome::Wait::AtLeast(std::time::Duration::from_secs(7)));
}

#[test]
fn invalid_rows_are_refused() {
    for row in [
        json!({"status": "2xx"}),
        json!({"outcome": "delivered"}),
        json!({"status": "2xx", "outcome": "lost"}),
        json!({"status": "2xx", "outcome": "delivered", "more": 1}),
        json!({"status": "6xx", "outcome": "delivered"}),
        json!({"status": "20x", "outcome": "delivered"}),
        json!({"status": "99", "outcome": "delivered"}),
        json!({"status": "600", "outcome": "delivered"}),
        json!({"status": "300-200", "outcome": "delivered"}),
        json!({"status": "", "outcome": "delivered"}),
        json!({"status": 200, "outcome": "delivered"}),
        json!({"status": "2xx", "when": {"regex": "x"}, "outcome": "delivered"}),
        json!({"status": "2xx", "when": {"equals": {"pointer": "/a"}}, "outcome": "delivered"}),
    ] {
        assert!(Outcomes::parse(&json!([row]).to_string()).is_err(), "{row}");
    }
    assert!(Outcomes::parse("{}").is_err());
}

proptest! {
    /// Only a 2xx, or a status that a row names, is delivered; and no outcome shows the answer's text.
    #[test]
    fn any_answer_has_an_outcome_without_its_text(status: u16, body in "[a-z]{8}|\\{\"errors\":\\[\"[a-z]{8}\"\\]\\}") {
        let answer = answer(status, &body);
        for shipped in SHIPPED {
            let outcome = shipped.preset().unwrap().outcomes.classify(&answer);
            let is_good = matches!(status, 200..=299) || (shipped.name == "intercom" && status == 409);
            prop_assert!(is_good || word(&outcome) != "delivered", "{}", shipped.name);
            let shown = format!("{outcome:?}");
            let text: String = body.chars().filter(char::is_ascii_lowercase).collect();
            let text = text.trim_start_matches("errors");
            prop_assert!(!shown.contains(text), "{}", shown);
        }
    }
}
