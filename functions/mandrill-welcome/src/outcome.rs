//! What Mandrill's answers mean.
//!
//! HTTP status and error codes are unreliable: 500 was long used for callers' mistakes, and codes
//! -1 and -2 stand for permanent and temporary errors alike. So an error counts by its name first,
//! and by its status only if the name is unknown or the body is not JSON. A 200 may contain a
//! rejection, which is a failure.

use serde::Deserialize;
use serde_json::json;
use shared::{
    http::Response,
    mandrill::is_final,
    outcome::{Blocked, Outcome},
};

/// One row of a success, one per recipient.
#[derive(Deserialize)]
struct Row {
    status: String,
    #[serde(rename = "_id")]
    id: Option<String>,
    reject_reason: Option<String>,
    queued_reason: Option<String>,
}

#[derive(Deserialize)]
struct ApiError {
    name: String,
}

/// The outcome of a read whose answer does not contain what was asked. A read changes nothing, so
/// it is never in doubt; and rows prove nothing here, even if they look like those of a mail.
pub(crate) fn classify_unread(answer: &Response) -> Outcome {
    match by_error(answer).unwrap_or_else(|| by_status(answer)) {
        Outcome::InDoubt { cause, .. } => later(cause, answer),
        outcome => outcome,
    }
}

/// The outcome of Mandrill's answer to a mail: total over any status and any body.
pub fn classify(answer: &Response) -> Outcome {
    if let Some(outcome) = by_error(answer) {
        return outcome;
    }
    match serde_json::from_slice::<Vec<Row>>(&answer.body) {
        Ok(rows) if is_success(answer.status) => by_rows(&rows),
        _ => by_status(answer),
    }
}

/// An error by its name; `None` for an unknown name, and for any other body.
fn by_error(answer: &Response) -> Option<Outcome> {
    let error: ApiError = serde_json::from_slice(&answer.body).ok()?;
    by_name(&error.name, answer)
}

fn by_name(name: &str, answer: &Response) -> Option<Outcome> {
    match name {
        "Invalid_Key" => Some(Outcome::Blocked(Blocked::BadKey)),
        "GeneralError" | "ServiceUnavailable" | "RequestLimitExceeded" => {
            Some(later(format!("Mandrill: {name}"), answer))
        }
        "ValidationError"
        | "PaymentRequired"
        | "Unknown_Template"
        | "Unknown_Subaccount"
        | "Unknown_Message"
        | "Invalid_Tag_Name"
        | "Invalid_Template"
        | "Invalid_Reject"
        | "Invalid_CustomDNS"
        | "Invalid_CustomDNSPending"
        | "Invalid_EmptyDefaultPool"
        | "Invalid_DeleteDefaultPool"
        | "Invalid_DeleteNonEmptyPool"
        | "IP_ProvisionLimit"
        | "Metadata_FieldLimit"
        | "NoSendingHistory"
        | "PoorReputation"
        | "Unknown_Export"
        | "Unknown_InboundDomain"
        | "Unknown_InboundRoute"
        | "Unknown_IP"
        | "Unknown_MetadataField"
        | "Unknown_Pool"
        | "Unknown_Sender"
        | "Unknown_TrackingDomain"
        | "Unknown_Url"
        | "Unknown_Webhook" => Some(Outcome::blocked(format!("Mandrill: {name}"))),
        _ => None,
    }
}

fn by_status(answer: &Response) -> Outcome {
    let cause = format!("Mandrill returned {} with an unrecognized body", answer.status);
    match answer.status {
        401 | 403 => Outcome::Blocked(Blocked::BadKey),
        // Not Mandrill's answer but a relay's: the application behind it gave none, or none in time
        // (RFC 9110, 15.6.3 and 15.6.5), and may have sent the mail.
        502 | 504 => Outcome::in_doubt(cause),
        408 | 429 | 500..=599 => later(cause, answer),
        // Redirects are not followed: the URL is wrong, and the mail was not sent.
        300..=499 => Outcome::blocked(cause),
        _ => Outcome::in_doubt(cause),
    }
}

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

