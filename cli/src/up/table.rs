//! What was played, as a table.

use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};

use super::play::Played;

/// A row for each sample.
pub fn of(played: &[Played]) -> String {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header([
        "event",
        "function",
        "answer",
        "received by the vendors, changed in Ory",
        "time",
        "",
    ]);
    for one in played {
        table.add_row([
            one.sample.file.trim_end_matches(".json").to_owned(),
            one.sample.function.to_owned(),
            answer(one),
            received(one),
            format!("{:.1} ms", one.took.as_secs_f64() * 1000.0),
            if one.is_as_expected() { "ok" } else { "NOT AS EXPECTED" }.to_owned(),
        ]);
    }
    table.to_string()
}

fn answer(played: &Played) -> String {
    let status = played.status.map_or("none".to_owned(), |status| status.to_string());
    let word = played.body["status"].as_str().map(|word| format!(" {word}"));
    let reason = played.body["reason"].as_str().map(|reason| format!(": {reason}"));
    format!("{status}{}{}", word.unwrap_or_default(), reason.unwrap_or_default())
}

fn received(played: &Played) -> String {
    if played.received.is_empty() {
        return "nothing".to_owned();
    }
    let mut lines = Vec::new();
    for call in &played.received {
        lines.push(call.clone());
        if call.starts_with("Ory: ") {
            lines.extend(played.changed.iter().map(|change| format!("  {change}")));
        }
    }
    lines.join("\n")
}
