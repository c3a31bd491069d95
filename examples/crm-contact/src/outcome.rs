//! What the CRM's answers mean. <https://developers.hubspot.com/docs/api-reference/error-handling>

use serde::Deserialize;
use serde_json::json;
use shared::{
    http::Response,
    outcome::{Blocked, Outcome},
};

#[derive(Deserialize)]
struct Upserted {
    results: Vec<Known>,
}

/// A contact with the number that the CRM gave it.
#[derive(Deserialize)]
struct Known {
    id: String,
    new: bool,
}

/// The word for an invalid address, somewhere in the text of the answer.
const NO_ADDRESS: &str = "INVALID_EMAIL";

pub(crate) fn classify(answer: &Response) -> Outcome {
    let cause = || format!("the CRM answered {}", answer.status);
    match answer.status {
        // 207 reports single contacts that were rejected.
        200..=206 => upserted(answer).unwrap_or_else(|| Outcome::in_doubt(cause())),
        400 if String::from_utf8_lossy(&answer.body).contains(NO_ADDRESS) => {
            Outcome::Rejected { reason: "invalid-email".to_owned() }
        }
        401 | 403 => Outcome::Blocked(Blocked::BadKey),
        408 | 429 | 500..=599 => {
            Outcome::TryLater { wait: answer.retry_after().into(), cause: cause() }
        }
        207..=499 => Outcome::blocked(cause()),
        _ => Outcome::in_doubt(cause()),
    }
}

fn upserted(answer: &Response) -> Option<Outcome> {
    let Upserted { results } = serde_json::from_slice(&answer.body).ok()?;
    let [contact] = results.as_slice() else { return None };
    Some(Outcome::delivered(json!({"id": contact.id, "new": contact.new})))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::{HeaderMap, HeaderValue};
    use proptest::prelude::*;
    use shared::outcome::Wait;

    use super::*;

    fn answer(status: u16, body: &str) -> Response {
        Response { status, headers: HeaderMap::new(), body: body.to_owned().into() }
    }

    #[test]
    fn every_status_in_the_table_has_its_outcome() {
        let known = r#"{"status":"COMPLETE","results":[{"id":"512","new":true,"properties":{}}]}"#;
        let no_address =
            r#"{"category":"VALIDATION_ERROR","message":"[{\"error\":\"INVALID_EMAIL\"}]"}"#;
        let no_property = r#"{"category":"VALIDATION_ERROR","message":"no such property"}"#;
        let table = [
            (200, known, "delivered"),
            (201, known, "delivered"),
            (200, r#"{"results":[]}"#, "in_doubt"),
            (200, "<html>", "in_doubt"),
            (207, r#"{"results":[],"numErrors":1}"#, "blocked"),
            (302, "", "blocked"),
            (400, no_address, "rejected"),
            (400, no_property, "blocked"),
            (401, r#"{"category":"INVALID_AUTHENTICATION"}"#, "blocked"),
            (403, r#"{"category":"MISSING_SCOPES"}"#, "blocked"),
            (408, "", "try_later"),
            (429, r#"{"category":"RATE_LIMITS"}"#, "try_later"),
            (500, "", "try_later"),
            (503, "", "try_later"),
        ];
        for (status, body, word) in table {
            assert_eq!(classify(&answer(status, body)).word(), word, "{status} {body}");
        }
    }

    #[test]
    fn refused_token_asks_for_a_refresh() {
        for status in [401, 403] {
            assert_eq!(classify(&answer(status, "")), Outcome::Blocked(Blocked::BadKey));
        }
    }

    #[test]
    fn retry_after_of_the_crm_is_respected() {
        let mut limited = answer(429, "");
        limited.headers.insert("retry-after", HeaderValue::from_static("10"));
        let Outcome::TryLater { wait, .. } = classify(&limited) else { panic!("not tried later") };
        assert_eq!(wait, Wait::AtLeast(Duration::from_secs(10)));
    }

    #[test]
    fn report_holds_only_the_contact_id() {
        let body = r#"{"results":[{"id":"512","new":false,"properties":{"email":"ann"}}]}"#;
        let expected = Outcome::delivered(json!({"id": "512", "new": false}));
        assert_eq!(classify(&answer(200, body)), expected);
    }

    proptest! {
        #[test]
        fn any_response_has_an_outcome(status in 100_u16..1000, body in ".*") {
            let word = classify(&answer(status, &body)).word();
            prop_assert!(word != "delivered" || (200..207).contains(&status));
        }
    }
}