fn later(cause: String, answer: &Response) -> Outcome {
    Outcome::TryLater { wait: answer.retry_after().into(), cause }
}

/// There was one recipient, so there is one row; anything else proves nothing.
fn by_rows(rows: &[Row]) -> Outcome {
    match rows {
        [row] => by_row(row),
        _ => Outcome::in_doubt("Mandrill did not return exactly one row"),
    }
}

fn by_row(row: &Row) -> Outcome {
    match row.status.as_str() {
        "sent" | "queued" | "scheduled" => delivered(row),
        "rejected" => rejected(row.reject_reason.as_deref()),
        "invalid" => Outcome::Rejected { reason: "invalid".to_owned() },
        _ => Outcome::in_doubt("Mandrill returned an unknown status"),
    }
}

fn delivered(row: &Row) -> Outcome {
    let vendor = json!({"status": row.status, "message_id": row.id});
    let at_risk = row.queued_reason.as_deref().and_then(backlog);
    Outcome::Delivered { vendor, at_risk }
}

/// Mail is queued for seconds if it has attachments or many recipients. For the other reasons it is
/// in a backlog, which is dropped after 48 hours.
fn backlog(reason: &str) -> Option<String> {
    match reason {
        "attachments" | "multiple-recipients" => None,
        "free-trial-sends-exhausted"
        | "hourly-quota-exhausted"
        | "monthly-limit-reached"
        | "sending-paused"
        | "sending-suspended"
        | "account-suspended"
        | "sending-backlogged" => Some(format!("Mandrill holds the email: {reason}")),
        _ => Some("Mandrill holds the email for an unknown reason".to_owned()),
    }
}

