//! The results of the samples, as tables.

use anstyle::AnsiColor;
use comfy_table::{
    ColumnConstraint::Absolute, ContentArrangement, Table, Width, presets::UTF8_FULL_CONDENSED,
};
use uuid::Uuid;

use super::play::Played;
use crate::terminal::{self, color_cells};

/// The columns with short texts, in characters; what vendors received takes the rest.
const WIDTHS: [(usize, u16); 3] = [(EVENT, 18), (1, 15), (3, 6)];

/// The column with the names of the samples.
const EVENT: usize = 0;

/// The spaces around the text of a cell.
const PADDING: u16 = 2;

/// The words of the last column.
const OK: &str = "ok";
const FAILED: &str = "FAILED";

/// A table for each function, with a row for each sample.
pub fn of(played: &[Played]) -> String {
    let by_function = played.chunk_by(|one, next| one.sample.function == next.sample.function);
    let tables = by_function.map(|played| {
        let function = played.first().map_or("", |one| one.sample.function);
        format!("{function}\n{}", of_function(played))
    });
    tables.collect::<Vec<_>>().join("\n\n")
}

fn of_function(played: &[Played]) -> String {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(terminal::width()).set_header(["event", "answer", "received", "result"]);
    for (column, width) in WIDTHS {
        if let Some(column) = table.column_mut(column) {
            column.set_constraint(Absolute(Width::Fixed(width + PADDING)));
        }
    }
    if let Some(names) = table.column_mut(EVENT) {
        names.set_delimiter('-');
    }
    for one in played {
        let result = if one.is_as_expected() { OK } else { FAILED };
        let event = one.sample.file.trim_end_matches(".json");
        table.add_row([event.to_owned(), answer(one), received(one), result.to_owned()]);
    }
    color_cells(&table.to_string(), &[(OK, AnsiColor::Green), (FAILED, AnsiColor::Red)])
}

/// Both halves: the answer, and the outcome of the delivery.
fn answer(played: &Played) -> String {
    let status = played.status.map_or("none".to_owned(), |status| status.to_string());
    match (&played.delivery, played.body["status"].as_str()) {
        (Some(delivery), _) => format!("{status} → {delivery}"),
        (None, Some(word)) => format!("{status} {word}"),
        (None, None) => status,
    }
}

fn received(played: &Played) -> String {
    if played.received.is_empty() {
        return "nothing".to_owned();
    }
    let lines = played.received.iter().map(|call| match call.strip_prefix("Ory: ") {
        Some(_) if !played.changed.is_empty() => format!("Ory: {}", played.changed.join("\n")),
        _ if call.starts_with("Mailchimp: ") => format!("Mailchimp: {}", contact(played)),
        _ => without_ids(&call.replace("messages/send to ", "")),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What a write to Mailchimp changed.
fn contact(played: &Played) -> String {
    if played.contacts.is_empty() { "fields only".to_owned() } else { played.contacts.join("\n") }
}

/// Ids of people are long, and the events already identify the people.
fn without_ids(call: &str) -> String {
    let words = call.split(' ').filter(|word| Uuid::try_parse(word).is_err());
    words.collect::<Vec<_>>().join(" ")
}
