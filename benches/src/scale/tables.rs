//! The tables of `docs/performance.md`.

use std::time::Duration;

use comfy_table::{Table, presets::ASCII_MARKDOWN};

use super::{
    HIGHEST_RATE, PEAK, RATES,
    costs::{Bill, Costs, PARTS},
    deployed::Template,
    functions::{self, Caller, Function},
    load::{Load, concurrency_for_all, play},
    quotas::{API_GATEWAY, CONCURRENCY, HTTP_API, INVOCATIONS_PER_EXECUTION, REST_API},
    show::{dollars, number, percent, wait},
};

/// All tables, with what comes between them.
pub fn page() -> String {
    sections().concat()
}

/// Each table, under the words by which the page introduces it.
fn sections() -> [String; 5] {
    let functions = functions::all();
    let costs = Costs::read(Template::read("template.yaml").memory());
    let plays = RATES.map(|rate| (rate, play(&functions, rate)));
    [
        format!("Assumed:\n\n{}\n\n", assumptions(&functions)),
        format!("The result:\n\n{}\n\n", loads(&functions, &plays, &costs)),
        format!("US dollars for that hour:\n\n{}\n\n", bills(&functions, &plays, &costs)),
        format!("Ways to accept it:\n\n{}\n\n", ways(&functions, &costs)),
        format!("To deliver it within a day:\n\n{}\n", deliveries(&functions)),
    ]
}

fn table<const N: usize>(heading: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN);
    table.set_header(heading);
    table
}

fn assumptions(functions: &[Function]) -> Table {
    let mut table = table([
        "function",
        "called by",
        "events for a sign-up",
        "accept, ms",
        "delivery, ms",
        "batch",
        "window, s",
        "at once",
        "vendor takes, events/s",
        "why",
    ]);
    for function in functions {
        table.add_row([
            function.name.to_owned(),
            function.caller.name().to_owned(),
            number(function.caller.events()),
            number(function.accept * 1e3),
            number(function.delivery * 1e3),
            number(function.mapping.batch),
            number(function.mapping.window),
            number(function.mapping.at_once),
            rate(function.vendor),
            function.why.to_owned(),
        ]);
    }
    table
}

fn rate(events: f64) -> String {
    match events {
        f64::INFINITY => "any number".to_owned(),
        events if events < 100.0 => format!("{events:.1}"),
        events => number(events),
    }
}

fn loads(functions: &[Function], plays: &[(f64, Vec<Load>)], costs: &Costs) -> Table {
    let mut table = table([
        "sign-ups/s",
        "function",
        "concurrent accepts",
        "max. delivered/s",
        "queued after an hour",
        "longest wait",
        "caller gets",
        "USD",
    ]);
    for (rate, loads) in plays {
        for (function, load) in functions.iter().zip(loads) {
            table.add_row([
                number(*rate),
                function.name.to_owned(),
                format!("{:.2}", load.accepting),
                number(function.capacity()),
                number(load.run.queued),
                waits(load),
                seen(function.caller, load.throttled),
                dollars(costs.of(function, load).iter().sum()),
            ]);
        }
    }
    table
}

fn waits(load: &Load) -> String {
    let wait = wait(load.run.longest);
    if load.run.lost < 1.0 {
        return wait;
    }
    format!("{wait}, then **{} lost**", number(load.run.lost))
}

fn seen(caller: Caller, throttled: f64) -> String {
    match (caller, throttled > 0.0) {
        (Caller::Ory, false) => "202".to_owned(),
        (Caller::Ory, true) => format!("429 for {}, else 202", percent(throttled)),
        (_, false) => "200".to_owned(),
        (_, true) => "200, or 429 and 200 later".to_owned(),
    }
}

