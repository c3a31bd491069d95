//! One dead letter in full.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{
    letter::Letter,
    table::{ago, minute},
};
use crate::output::wrapped;

/// What is known about a letter, and the event in it: with its values, or with what each is.
pub(super) fn of(letter: &Letter, now: OffsetDateTime, with_values: bool) -> String {
    let event = event(&letter.received.body, with_values);
    format!("{}\n\n{event:#}", known(letter, now).join("\n"))
}

fn known(letter: &Letter, now: OffsetDateTime) -> Vec<String> {
    let facts = letter.facts.as_ref().ok();
    let time = |at: OffsetDateTime| format!("{} UTC, {}", minute(at), ago(at, now));
    let attempt = |number: u32, at| format!("number {number}, {}", time(at));
    let last = letter.last_attempt.as_ref();
    let identities = letter.identities().into_iter().map(|id| id.to_string());
    let lines = [
        ("event", facts.map(|facts| facts.event_id.clone())),
        ("message", Some(letter.received.id.clone())),
        ("function", facts.map(|facts| facts.function.escape_debug().to_string())),
        ("trigger", facts.and_then(|facts| facts.trigger_id).map(|id| id.to_string())),
        ("received", letter.received_at().map(time)),
        ("identity", Some(identities.collect::<Vec<_>>().join(", "))),
        ("attempt", last.and_then(|last| Some(attempt(last.number?, last.at)))),
        ("cause", letter.cause()),
    ];
    let known = lines.into_iter().filter_map(|(label, text)| Some((label, text?)));
    let known = known.filter(|(_, text)| !text.is_empty());
    known.map(|(label, text)| wrapped(&format!("{label:<10}"), &text)).collect()
}

/// The event in a message; the whole of a message that is no such document.
fn event(body: &str, with_values: bool) -> Value {
    let message = serde_json::from_str(body).unwrap_or_else(|_| Value::from(body));
    let event = message.get("event").cloned().unwrap_or(message);
    if with_values { event } else { outline(&event) }
}

/// A value of the same shape, with the kind of each value in its place.
fn outline(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Bool(_) => json!("true or false"),
        Value::Number(_) => json!("number"),
        Value::String(_) => json!("text"),
        Value::Array(items) => items.iter().map(outline).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), outline(value))).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::{
        super::letter::tests::{EVENT, IDENTITY, letter, message},
        *,
    };

    const NOW: OffsetDateTime = datetime!(2026-01-15 04:00 UTC);

    fn shown(body: &str, with_values: bool) -> String {
        of(&letter(body), NOW, with_values)
    }

    #[test]
    fn values_of_a_person_are_shown_only_where_they_are_asked_for() {
        let traits = json!({"name": "canary", "age": 8_472_615, "tags": ["canary", null, true]});
        let event = json!({"identity": {"id": IDENTITY, "traits": traits}});
        let body = message(EVENT, &event).to_string();
        let without = shown(&body, false);
        for part in [EVENT, IDENTITY, "2026-01-02 03:04 UTC, 13 days ago", r#""name": "text""#] {
            assert!(without.contains(part), "{part}\n{without}");
        }
        assert!(!without.contains("canary") && !without.contains("8472615"), "{without}");
        let with = shown(&body, true);
        let (_, printed) = with.split_once("\n\n").unwrap();
        assert_eq!(serde_json::from_str::<Value>(printed).unwrap(), event);
    }

    #[test]
    fn message_that_cannot_be_read_is_shown_whole_and_cannot_act_on_a_terminal() {
        let body = "canary \u{1b}[2J";
        let without = shown(body, false);
        assert!(without.ends_with("\n\n\"text\""), "{without}");
        assert!(without.contains("cause     the message cannot be parsed"), "{without}");
        let with = shown(body, true);
        assert!(with.contains("canary") && !with.contains('\u{1b}'), "{with}");
    }
}
