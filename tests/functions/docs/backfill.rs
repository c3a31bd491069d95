//! The times and costs in `docs/backfill.md`: they follow from the rates there, and from the prices and
//! calls in `docs/operations.md`.

use super::{rows, section};

const PAGE: &str = "docs/backfill.md";
const OPERATIONS: &str = "docs/operations.md";

/// The columns of the functions in the table of calls of `docs/operations.md`.
const COLUMNS: [(&str, usize); 4] =
    [("mandrill-welcome", 1), ("segment-identify", 2), ("mailchimp-subscribe", 4), ("relay", 6)];

/// How many the times are for.
const IDENTITIES: f64 = 1e6;

/// How many identities a call lists.
const PAGE_SIZE: f64 = 250.0;

/// What the functions are given, in gigabytes.
const MEMORY_GB: f64 = 0.25;

fn number(cell: &str) -> f64 {
    cell.replace(',', "").parse().unwrap_or_else(|_| panic!("{cell} is no number"))
}

fn row(table: &[Vec<String>], name: &str) -> Vec<String> {
    let row = table.iter().find(|row| row[0] == name);
    row.unwrap_or_else(|| panic!("there is no row for {name}")).clone()
}

/// In the two largest units.
fn lasting(seconds: f64) -> String {
    let units = [("d", 86_400.0), ("h", 3600.0), ("min", 60.0)];
    let mut rest = seconds;
    let parts = units.map(|(unit, length)| {
        let count = (rest / length).floor();
        rest -= count * length;
        (count, unit)
    });
    let first = parts.iter().position(|(count, _)| *count > 0.0).unwrap();
    let shown = parts[first..].iter().take(2).filter(|(count, _)| *count > 0.0);
    shown.map(|(count, unit)| format!("{count} {unit}")).collect::<Vec<_>>().join(" ")
}

#[test]
fn documented_times_follow_from_the_rates() {
    let plans = rows(&section(PAGE, "### Ory"));
    assert_eq!(plans.len(), 4);
    for plan in plans {
        let seconds = IDENTITIES / PAGE_SIZE / number(&plan[1]) * 60.0;
        assert_eq!(plan[2], lasting(seconds), "{}", plan[0]);
    }
    let functions = rows(&section(PAGE, "### The vendors"));
    assert_eq!(functions.len(), 4);
    for function in functions {
        assert_eq!(function[3], lasting(IDENTITIES / number(&function[1])), "{}", function[0]);
    }
}

#[test]
fn documented_costs_of_a_run_equal_calls_times_prices() {
    let table = |heading| rows(&section(OPERATIONS, heading));
    let [prices, calls] = ["### Prices", "### Calls"].map(table);
    let price = |name: &str| number(&row(&prices, name)[2]);
    let costs = rows(&section(PAGE, "### Costs"));
    for (at, (function, column)) in COLUMNS.into_iter().enumerate() {
        let calls = |name: &str| number(&row(&calls, name)[column]);
        let bytes = calls("Logs, bytes of the function") + calls("Logs, bytes of Lambda");
        let lines = [
            ("Lambda, invocations", calls("Lambda, invocations") / 2.0),
            ("Lambda, time", calls("Lambda, milliseconds") * 1e3 * MEMORY_GB),
            // Ten are sent together.
            ("SQS", calls("SQS, sent") / 10.0 + calls("SQS, received and deleted by Lambda")),
            ("DynamoDB, writes", calls("DynamoDB, written")),
            ("DynamoDB, reads", calls("DynamoDB, read")),
            ("Logs", bytes / 2.0 * 1e6 / 1e9),
        ];
        let mut sum = 0.0;
        for (name, units) in lines {
            let dollars = units * price(name);
            assert_eq!(row(&costs, name)[at + 1], format!("{dollars:.2}"), "{function}: {name}");
            sum += dollars;
        }
        assert_eq!(row(&costs, "**sum**")[at + 1], format!("{sum:.2}"), "{function}");
    }
}