fn bills(functions: &[Function], plays: &[(f64, Vec<Load>)], costs: &Costs) -> Table {
    let mut heading = vec!["sign-ups/s", "executions for all calls"];
    heading.extend(PARTS);
    heading.push("sum");
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN);
    table.set_header(heading);
    for (rate, loads) in plays {
        let bills: Vec<Bill> =
            functions.iter().zip(loads).map(|(function, load)| costs.of(function, load)).collect();
        let parts: Vec<f64> =
            (0..PARTS.len()).map(|part| bills.iter().map(|bill| bill[part]).sum()).collect();
        let mut row = vec![number(*rate), number(concurrency_for_all(functions, *rate))];
        row.extend(parts.iter().map(|part| dollars(*part)));
        row.push(dollars(parts.iter().sum()));
        table.add_row(row);
    }
    table
}

/// Millions of Ory's calls in the hour.
fn millions(functions: &[Function]) -> f64 {
    HIGHEST_RATE * called_by_ory(functions) * PEAK.as_secs_f64() / 1e6
}

/// Functions that Ory calls.
fn called_by_ory(functions: &[Function]) -> f64 {
    functions.iter().map(|it| if it.caller == Caller::Ory { 1.0 } else { 0.0 }).sum()
}

fn ways(functions: &[Function], costs: &Costs) -> Table {
    let mut table = table([
        "accepted by",
        "quota by default",
        "quota for all calls",
        "USD a million",
        "USD for the hour",
    ]);
    let calls = HIGHEST_RATE * called_by_ory(functions);
    let (lambda, without_logs) = costs.of_accepting(&functions[0]);
    let executions = concurrency_for_all(functions, HIGHEST_RATE);
    let by_lambda = |executions: f64| {
        let invocations = executions * INVOCATIONS_PER_EXECUTION;
        format!("{} executions: {} calls/s", number(executions), number(invocations))
    };
    let by_gateway = |requests: f64| format!("{} calls/s", number(requests));
    let sqs = costs.of_sqs();
    let rows = [
        (
            "the functions, with their log lines",
            by_lambda(CONCURRENCY),
            by_lambda(executions),
            lambda,
        ),
        (
            "the functions, log lines not counted",
            by_lambda(CONCURRENCY),
            by_lambda(executions),
            without_logs,
        ),
        (
            "REST API and SQS, nothing logged",
            by_gateway(API_GATEWAY),
            by_gateway(calls),
            REST_API + sqs,
        ),
        (
            "HTTP API and SQS, nothing logged",
            by_gateway(API_GATEWAY),
            by_gateway(calls),
            HTTP_API + sqs,
        ),
    ];
    for (way, default, needed, million) in rows {
        let hour = million * millions(functions);
        table.add_row([way.to_owned(), default, needed, dollars(million), dollars(hour)]);
    }
    table
}

fn deliveries(functions: &[Function]) -> Table {
    let mut table = table([
        "function",
        "events",
        "as deployed",
        "MaximumConcurrency for a day",
        "the vendor alone takes",
    ]);
    for function in functions {
        let events = HIGHEST_RATE * PEAK.as_secs_f64() * function.caller.events();
        let days = |rate: f64| wait(Duration::from_secs_f64(events / rate));
        let deliveries = events / Duration::from_hours(24).as_secs_f64() / function.mapping.batch;
        let at_once = (deliveries * function.delivery).ceil();
        let least = if function.vendor.is_infinite() {
            "unknown".to_owned()
        } else {
            days(function.vendor)
        };
        table.add_row([
            function.name.to_owned(),
            number(events),
            days(function.capacity()),
            number(at_once.max(2.0)),
            least,
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::workspace::path;

    #[test]
    fn performance_page_has_the_computed_tables() {
        let docs = fs::read_to_string(path("docs/performance.md")).unwrap();
        let is_there = |section: &String| {
            let (_, table) = section.split_once("\n\n").unwrap();
            docs.contains(table.trim_end())
        };
        let missing: Vec<_> = sections().into_iter().filter(|section| !is_there(section)).collect();
        assert!(missing.is_empty(), "docs/performance.md wants:\n{}", missing.concat());
    }
}
