//! What Segment's answers mean.
//!
//! A 200 proves little: a well-formed wrong key gets one, and so does a repeated `messageId`.
//! The statuses to retry are those of Segment's own Node library.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use crate::{
    http::Response,
    outcome::{Blocked, Outcome},
};

#[derive(Deserialize)]
struct Answer {
    success: bool,
    message: Option<String>,
}

/// The outcome of Segment's answer: total over any status and any body.
pub fn classify(answer: &Response) -> Outcome {
    let said: Option<Answer> = serde_json::from_slice(&answer.body).ok();
    let success = said.as_ref().map(|said| said.success);
    match answer.status {
        200..=299 => match success {
            Some(true) => Outcome::delivered(json!({"success": true})),
            Some(false) => refused(said, "Segment returned success: false"),
            None => Outcome::in_doubt("Segment returned an unrecognized body"),
        },
        401 | 403 => Outcome::Blocked(Blocked::BadKey),
        501 | 505 | 511 => Outcome::blocked(cause(answer)),
        408 | 410 | 429 | 460 | 500..=599 => {
            Outcome::TryLater { wait: wait(answer).into(), cause: cause(answer) }
        }
        // Redirects are not followed: the URL is wrong, and the event was not accepted.
        300..=499 => refused(said, &cause(answer)),
        _ => Outcome::in_doubt(cause(answer)),
    }
}

/// A key that is too short or empty gets a 400 with this message.
fn refused(said: Option<Answer>, cause: &str) -> Outcome {
    let message = said.and_then(|said| said.message).unwrap_or_default();
    if message.contains("invalid write key") {
        Outcome::Blocked(Blocked::BadKey)
    } else {
        Outcome::blocked(cause)
    }
}

fn cause(answer: &Response) -> String {
    format!("Segment returned {}", answer.status)
}

/// Both are in seconds.
fn wait(answer: &Response) -> Option<Duration> {
    answer.retry_after().or_else(|| answer.seconds("x-ratelimit-reset"))
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};
    use proptest::prelude::*;

    use super::*;
    use crate::outcome::Wait;

    fn answer(status: u16, body: impl Into<String>) -> Response {
        Response { status, headers: HeaderMap::new(), body: body.into().into() }
    }

    #[test]
    fn every_status_has_its_outcome() {
        let fine = r#"{"success":true}"#;
        let refused = r#"{"success":false}"#;
        let table = [
            (200, fine, "delivered"),
            (200, refused, "blocked"),
            (200, "<html>", "in_doubt"),
            (200, r#"{"succ"#, "in_doubt"),
            (200, "", "in_doubt"),
            (204, "", "in_doubt"),
            (302, "", "blocked"),
            (400, refused, "blocked"),
            (400, "<html>", "blocked"),
            (404, "", "blocked"),
            (413, "", "blocked"),
            (408, "", "try_later"),
            (410, "", "try_later"),
            (429, "", "try_later"),
            (460, "", "try_later"),
            (500, "", "try_later"),
            (502, "<html>", "try_later"),
            (503, fine, "try_later"),
            (504, "", "try_later"),
            (501, "", "blocked"),
            (505, "", "blocked"),
            (511, "", "blocked"),
            (100, "", "in_doubt"),
            (600, "", "in_doubt"),
        ];
        for (status, body, word) in table {
            assert_eq!(classify(&answer(status, body)).word(), word, "{status} {body}");
        }
    }

    #[test]
    fn bad_key_is_recognized_by_status_or_message() {
        let words = r#"{"success":false,"message":"An invalid write key was provided"}"#;
        for answer in
            [answer(400, words), answer(200, words), answer(401, ""), answer(403, "<html>")]
        {
            assert_eq!(classify(&answer), Outcome::Blocked(Blocked::BadKey));
        }
    }

    #[test]
    fn retry_after_is_passed_on() {
        for header in ["retry-after", "x-ratelimit-reset"] {
            let mut limited = answer(429, "");
            limited.headers.insert(header, HeaderValue::from_static("9"));
            let Outcome::TryLater { wait, .. } = classify(&limited) else { panic!("{header}") };
            assert_eq!(wait, Wait::AtLeast(Duration::from_secs(9)));
        }
    }

    /// Cut off anywhere, as by a broken connection.
    fn bodies() -> impl Strategy<Value = Vec<u8>> {
        let whole = [
            r#"{"success":true}"#,
            r#"{"success":false,"message":"An invalid write key was provided"}"#,
            r#"{"success":"true"}"#,
            r#"[{"success":true}]"#,
        ];
        let whole = prop::sample::select(whole.to_vec());
        let cut = (whole, any::<prop::sample::Index>())
            .prop_map(|(body, at)| body.as_bytes()[..at.index(body.len() + 1)].to_vec());
        prop_oneof![any::<Vec<u8>>(), ".*".prop_map(String::into_bytes), cut]
    }

    proptest! {
        /// Total over any status, any header and any body; and only what Segment says it accepted
        /// counts as delivered.
        #[test]
        fn any_response_has_an_outcome(
            status in prop_oneof![any::<u16>(), 100_u16..=600, 200_u16..=300],
            header in prop::option::of("[0-9]{1,25}|-1|1\\.5|soon|[ -~]*"),
            body in bodies(),
        ) {
            let said: Option<serde_json::Value> = serde_json::from_slice(&body).ok();
            let success = said.as_ref().and_then(|said| said["success"].as_bool());
            let mut answer = Response { status, headers: HeaderMap::new(), body: body.into() };
            let asked = header.as_ref().and_then(|text| text.trim().parse().ok());
            if let Some(text) = &header {
                answer.headers.insert("retry-after", HeaderValue::from_str(text).unwrap());
            }
            let expected = match (status, success) {
                (200..=299, Some(true)) => "delivered",
                (408 | 410 | 429 | 460 | 500 | 502..=504 | 506..=510 | 512..=599, _) => "try_later",
                (300..=499 | 501 | 505 | 511, _) | (200..=299, Some(false)) => "blocked",
                // A 2xx without a known body, and any other status.
                _ => "in_doubt",
            };
            let outcome = classify(&answer);
            prop_assert_eq!(outcome.word(), expected, "{}: {:?}", status, &outcome);
            if let Outcome::TryLater { wait, .. } = outcome {
                prop_assert_eq!(wait, asked.map(Duration::from_secs).into());
            }
        }
    }
}
