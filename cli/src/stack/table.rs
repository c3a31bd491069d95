//! What was played, as a table.

use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};

use super::play::Played;

/// A row for each sample.
pub fn of(played: &[Played]) -> String {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header(["event", "function", "answer", "the vendor received", "time", ""]);
    for one in played {
        table.add_row([
            one.sample.file.trim_end_matches(".json").to_owned(),
            one.sample.function.to_owned(),
            answer(one),
            received(&one.received),
            format!("{:.1} ms", one.took.as_secs_f64() * 1000.0),
            if one.is_as_expected() { "ok" } else { "NOT AS EXPECTED" }.to_owned(),
        ]);
    }
    table.to_string()
}

fn answer(played: &Played) -> String {
    let status = played.status.map_or("none".to_owned(), |status| status.to_string());
    match played.body["status"].as_str() {
        Some(word) => format!("{status} {word}"),
        None => status,
    }
}

fn received(calls: &[String]) -> String {
    if calls.is_empty() { "nothing".to_owned() } else { calls.join("\n") }
}
