//! What the admin API's answers mean.

use serde_json::Value;
use shared::{
    http::Response,
    outcome::{Blocked, Outcome},
};

use super::{Call, Identity};

/// An identity that is not there any more.
pub(crate) const GONE: Outcome = Outcome::Skipped { reason: "identity gone" };

/// What an answer of the admin API's to the call means: total over any status and any body.
pub fn classify(call: &Call, answer: &Response) -> Outcome {
    let said = || format!("Ory returned {}", answer.status);
    match answer.status {
        200 => read(call, answer),
        401 | 403 => Outcome::Blocked(Blocked::BadKey),
        404 => gone(call, answer),
        // Two changes to one identity at the same time.
        409 => Outcome::try_later(said()),
        // Too many calls, or, on Ory's network, a change under way to the same identity.
        408 | 429 | 500..=599 => Outcome::TryLater { wait: wait(answer).into(), cause: said() },
        // A patch against the schema, or one that Ory forbids.
        300..=499 => Outcome::blocked(said()),
        _ => Outcome::in_doubt(said()),
    }
}

/// Ory Oathkeeper, a proxy that often stands before Kratos, says so in Kratos' own form where none of
/// its rules is for the call (ory/oathkeeper, `rule/fetcher`, `helper.ErrMatchesNoRule`).
const NO_RULE: &str = "Requested url does not match any rules";

/// "No such identity" only where Ory itself says so. Any other 404 comes from somebody who stands in
/// its place, or from a wrong path: the URL is wrong, or an edge does not reach Ory.
fn gone(call: &Call, answer: &Response) -> Outcome {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    match call {
        Call::ById(_) | Call::Patch(..)
            if body["error"]["code"] == 404 && body["error"]["message"] != NO_RULE =>
        {
            GONE
        }
        _ => Outcome::blocked("Ory returned an unrecognized 404: check ORY_URL"),
    }
}

/// Both are in seconds.
fn wait(answer: &Response) -> Option<std::time::Duration> {
    answer.retry_after().or_else(|| answer.seconds("x-ratelimit-reset"))
}

fn read(call: &Call, answer: &Response) -> Outcome {
    let Ok(body) = serde_json::from_slice::<Value>(&answer.body) else {
        return Outcome::in_doubt("Ory returned an unrecognized body");
    };
    match (call, &body) {
        (Call::ByAddress(_), Value::Array(found)) => identities(found),
        (Call::ById(_) | Call::Patch(..), Value::Object(_)) => identity(body),
        _ => Outcome::in_doubt("Ory returned an unrecognized body"),
    }
}

fn identity(value: Value) -> Outcome {
    match Identity::read(value) {
        Some(identity) => Outcome::delivered(identity.into_value()),
        None => Outcome::in_doubt("Ory returned an identity without an id"),
    }
}

fn identities(found: &[Value]) -> Outcome {
    let found: Option<Vec<_>> = found.iter().map(|one| Identity::read(one.clone())).collect();
    match found {
        Some(found) => Outcome::delivered(found.into_iter().map(Identity::into_value).collect()),
        None => Outcome::in_doubt("Ory returned an identity without an id"),
    }
}

/// The identities that were found.
///
/// # Errors
/// The outcome of an event whose identities cannot be known.
pub(crate) fn found_all(outcome: Outcome) -> Result<Vec<Identity>, Outcome> {
    match outcome {
        Outcome::Delivered { vendor: Value::Array(found), .. } => {
            Ok(found.into_iter().filter_map(Identity::read).collect())
        }
        other => Err(other),
    }
}

