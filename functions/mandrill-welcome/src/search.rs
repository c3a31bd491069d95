//! Finds out the outcome of a mail that got no answer.
//!
//! Mandrill indexes metadata only if an operator configures it, so the search is by recipient and
//! date, and the key is compared in the returned rows. If the mail in doubt may have gone to
//! another address than the present one, it is by date alone.

use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use shared::{
    deliver::{Found, InDoubt, Search},
    http::{Error, Response},
    mandrill::KEY_IN_METADATA,
    outcome::Outcome,
};
use time::{Date, OffsetDateTime, UtcOffset};

use crate::{call::Call, client::Mandrill, outcome::classify_unread};

/// The most rows that Mandrill returns. With this many, some may be missing.
const MAX_ROWS: usize = 1000;

/// The default query of Mandrill's own clients: every mail.
/// <https://www.rubydoc.info/gems/mandrill-api/Mandrill%2FMessages:search>
const ANY_MAIL: &str = "*";

#[derive(Deserialize)]
struct Row {
    #[serde(rename = "_id")]
    id: Option<String>,
    state: Option<String>,
    metadata: Option<Value>,
}

impl Row {
    fn carries(&self, key: &str) -> bool {
        self.metadata.as_ref().is_some_and(|metadata| metadata[KEY_IN_METADATA] == key)
    }

    fn outcome(&self) -> Outcome {
        match self.state.as_deref() {
            Some(state @ ("rejected" | "bounced")) => {
                Outcome::Rejected { reason: state.to_owned() }
            }
            state => Outcome::delivered(json!({"status": state, "message_id": self.id})),
        }
    }
}

#[async_trait]
impl Search<Call> for Mandrill {
    fn recipient_digest(&self, call: &Call) -> String {
        call.recipient_digest()
    }

    async fn search(
        &self,
        call: &Call,
        in_doubt: InDoubt,
        key: &SecretString,
        timeout: Duration,
    ) -> Result<Response, Error> {
        self.post("messages/search", query(call, in_doubt), key, timeout).await
    }

    fn read(&self, call: &Call, answer: &Response) -> Found {
        read(call.key(), answer)
    }
}

/// From the day before, as the time zone of the dates is not documented; without an end, which is
/// then today.
fn query(call: &Call, in_doubt: InDoubt) -> Map<String, Value> {
    let day_before = day(in_doubt.since).previous_day().unwrap_or(Date::MIN);
    let terms =
        if in_doubt.same_recipient { phrase(call.recipient()) } else { ANY_MAIL.to_owned() };
    let fields = json!({
        "query": terms, "date_from": day_before.to_string(), "limit": MAX_ROWS,
    });
    fields.as_object().cloned().unwrap_or_default()
}

fn day(time: OffsetDateTime) -> Date {
    time.to_offset(UtcOffset::UTC).date()
}

/// A phrase of Lucene's query language, which Mandrill looks for in all its fields.
fn phrase(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}

