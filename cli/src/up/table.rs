//! The results of the samples, as a table.

use comfy_table::{
    ColumnConstraint::LowerBoundary, ContentArrangement, Table, Width, presets::UTF8_FULL_CONDENSED,
};
use uuid::Uuid;

use super::play::Played;

/// Fits a terminal of the usual width.
const WIDTH: u16 = 120;

/// The column for sent calls has the longest texts; most fit on a line of this width.
const SENT: usize = 3;
const SENT_WIDTH: Width = Width::Fixed(44);

/// A row for each sample.
pub fn of(played: &[Played]) -> String {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(WIDTH).set_header(["event", "function", "response", "sent", "result"]);
    if let Some(sent) = table.column_mut(SENT) {
        sent.set_constraint(LowerBoundary(SENT_WIDTH));
    }
    for one in played {
        table.add_row([
            one.sample.file.trim_end_matches(".json").to_owned(),
            one.sample.function.to_owned(),
            answer(one),
            received(one),
            if one.is_as_expected() { "ok" } else { "FAILED" }.to_owned(),
        ]);
    }
    table.to_string()
}

/// Both halves: the answer, and the outcome of the delivery.
fn answer(played: &Played) -> String {
    let status = played.status.map_or("none".to_owned(), |status| status.to_string());
    let word = played.body["status"].as_str().map(|word| format!(" {word}"));
    let reason = played.body["reason"].as_str().map(|reason| format!(": {reason}"));
    let later = played.delivery.as_ref().map(|outcome| format!(", then {outcome}"));
    [Some(status), word, reason, later].into_iter().flatten().collect()
}

fn received(played: &Played) -> String {
    if played.received.is_empty() {
        return "nothing".to_owned();
    }
    let mut lines = Vec::new();
    for call in &played.received {
        lines.push(without_ids(call));
        if call.starts_with("Ory: ") {
            lines.extend(played.changed.iter().map(|change| format!("  {change}")));
        }
    }
    lines.join("\n")
}

/// Ids of people are long, and the events already identify the people.
fn without_ids(call: &str) -> String {
    let words = call.split(' ').filter(|word| Uuid::try_parse(word).is_err());
    words.collect::<Vec<_>>().join(" ")
}
