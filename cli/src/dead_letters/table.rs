//! Dead letters as a table.

use comfy_table::{ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

use super::letter::Letter;

/// How much of an event id is printed: the time in a UUID of version 7, and more than enough of any
/// other id. `show` and `--event` take it.
const EVENT_CHARACTERS: usize = 13;
/// How much of an identity's id is printed.
const IDENTITY_CHARACTERS: usize = 8;

const UNKNOWN: &str = "?";

const MINUTE: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]");

/// A row for each letter, this many columns wide.
pub(super) fn of(letters: &[&Letter], now: OffsetDateTime, width: u16) -> String {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(width);
    table.set_header(["event", "received (UTC)", "attempts", "identity", "cause"]);
    for letter in letters {
        table.add_row(row(letter, now));
    }
    table.to_string()
}

fn row(letter: &Letter, now: OffsetDateTime) -> [String; 5] {
    let number = letter.last_attempt.as_ref().and_then(|attempt| attempt.number);
    let identities = letter.identities();
    let identities = identities.iter().map(|id| beginning(&id.to_string(), IDENTITY_CHARACTERS));
    [
        beginning(letter.id(), EVENT_CHARACTERS),
        letter.received_at().map_or_else(unknown, |at| format!("{}\n{}", minute(at), ago(at, now))),
        number.map_or_else(unknown, |number| number.to_string()),
        some(identities.collect::<Vec<_>>().join("\n")),
        letter.cause().unwrap_or_else(|| "not in the log".to_owned()),
    ]
}

fn beginning(id: &str, characters: usize) -> String {
    id.chars().take(characters).collect()
}

fn unknown() -> String {
    UNKNOWN.to_owned()
}

fn some(text: String) -> String {
    if text.is_empty() { unknown() } else { text }
}

/// A time in UTC, to the minute.
pub(super) fn minute(at: OffsetDateTime) -> String {
    at.to_offset(time::UtcOffset::UTC).format(MINUTE).unwrap_or_default()
}

/// How long ago a time was, in the largest unit that fits.
pub(super) fn ago(at: OffsetDateTime, now: OffsetDateTime) -> String {
    let age = now - at;
    let units =
        [(age.whole_days(), "day"), (age.whole_hours(), "hour"), (age.whole_minutes(), "minute")];
    match units.into_iter().find(|(count, _)| *count > 0) {
        Some((1, unit)) => format!("1 {unit} ago"),
        Some((count, unit)) => format!("{count} {unit}s ago"),
        None => "just now".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::{Duration, macros::datetime};
    use uuid::Uuid;

    use super::{
        super::{
            attempt::Attempt,
            letter::tests::{EVENT, IDENTITY, letter, message},
        },
        *,
    };

    const NOW: OffsetDateTime = datetime!(2026-01-15 04:00 UTC);

    #[test]
    fn row_tells_all_that_is_known_and_no_value_of_the_event() {
        let traits = json!({"name": "Ann", "email": "ann@example.com"});
        let event = json!({"identity": {"id": IDENTITY, "traits": traits}});
        let mut letter = letter(&message(EVENT, &event).to_string());
        let unknown = ["0195e4f6-6f0e", "2026-01-02 03:04\n13 days ago", "?", "000000a1"];
        assert_eq!(row(&letter, NOW)[..4], unknown);
        assert_eq!(row(&letter, NOW)[4], "not in the log");
        letter.last_attempt = Some(Attempt {
            at: NOW,
            number: Some(100),
            outcome: "blocked".to_owned(),
            cause: Some("no credit".to_owned()),
            identity_ids: vec![Uuid::from_u128(1)],
        });
        assert_eq!(row(&letter, NOW)[2..], ["100", "000000a1", "blocked: no credit"]);
    }

    #[test]
    fn row_of_a_message_that_cannot_be_read_has_the_time_of_sqs() {
        let expected =
            ["message", "2026-01-03 00:00\n12 days ago", "?", "?", "the message cannot be parsed"];
        assert_eq!(row(&letter("not JSON"), NOW), expected);
    }

    #[test]
    fn ids_are_in_one_piece_in_80_columns() {
        let event = json!({"identity": {"id": IDENTITY}});
        let letter = letter(&message(EVENT, &event).to_string());
        let table = of(&[&letter], NOW, 80);
        for part in ["│ 0195e4f6-6f0e ┆ 2026-01-02 03:04 ┆", "┆ 13 days ago      ┆", "000000a1"]
        {
            assert!(table.contains(part), "{part}\n{table}");
        }
        assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    }

    #[test]
    fn age_is_in_the_largest_unit_that_fits() {
        let table = [
            (Duration::seconds(-5), "just now"),
            (Duration::seconds(59), "just now"),
            (Duration::minutes(1), "1 minute ago"),
            (Duration::minutes(59), "59 minutes ago"),
            (Duration::hours(23), "23 hours ago"),
            (Duration::hours(24), "1 day ago"),
            (Duration::days(13), "13 days ago"),
        ];
        for (age, expected) in table {
            assert_eq!(ago(NOW - age, NOW), expected);
        }
    }
}
