//! What the CRM's answers mean. <https://developers.hubspot.com/docs/api-reference/error-handling>

use serde::Deserialize;
use serde_json::{Map, Value, json};
use shared::{
    http::Response,
    outcome::{Blocked, Outcome},
};

use crate::contact::Known;

#[derive(Deserialize)]
struct Contacts {
    results: Vec<Contact>,
}

/// A contact with the number that the CRM gave it.
#[derive(Deserialize)]
struct Contact {
    id: String,
    properties: Map<String, Value>,
}

/// The word for an invalid address, somewhere in the text of the answer.
const NO_ADDRESS: &str = "INVALID_EMAIL";

/// The contact that a read found, if there is one. 207 says which were not found.
///
/// # Errors
/// The outcome of an answer that does not tell.
pub(crate) fn found(answer: &Response) -> Result<Option<Known>, Outcome> {
    let read =
        serde_json::from_slice(&answer.body).ok().filter(|_| [200, 207].contains(&answer.status));
    let Some(Contacts { results }) = read else { return Err(failed(answer)) };
    // An id becomes part of a path.
    let is_id = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    match results.into_iter().next() {
        Some(Contact { id, .. }) if !is_id(&id) => Err(failed(answer)),
        contact => Ok(contact.map(|Contact { id, properties }| Known { id, properties })),
    }
}

/// What a write came to.
///
/// # Errors
/// The outcome of a contact that was not written.
pub(crate) fn written(answer: &Response) -> Result<Outcome, Outcome> {
    match serde_json::from_slice(&answer.body) {
        Ok(Contact { id, .. }) if matches!(answer.status, 200 | 201) => {
            Ok(Outcome::delivered(json!({ "id": id })))
        }
        _ => Err(failed(answer)),
    }
}

fn failed(answer: &Response) -> Outcome {
    let cause = || format!("the CRM answered {}", answer.status);
    match answer.status {
        400 if String::from_utf8_lossy(&answer.body).contains(NO_ADDRESS) => {
            Outcome::Rejected { reason: "invalid-email".to_owned() }
        }
        401 | 403 => Outcome::Blocked(Blocked::BadKey),
        // Somebody has created the contact since it was read: the next attempt reads it again.
        409 => Outcome::try_later(cause()),
        408 | 429 | 500..=599 => {
            Outcome::TryLater { wait: answer.retry_after().into(), cause: cause() }
        }
        300..=499 => Outcome::blocked(cause()),
        _ => Outcome::in_doubt(cause()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::{HeaderMap, HeaderValue};
    use proptest::prelude::*;
    use shared::outcome::Wait;

    use super::*;

    const ANN: &str = r#"{"id":"512","properties":{"firstname":"Ann"}}"#;

    fn answer(status: u16, body: &str) -> Response {
        Response { status, headers: HeaderMap::new(), body: body.to_owned().into() }
    }

    /// The id that was found, `nobody`, or the outcome of an answer that does not tell.
    fn read(answer: &Response) -> String {
        match found(answer) {
            Ok(known) => known.map_or_else(|| "nobody".to_owned(), |known| known.id),
            Err(outcome) => outcome.word().to_owned(),
        }
    }

    #[test]
    fn every_answer_to_a_read_has_its_outcome() {
        let table = [
            (200, format!(r#"{{"results":[{ANN}]}}"#), "512"),
            (200, r#"{"results":[]}"#.to_owned(), "nobody"),
            (207, r#"{"results":[],"numErrors":1,"errors":[{}]}"#.to_owned(), "nobody"),
            (200, r#"{"results":[{"id":"../1","properties":{}}]}"#.to_owned(), "in_doubt"),
            (200, "<html>".to_owned(), "in_doubt"),
            (404, r#"{"results":[]}"#.to_owned(), "blocked"),
        ];
        for (status, body, expected) in table {
            assert_eq!(read(&answer(status, &body)), expected, "{status} {body}");
        }
    }

    #[test]
    fn every_answer_to_a_write_has_its_outcome() {
        let no_address = r#"{"message":"[{\"error\":\"INVALID_EMAIL\"}]"}"#;
        let table = [
            (201, ANN, "delivered"),
            (200, ANN, "delivered"),
            (200, "<html>", "in_doubt"),
            (302, "", "blocked"),
            (400, no_address, "rejected"),
            (400, r#"{"message":"no such property"}"#, "blocked"),
            (401, "", "blocked"),
            (403, "", "blocked"),
            (404, "", "blocked"),
            (408, "", "try_later"),
            (409, ANN, "try_later"),
            (429, "", "try_later"),
            (500, "", "try_later"),
        ];
        for (status, body, word) in table {
            let (Ok(outcome) | Err(outcome)) = written(&answer(status, body));
            assert_eq!(outcome.word(), word, "{status} {body}");
        }
    }

    #[test]
    fn refused_token_asks_for_a_refresh() {
        for status in [401, 403] {
            assert_eq!(failed(&answer(status, "")), Outcome::Blocked(Blocked::BadKey));
        }
    }

    #[test]
    fn retry_after_of_the_crm_is_respected() {
        let mut limited = answer(429, "");
        limited.headers.insert("retry-after", HeaderValue::from_static("10"));
        let Outcome::TryLater { wait, .. } = failed(&limited) else { panic!("not tried later") };
        assert_eq!(wait, Wait::AtLeast(Duration::from_secs(10)));
    }

    #[test]
    fn report_holds_only_the_contact_id() {
        let expected = Outcome::delivered(json!({"id": "512"}));
        assert_eq!(written(&answer(201, ANN)), Ok(expected));
    }

    proptest! {
        #[test]
        fn any_response_has_an_outcome(status in 100_u16..1000, body in ".*") {
            let answer = answer(status, &body);
            prop_assert!(written(&answer).is_err() || [200, 201].contains(&status));
            prop_assert!(found(&answer).is_err() || [200, 207].contains(&status));
        }
    }
}