/// The identity that was found, `None` where there is none.
///
/// # Errors
/// The outcome of an event whose identity cannot be known.
pub(crate) fn found(outcome: Outcome) -> Result<Option<Identity>, Outcome> {
    match outcome {
        Outcome::Delivered { vendor, .. } => Ok(Identity::read(vendor)),
        gone if gone == GONE => Ok(None),
        other => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::{HeaderMap, HeaderValue};
    use proptest::prelude::*;
    use serde_json::json;
    use shared::outcome::Wait;
    use uuid::Uuid;

    use super::*;

    const ID: &str = "3a5293f1-f4d6-49f4-b34f-6da62c360604";

    fn answer(status: u16, body: impl ToString) -> Response {
        Response { status, headers: HeaderMap::new(), body: body.to_string().into() }
    }

    fn calls() -> [Call; 3] {
        [
            Call::ById(Uuid::nil()),
            Call::ByAddress("ann@example.com".to_owned()),
            Call::Patch(Uuid::nil(), Vec::new()),
        ]
    }

    #[test]
    fn every_status_has_its_outcome() {
        let table = [
            (301, "blocked"),
            (400, "blocked"),
            (401, "blocked"),
            (403, "blocked"),
            (404, "blocked"),
            (408, "try_later"),
            (409, "try_later"),
            (413, "blocked"),
            (422, "blocked"),
            (429, "try_later"),
            (500, "try_later"),
            (502, "try_later"),
            (503, "try_later"),
            (100, "in_doubt"),
            (204, "in_doubt"),
        ];
        for (status, word) in table {
            for call in calls() {
                assert_eq!(classify(&call, &answer(status, "<html>")).word(), word, "{status}");
            }
        }
        for status in [401, 403] {
            let outcome = classify(&calls()[0], &answer(status, ""));
            assert_eq!(outcome, Outcome::Blocked(Blocked::BadKey));
        }
    }

    #[test]
    fn only_an_ory_404_by_id_means_deleted() {
        let own = json!({"error": {
            "code": 404, "status": "Not Found", "message": "Unable to locate the resource",
        }});
        let [by_id, by_address, patch] = calls();
        for call in [&by_id, &patch] {
            assert_eq!(classify(call, &answer(404, &own)), GONE);
        }
        assert_eq!(classify(&by_address, &answer(404, &own)).word(), "blocked");
        for foreign in [
            json!("404 page not found"),
            json!({"message": "not found"}),
            json!({"error": "not found"}),
            json!({"error": {"message": "no project of this name"}}),
            json!({"error": {"code": "404"}}),
            json!({"error": {"code": 404, "status": "Not Found", "message": NO_RULE}}),
            json!([]),
        ] {
            assert_eq!(classify(&by_id, &answer(404, &foreign)).word(), "blocked", "{foreign}");
        }
        for text in ["", "404 page not found\n", "<html>", "{\"error\":{\"code\":404"] {
            assert_eq!(classify(&patch, &answer(404, text)).word(), "blocked", "{text}");
        }
    }

    #[test]
    fn retry_after_is_passed_on() {
        let mut limited = answer(429, "");
        limited.headers.insert("x-ratelimit-reset", HeaderValue::from_static("41"));
        let Outcome::TryLater { wait, .. } = classify(&calls()[2], &limited) else { panic!() };
        assert_eq!(wait, Wait::AtLeast(Duration::from_secs(41)));
    }

    #[test]
    fn search_result_is_an_identity_none_or_an_outcome() {
        let ann = json!({"id": ID, "traits": {}});
        let [by_id, by_address, patch] = calls();
        let id = |call: &Call, body: &Value| {
            let found = found(classify(call, &answer(200, body)));
            found.map(|identity| identity.map(|identity| identity.id().to_string()))
        };
        let one = Ok(Some(ID.to_owned()));
        assert_eq!(id(&by_id, &ann), one);
        assert_eq!(id(&patch, &ann), one);
        let all = |body: &Value| {
            let found = found_all(classify(&by_address, &answer(200, body)));
            found.map(|all| all.iter().map(|one| one.id().to_string()).collect::<Vec<_>>())
        };
        assert_eq!(all(&json!([ann])), Ok(vec![ID.to_owned()]));
        assert_eq!(all(&json!([])), Ok(Vec::new()));
        assert_eq!(all(&json!([ann, ann])), Ok(vec![ID.to_owned(), ID.to_owned()]));
        for (call, body) in [
            (&by_id, json!([ann])),
            (&by_id, json!({})),
            (&by_address, ann),
            (&by_address, json!([{}])),
            (&by_address, json!(null)),
        ] {
            assert!(matches!(id(call, &body), Err(Outcome::InDoubt { .. })), "{body}");
        }
        assert_eq!(found(GONE).ok().flatten().map(|identity| identity.id()), None);
    }

    /// Cut off anywhere, as by a connection that broke.
    fn bodies() -> impl Strategy<Value = Vec<u8>> {
        let ann = json!({"id": ID, "traits": {"email": "ann@example.com"}});
        let whole = [json!([]), json!([ann]), json!([ann, ann]), json!({"id": "x"}), ann];
        let whole = whole.map(|body| body.to_string().into_bytes()).to_vec();
        let cut = (prop::sample::select(whole), any::<prop::sample::Index>())
            .prop_map(|(body, at)| body[..at.index(body.len() + 1)].to_vec());
        prop_oneof![any::<Vec<u8>>(), ".*".prop_map(String::into_bytes), cut]
    }

    proptest! {
        /// Total over any status, any header and any body; and an identity is one only if Ory says
        /// 200 and tells its id.
        #[test]
        fn any_response_has_an_outcome(
            status in prop_oneof![any::<u16>(), 199_u16..=201],
            header in prop::option::of("[0-9]{1,25}|-1|1\\.5|soon|[ -~]*"),
            body in bodies(),
        ) {
            let asked = header.as_ref().and_then(|text| text.trim().parse().ok());
            let mut answer = Response { status, headers: HeaderMap::new(), body: body.into() };
            if let Some(text) = &header {
                answer.headers.insert("retry-after", HeaderValue::from_str(text).unwrap());
            }
            for call in calls() {
                let outcome = classify(&call, &answer);
                let expected: &[&str] = match status {
                    200 => &["delivered", "in_doubt"],
                    404 => &["skipped", "blocked"],
                    408 | 409 | 429 | 500..=599 => &["try_later"],
                    300..=499 => &["blocked"],
                    _ => &["in_doubt"],
                };
                prop_assert!(expected.contains(&outcome.word()), "{status}: {outcome:?}");
                match outcome {
                    Outcome::Delivered { vendor: Value::Array(all), .. } => {
                        prop_assert!(all.iter().all(|one| one["id"] == ID));
                        // Where Ory says of nobody that they are this, it has said so in full.
                        prop_assert!(!all.is_empty() || &answer.body[..] == b"[]");
                    }
                    Outcome::Delivered { vendor, .. } => prop_assert_eq!(&vendor["id"], ID),
                    Outcome::TryLater { wait, .. } if status != 409 => {
                        prop_assert_eq!(wait, asked.map(Duration::from_secs).into());
                    }
                    _ => {}
                }
            }
        }
    }
}
