//! What the admin API's answers mean: total over any status and any body.

use std::time::Duration;

use serde_json::Value;

use super::Identity;
use crate::{
    http::Response,
    outcome::{Blocked, Outcome},
};

/// The identity in an answer to a look-up by id or to a patch; `None` if it is gone.
///
/// # Errors
/// The outcome of an event whose identity cannot be determined.
pub fn identity(answer: &Response) -> Result<Option<Identity>, Outcome> {
    match answer.status {
        200 => match read(answer)? {
            value @ Value::Object(_) => Identity::read(value).map(Some).ok_or_else(without_id),
            _ => Err(not_understood()),
        },
        404 if is_gone(answer) => Ok(None),
        _ => Err(failure(answer)),
    }
}

/// The identities in an answer to a look-up by address.
///
/// # Errors
/// The outcome of an event whose identities cannot be determined.
pub fn identities(answer: &Response) -> Result<Vec<Identity>, Outcome> {
    match answer.status {
        200 => match read(answer)? {
            Value::Array(found) => {
                let found: Option<_> = found.into_iter().map(Identity::read).collect();
                found.ok_or_else(without_id)
            }
            _ => Err(not_understood()),
        },
        _ => Err(failure(answer)),
    }
}

fn failure(answer: &Response) -> Outcome {
    let said = format!("Ory returned {}", answer.status);
    match answer.status {
        401 | 403 => Outcome::Blocked(Blocked::BadKey),
        404 => Outcome::blocked("Ory returned an unrecognized 404: check ORY_URL"),
        // Two changes to one identity at the same time.
        409 => Outcome::try_later(said),
        // Too many calls, or, on Ory Network, another change to the same identity in progress.
        408 | 429 | 500..=599 => Outcome::TryLater { wait: wait(answer).into(), cause: said },
        // A patch against the schema, or one that Ory forbids.
        300..=499 => Outcome::blocked(said),
        _ => Outcome::in_doubt(said),
    }
}

/// Ory Oathkeeper, a proxy that is often in front of Kratos, sends this in Kratos' own format if
/// none of its rules matches the call (ory/oathkeeper, `rule/fetcher`, `helper.ErrMatchesNoRule`).
const NO_RULE: &str = "Requested url does not match any rules";

/// "No such identity" only if Ory itself says so. Any other 404 comes from another server, or from
/// a wrong path: the URL is wrong, or an edge does not reach Ory.
fn is_gone(answer: &Response) -> bool {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    body["error"]["code"] == 404 && body["error"]["message"] != NO_RULE
}

/// Both are in seconds.
fn wait(answer: &Response) -> Option<Duration> {
    answer.retry_after().or_else(|| answer.seconds("x-ratelimit-reset"))
}

fn read(answer: &Response) -> Result<Value, Outcome> {
    serde_json::from_slice(&answer.body).map_err(|_| not_understood())
}

fn not_understood() -> Outcome {
    Outcome::in_doubt("Ory returned an unrecognized body")
}

fn without_id() -> Outcome {
    Outcome::in_doubt("Ory returned an identity without an id")
}

#[cfg(test)]
mod tests {
    use crate::outcome::Wait;
    use http::{HeaderMap, HeaderValue};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const ID: &str = "3a5293f1-f4d6-49f4-b34f-6da62c360604";

    fn answer(status: u16, body: impl ToString) -> Response {
        Response { status, headers: HeaderMap::new(), body: body.to_string().into() }
    }

    /// The ids in an answer, read as that of a look-up by id or a patch, and of a look-up by
    /// address.
    fn read_as_each(answer: &Response) -> [Result<Vec<String>, Outcome>; 2] {
        let ids = |found: Vec<Identity>| found.iter().map(|one| one.id().to_string()).collect();
        [
            identity(answer).map(|found| ids(found.into_iter().collect())),
            identities(answer).map(ids),
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
            for read in read_as_each(&answer(status, "<html>")) {
                assert_eq!(read.unwrap_err().word(), word, "{status}");
            }
        }
        for status in [401, 403] {
            let bad_key = Err(Outcome::Blocked(Blocked::BadKey));
            assert_eq!(read_as_each(&answer(status, "")), [bad_key.clone(), bad_key]);
        }
    }