/// What an answer to a search says about the mail with `key`: total over any status and any body.
pub fn read(key: &str, answer: &Response) -> Found {
    let Ok(rows) = serde_json::from_slice::<Vec<Row>>(&answer.body) else {
        return Found::Failed(classify_unread(answer));
    };
    match rows.iter().find(|row| row.carries(key)) {
        Some(row) => Found::Done(row.outcome()),
        None if answer.status != 200 => Found::Failed(classify_unread(answer)),
        None if rows.len() >= MAX_ROWS => {
            Found::Failed(Outcome::try_later("the Mandrill search returned no usable result"))
        }
        None => Found::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shared::{
        deliver::EventFacts,
        outcome::{Blocked, Wait},
    };
    use time::macros::datetime;

    use super::*;

    const KEY: &str = "0123456789abcdef0123456789abcdef";

    fn answer(status: u16, body: impl ToString) -> Response {
        Response { status, headers: http::HeaderMap::new(), body: body.to_string().into() }
    }

    fn row(key: &str, state: &str) -> Value {
        json!({
            "_id": "m", "state": state, "email": "ann@example.com", "metadata": {"ory_key": key},
        })
    }

    #[test]
    fn search_is_by_recipient_and_date() {
        let to = json!({"message": {"to": [{"email": "a\"b\\c@example.com"}]}});
        let received_at = datetime!(2026-03-01 00:10 UTC);
        let event = EventFacts { idempotency_key: KEY, identity_id: None, received_at };
        let call = Call::prepare(to.as_object().unwrap().clone(), &event).unwrap();
        let expected = json!({
            "query": r#""a\"b\\c@example.com""#, "date_from": "2026-02-27", "limit": 1000,
        });
        let since = datetime!(2026-03-01 00:10 +01);
        let same = InDoubt { since, same_recipient: true };
        assert_eq!(Value::Object(query(&call, same)), expected);
        let another = InDoubt { since, same_recipient: false };
        let expected = json!({"query": "*", "date_from": "2026-02-27", "limit": 1000});
        assert_eq!(Value::Object(query(&call, another)), expected);
        assert_eq!(call.key(), KEY);
    }

    #[test]
    fn row_with_our_idempotency_key_decides_by_its_state() {
        let delivered = |state: &str| {
            Found::Done(Outcome::delivered(json!({"status": state, "message_id": "m"})))
        };
        let rejected = |state: &str| Found::Done(Outcome::Rejected { reason: state.to_owned() });
        let table = [
            (json!([row(KEY, "sent")]), delivered("sent")),
            (json!([row("other", "rejected"), row(KEY, "sent")]), delivered("sent")),
            (json!([row(KEY, "deferred")]), delivered("deferred")),
            (json!([row(KEY, "rejected")]), rejected("rejected")),
            (json!([row(KEY, "bounced")]), rejected("bounced")),
            (json!([row("other", "sent")]), Found::Nothing),
            (json!([{"_id": "m", "state": "sent", "metadata": null}]), Found::Nothing),
            (json!([{"_id": "m", "state": "sent", "metadata": []}]), Found::Nothing),
            (json!([{}]), Found::Nothing),
            (json!([]), Found::Nothing),
        ];
        for (body, found) in table {
            assert_eq!(read(KEY, &answer(200, &body)), found, "{body}");
        }
    }

    #[test]
    fn inconclusive_response_is_not_a_search_result() {
        let many: Vec<_> = (0..MAX_ROWS).map(|_| row("other", "sent")).collect();
        let failed = |answer: Response| match read(KEY, &answer) {
            Found::Failed(outcome) => outcome.word(),
            other => panic!("{other:?}"),
        };
        assert_eq!(failed(answer(200, json!(many))), "try_later");
        assert_eq!(failed(answer(200, "[{\"_id\"")), "try_later");
        assert_eq!(failed(answer(200, "<html>")), "try_later");
        assert_eq!(failed(answer(500, "[]")), "try_later");
        assert_eq!(failed(answer(502, "<html>")), "try_later");
        // Rows as in the answer to a send, which a search must not take for its own.
        let sent = json!([{"_id": "m", "status": "sent"}]);
        assert_eq!(failed(answer(210, &sent)), "try_later");
        let unreadable = json!([{"_id": "m", "status": "sent", "state": 5}]);
        assert_eq!(failed(answer(200, &unreadable)), "try_later");
        let error = |name: &str| json!({"status": "error", "code": -1, "name": name});
        assert_eq!(failed(answer(429, error("RequestLimitExceeded"))), "try_later");
        let bad_key = read(KEY, &answer(401, error("Invalid_Key")));
        assert_eq!(bad_key, Found::Failed(Outcome::Blocked(Blocked::BadKey)));
    }

    proptest! {
        #[test]
        fn only_a_row_with_our_idempotency_key_settles_the_search(status: u16, body: String) {
            let settled = matches!(read(KEY, &answer(status, &body)), Found::Done(_));
            prop_assert!(!settled || body.contains(KEY));
        }
    }

    #[test]
    fn search_passes_on_retry_after() {
        let mut limited = answer(429, "");
        limited.headers.insert("retry-after", http::HeaderValue::from_static("60"));
        let Found::Failed(Outcome::TryLater { wait, .. }) = read(KEY, &limited) else {
            panic!("a limit is to be tried later")
        };
        assert_eq!(wait, Wait::AtLeast(Duration::from_mins(1)));
    }
}