/// Some reasons are permanent and lie with the recipient; others are ours to fix. An operator must
/// look at an unknown one.
fn rejected(reason: Option<&str>) -> Outcome {
    match reason {
        Some(reason) if is_final(reason) => Outcome::Rejected { reason: reason.to_owned() },
        Some(reason @ ("invalid-sender" | "unsigned" | "test-mode-limit")) => {
            Outcome::blocked(format!("Mandrill rejected the sender: {reason}"))
        }
        Some(_) => Outcome::blocked("Mandrill rejected the email for an unknown reason"),
        None => Outcome::Rejected { reason: "rejected".to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::{HeaderMap, HeaderValue};
    use proptest::prelude::*;
    use serde_json::Value;

    use shared::outcome::Wait;

    use super::*;

    fn answer(status: u16, body: impl Into<String>) -> Response {
        Response { status, headers: HeaderMap::new(), body: body.into().into() }
    }

    fn row(status: &str, reject: Option<&str>, queued: Option<&str>) -> Outcome {
        let rows = json!([{
            "email": "ann@example.com", "status": status, "_id": "m1",
            "reject_reason": reject, "queued_reason": queued,
        }]);
        classify(&answer(200, rows.to_string()))
    }

    fn error(status: u16, name: &str, code: i64) -> Outcome {
        let body =
            json!({"status": "error", "code": code, "name": name, "message": "ann@example.com"});
        classify(&answer(status, body.to_string()))
    }

    #[test]
    fn accepted_rows_are_delivered() {
        for status in ["sent", "queued", "scheduled"] {
            let expected = Outcome::delivered(json!({"status": status, "message_id": "m1"}));
            assert_eq!(row(status, None, None), expected);
        }
        for reason in ["attachments", "multiple-recipients"] {
            assert!(matches!(
                row("queued", None, Some(reason)),
                Outcome::Delivered { at_risk: None, .. }
            ));
        }
        for reason in [
            "free-trial-sends-exhausted",
            "hourly-quota-exhausted",
            "monthly-limit-reached",
            "sending-paused",
            "sending-suspended",
            "account-suspended",
            "sending-backlogged",
            "new",
        ] {
            let outcome = row("queued", None, Some(reason));
            assert!(matches!(outcome, Outcome::Delivered { at_risk: Some(_), .. }), "{reason}");
        }
    }

    #[test]
    fn rejected_rows_are_failures() {
        let table = ["hard-bounce", "soft-bounce", "spam", "unsub", "custom", "rule", "invalid"];
        for reason in table {
            let expected = Outcome::Rejected { reason: reason.to_owned() };
            assert_eq!(row("rejected", Some(reason), None), expected);
        }
        assert_eq!(row("invalid", None, None), Outcome::Rejected { reason: "invalid".to_owned() });
        assert_eq!(row("rejected", None, None).word(), "rejected");
        for reason in ["invalid-sender", "unsigned", "test-mode-limit", "something-new"] {
            assert_eq!(row("rejected", Some(reason), None).word(), "blocked", "{reason}");
        }
    }

    #[test]
    fn mandrill_id_is_optional() {
        let outcome = classify(&answer(200, r#"[{"status":"invalid","email":"x"}]"#));
        assert_eq!(outcome.word(), "rejected");
    }

    #[test]
    fn errors_are_classified_by_name_whatever_their_status() {
        let blocked = [
            ("ValidationError", -2),
            ("ValidationError", -1),
            ("PaymentRequired", 10),
            ("Unknown_Template", 5),
            ("Unknown_Subaccount", 12),
            ("Invalid_Tag_Name", -1),
            ("PoorReputation", -1),
        ];
        for status in [200, 400, 401, 402, 404, 422, 500, 503] {
            for (name, code) in blocked {
                assert_eq!(error(status, name, code).word(), "blocked", "{status} {name}");
                assert_ne!(error(status, name, code), Outcome::Blocked(Blocked::BadKey));
            }
            for (name, code) in
                [("GeneralError", -1), ("ServiceUnavailable", -2), ("RequestLimitExceeded", 429)]
            {
                assert_eq!(error(status, name, code).word(), "try_later", "{status} {name}");
            }
            assert_eq!(error(status, "Invalid_Key", -1), Outcome::Blocked(Blocked::BadKey));
        }
    }

    #[test]
    fn unknown_error_name_is_classified_by_status() {
        let html = "<html><body>502 Bad Gateway</body></html>";
        let unnamed = r#"{"status":"error","code":-9,"name":"New_Name","message":"x"}"#;
        let truncated = r#"[{"email":"ann@example.com","stat"#;
        let table = [
            (200, "in_doubt"),
            (201, "in_doubt"),
            (204, "in_doubt"),
            (100, "in_doubt"),
            (0, "in_doubt"),
            (301, "blocked"),
            (302, "blocked"),
            (400, "blocked"),
            (404, "blocked"),
            (405, "blocked"),
            (401, "blocked"),
            (403, "blocked"),
            (410, "blocked"),
            (408, "try_later"),
            (429, "try_later"),
            (500, "try_later"),
            (502, "in_doubt"),
            (503, "try_later"),
            (504, "in_doubt"),
            (599, "try_later"),
            (600, "in_doubt"),
        ];
        for (status, word) in table {
            for body in [html, unnamed, truncated, "", "null", "{}", "\"PONG!\""] {
                assert_eq!(classify(&answer(status, body)).word(), word, "{status} {body}");
            }
        }
        for status in [401, 403] {
            assert_eq!(classify(&answer(status, html)), Outcome::Blocked(Blocked::BadKey));
        }
    }

    #[test]
    fn mandrill_error_is_recognized_behind_a_gateway_status() {
        for status in [502, 504] {
            assert_eq!(error(status, "GeneralError", -1).word(), "try_later");
            assert_eq!(error(status, "PaymentRequired", 10).word(), "blocked");
        }
    }

    #[test]
    fn read_call_is_never_in_doubt() {
        for status in 0..=700 {
            for body in ["", "<html>", "[]", r#"[{"email":"ann@example.com","stat"#] {
                let outcome = classify_unread(&answer(status, body));
                assert_ne!(outcome.word(), "in_doubt", "{status} {body}");
            }
            assert_eq!(classify_unread(&answer(502, "<html>")).word(), "try_later");
        }
    }

    #[test]
    fn retry_after_is_passed_on() {
        let mut limited = answer(429, "");
        limited.headers.insert("retry-after", HeaderValue::from_static("7"));
        assert!(
            matches!(classify(&limited), Outcome::TryLater { wait: Wait::AtLeast(wait), .. } if wait.as_secs() == 7)
        );
    }

    #[test]
    fn more_or_less_than_one_row_is_in_doubt() {
        let two = json!([{"status": "sent"}, {"status": "sent"}]).to_string();
        for body in ["[]".to_owned(), two] {
            assert_eq!(classify(&answer(200, body)).word(), "in_doubt");
        }
    }

    /// Cut off anywhere, as by a broken connection.
    fn bodies() -> impl Strategy<Value = Vec<u8>> {
        let whole = prop_oneof![
            ("[a-z]{0,8}|sent|queued|rejected|invalid", "[a-z-]{0,12}|hard-bounce", "[a-z-]{0,12}")
                .prop_map(|(status, reject, queued)| json!([{
                    "status": status, "reject_reason": reject, "queued_reason": queued, "_id": Value::Null,
                }])),
            "[A-Za-z_]{0,20}|Invalid_Key|GeneralError|ValidationError|PaymentRequired"
                .prop_map(|name| json!({"name": name, "message": "marked"})),
        ]
        .prop_map(|body| body.to_string().into_bytes());
        let cut = (whole.clone(), any::<prop::sample::Index>())
            .prop_map(|(body, at)| body[..at.index(body.len())].to_vec());
        prop_oneof![any::<Vec<u8>>(), any::<String>().prop_map(String::into_bytes), whole, cut]
    }

    proptest! {
        /// Total over any status, any header and any body; and only a whole row of a 2xx delivers,
        /// since a mail that was not sent must never count as sent.
        #[test]
        fn any_response_has_an_outcome(
            status in prop_oneof![any::<u16>(), 100_u16..=600, 200_u16..=300],
            header in prop::option::of("[0-9]{1,25}|-1|1\\.5|soon|[ -~]*"),
            body in bodies(),
        ) {
            let said: Option<Value> = serde_json::from_slice(&body).ok();
            let rows = said.as_ref().and_then(Value::as_array).map(Vec::len);
            let name = said.as_ref().and_then(|said| said["name"].as_str()).unwrap_or_default();
            let asked = header.as_ref().and_then(|text| text.trim().parse().ok());
            let mut answer = Response { status, headers: HeaderMap::new(), body: body.into() };
            if let Some(text) = &header {
                answer.headers.insert("retry-after", HeaderValue::from_str(text).unwrap());
            }
            let outcome = classify(&answer);
            prop_assert!(!outcome.cause().unwrap_or_default().contains("marked"));
            match outcome.word() {
                "delivered" | "rejected" => prop_assert!(is_success(status) && rows == Some(1)),
                // A mail that Mandrill accepted must not be sent again, with any outcome.
                "try_later" => prop_assert!(!is_success(status) || by_name(name, &answer).is_some()),
                // Nothing proves that no mail was sent: it is a relay's answer, or an unknown one.
                "in_doubt" => {
                    prop_assert!(matches!(status, 502 | 504) || !(300..=599).contains(&status));
                    prop_assert!(by_name(name, &answer).is_none());
                }
                "blocked" => {}
                other => prop_assert!(false, "{other}"),
            }
            if let Outcome::TryLater { wait, .. } = outcome {
                prop_assert_eq!(wait, asked.map(Duration::from_secs).into());
            }
        }
    }
}