    #[test]
    fn only_an_ory_404_by_id_means_deleted() {
        let own = json!({"error": {
            "code": 404, "status": "Not Found", "message": "Unable to locate the resource",
        }});
        let [by_id, by_address] = read_as_each(&answer(404, &own));
        assert_eq!(by_id, Ok(Vec::new()));
        assert_eq!(by_address.unwrap_err().word(), "blocked");
        let foreign = [
            json!("404 page not found"),
            json!({"message": "not found"}),
            json!({"error": "not found"}),
            json!({"error": {"message": "no project of this name"}}),
            json!({"error": {"code": "404"}}),
            json!({"error": {"code": 404, "status": "Not Found", "message": NO_RULE}}),
            json!([]),
        ];
        let texts = ["", "404 page not found\n", "<html>", "{\"error\":{\"code\":404"];
        let texts = texts.map(str::to_owned).into_iter();
        for body in texts.chain(foreign.map(|body| body.to_string())) {
            for read in read_as_each(&answer(404, &body)) {
                assert_eq!(read.unwrap_err().word(), "blocked", "{body}");
            }
        }
    }

    #[test]
    fn retry_after_is_passed_on() {
        let mut limited = answer(429, "");
        limited.headers.insert("x-ratelimit-reset", HeaderValue::from_static("41"));
        for read in read_as_each(&limited) {
            let Err(Outcome::TryLater { wait, .. }) = read else { panic!() };
            assert_eq!(wait, Wait::AtLeast(Duration::from_secs(41)));
        }
    }

    #[test]
    fn search_result_is_an_identity_none_or_an_outcome() {
        let ann = json!({"id": ID, "traits": {}});
        let id = || ID.to_owned();
        let table = [
            (json!(ann), Some(vec![id()]), None),
            (json!([ann]), None, Some(vec![id()])),
            (json!([ann, ann]), None, Some(vec![id(), id()])),
            (json!([]), None, Some(Vec::new())),
            (json!({}), None, None),
            (json!([{}]), None, None),
            (json!(null), None, None),
        ];
        for (body, one, several) in table {
            let [by_id, by_address] = read_as_each(&answer(200, &body));
            for (read, expected) in [(by_id, one), (by_address, several)] {
                match expected {
                    Some(ids) => assert_eq!(read, Ok(ids), "{body}"),
                    None => assert_eq!(read.unwrap_err().word(), "in_doubt", "{body}"),
                }
            }
        }
    }

    /// Cut off anywhere, as by a broken connection.
    fn bodies() -> impl Strategy<Value = Vec<u8>> {
        let ann = json!({"id": ID, "traits": {"email": "ann@example.com"}});
        let whole = [json!([]), json!([ann]), json!([ann, ann]), json!({"id": "x"}), ann];
        let whole = whole.map(|body| body.to_string().into_bytes()).to_vec();
        let cut = (prop::sample::select(whole), any::<prop::sample::Index>())
            .prop_map(|(body, at)| body[..at.index(body.len() + 1)].to_vec());
        prop_oneof![any::<Vec<u8>>(), ".*".prop_map(String::into_bytes), cut]
    }

    proptest! {
        /// Total over any status, any header and any body; and an identity counts only if Ory says
        /// 200 and gives its id.
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
            let is_empty = &answer.body[..] == b"[]";
            for (n, read) in read_as_each(&answer).into_iter().enumerate() {
                let outcome = match read {
                    Ok(ids) => {
                        prop_assert!(ids.iter().all(|id| id == ID));
                        // If Ory says that there is no identity, it has said so in full.
                        prop_assert!(status == 200 || status == 404 && n == 0);
                        prop_assert!(status == 404 || !ids.is_empty() || n == 1 && is_empty);
                        continue;
                    }
                    Err(outcome) => outcome,
                };
                let expected = match status {
                    408 | 409 | 429 | 500..=599 => "try_later",
                    300..=499 => "blocked",
                    _ => "in_doubt",
                };
                prop_assert_eq!(outcome.word(), expected, "{}", status);
                if let (Outcome::TryLater { wait, .. }, true) = (outcome, status != 409) {
                    prop_assert_eq!(wait, asked.map(Duration::from_secs).into());
                }
            }
        }
    }
}
