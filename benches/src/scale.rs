//! The load of many sign-ups: an hour of them, second by second, until everything is delivered.

use std::time::Duration;

use comfy_table::{Table, presets::ASCII_MARKDOWN};

/// Sign-ups per second.
const RATES: [f64; 3] = [1.0, 100.0, 10_000.0];

/// The length of the peak.
const PEAK: Duration = Duration::from_hours(1);

/// For a million sign-ups, each a welcome and an identify, in US dollars: `docs/operations.md`.
const COST_OF_A_MILLION: f64 = 5.46 + 3.42;

/// How long a message stays in a queue before it is lost: `template.yaml`.
const RETENTION: Duration = Duration::from_hours(7 * 24);

/// One function, as `template.yaml` deploys it. Times are assumed: nearly all of each is the
/// response time of another service.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// Seconds to enqueue an event.
    pub accept: f64,
    /// Seconds for one delivery of a full batch.
    pub delivery: f64,
    /// Most events in one delivery, `BatchSize`.
    pub batch: f64,
    /// Concurrent deliveries, `MaximumConcurrency`.
    pub at_once: f64,
    /// Events per second that its vendor accepts; the others are rejected, and wait.
    pub vendor: f64,
}

/// The functions, mailchimp-subscribe included, which is off by default. Each sign-up is welcomed and
/// identified. That each also opts in, and changes something in Mailchimp, is more than will ever
/// happen.
pub const FUNCTIONS: [Function; 4] = [
    Function {
        name: "mandrill-welcome",
        accept: 0.02,
        delivery: 0.33,
        batch: 1.0,
        at_once: 5.0,
        // There is no known limit per second; beyond its hourly quota Mandrill accepts mails and
        // holds them back itself.
        vendor: f64::INFINITY,
    },
    Function {
        name: "segment-identify",
        accept: 0.02,
        delivery: 0.13,
        batch: 100.0,
        at_once: 5.0,
        // Requests per second and workspace, each with a batch.
        vendor: 1_000.0 * 100.0,
    },
    Function {
        name: "mailchimp-inbound",
        accept: 0.02,
        delivery: 0.48,
        batch: 1.0,
        at_once: 2.0,
        // Writes per minute to the admin API on Ory's Growth plan.
        vendor: 425.0 / 60.0,
    },
    Function {
        name: "mailchimp-subscribe",
        accept: 0.02,
        delivery: 0.98,
        batch: 1.0,
        at_once: 2.0,
        // There is no limit per second, only one of connections.
        vendor: f64::INFINITY,
    },
];

/// Concurrent executions in an account and region, unless AWS has raised the quota.
pub const CONCURRENCY: f64 = 1_000.0;

/// Requests per second for each concurrent execution.
const REQUESTS_PER_EXECUTION: f64 = 10.0;

/// The result for the events of one function.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Concurrent executions that enqueue events, by Little's law.
    pub accepting: f64,
    /// Most events per second that are delivered.
    pub capacity: f64,
    /// The share of calls that Lambda itself rejects with a 429.
    pub throttled: f64,
    /// Most messages in the queue.
    pub deepest: f64,
    /// How long the last message waits.
    pub longest: Duration,
}

/// Simulates the peak at this rate, until everything is delivered.
pub fn play(rate: f64) -> [Load; 4] {
    let delivering: f64 = FUNCTIONS.iter().map(|function| function.at_once).sum();
    let accepting: f64 = FUNCTIONS.iter().map(|function| rate * function.accept).sum();
    let calls: f64 = FUNCTIONS.iter().map(|_| rate).sum();
    let by_executions = (CONCURRENCY - delivering) / accepting;
    let by_requests = CONCURRENCY * REQUESTS_PER_EXECUTION / calls;
    let admitted = by_executions.min(by_requests).min(1.0);
    FUNCTIONS.map(|function| function.load(rate, admitted))
}

impl Function {
    fn load(&self, rate: f64, admitted: f64) -> Load {
        let capacity = (self.at_once * self.batch / self.delivery).min(self.vendor);
        let enqueued = rate * admitted;
        let (mut depth, mut deepest, mut second) = (0.0_f64, 0.0_f64, 0);
        while second < PEAK.as_secs() || depth > 0.0 {
            let arrived = if second < PEAK.as_secs() { enqueued } else { 0.0 };
            depth = (depth + arrived - capacity).max(0.0);
            deepest = deepest.max(depth);
            second += 1;
        }
        Load {
            accepting: enqueued * self.accept,
            capacity,
            throttled: 1.0 - admitted,
            deepest,
            longest: Duration::from_secs(second - PEAK.as_secs()),
        }
    }
}

/// The table of `docs/performance.md`.
pub fn page() -> String {
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN);
    table.set_header([
        "sign-ups/s",
        "function",
        "concurrent accepts",
        "max. delivered/s",
        "queued after an hour",
        "longest wait",
        "caller gets",
    ]);
    for rate in RATES {
        for (function, load) in FUNCTIONS.iter().zip(play(rate)) {
            table.add_row([
                number(rate),
                function.name.to_owned(),
                format!("{:.2}", load.accepting),
                number(load.capacity),
                number(load.deepest),
                waits(load.longest),
                seen(load.throttled),
            ]);
        }
    }
    let cost = |rate: f64| {
        let dollars = rate * PEAK.as_secs_f64() / 1e6 * COST_OF_A_MILLION;
        format!("{} a second for an hour: {dollars:.2} USD.\n", number(rate))
    };
    format!(
        "{table}\n\nWelcome and identify, at {COST_OF_A_MILLION:.2} USD a million:\n\n- {}",
        RATES.map(cost).join("- ")
    )
}

fn number(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut shown = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

fn waits(wait: Duration) -> String {
    let lost = if wait > RETENTION { ", **lost after 7 days**" } else { "" };
    let hours = wait.as_secs_f64() / 3600.0;
    match wait.as_secs() {
        0 => "none".to_owned(),
        seconds @ 1..120 => format!("{seconds} s"),
        120..7_200 => format!("{:.0} min", hours * 60.0),
        7_200..172_800 => format!("{hours:.1} h"),
        _ => format!("{:.1} days{lost}", hours / 24.0),
    }
}

fn seen(throttled: f64) -> String {
    if throttled > 0.0 {
        format!("429 for {:.0} %, else 202", throttled * 100.0)
    } else {
        "202".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::workspace::path;

    #[test]
    fn backlog_depth_follows_from_load_and_capacity() {
        let function = Function { vendor: 10.0, ..FUNCTIONS[0] };
        let load = function.load(15.0, 1.0);
        assert_eq!((load.capacity, load.deepest), (10.0, 5.0 * 3600.0));
        assert_eq!(load.longest, Duration::from_mins(30));
        let idle = function.load(10.0, 1.0);
        assert_eq!((idle.deepest, idle.longest), (0.0, Duration::ZERO));
    }

    #[test]
    fn account_rate_limit_is_ten_requests_per_second_per_execution() {
        let [welcome, ..] = play(10_000.0);
        assert!((welcome.throttled - 3.0 / 4.0).abs() < 1e-9, "{welcome:?}");
        assert!(play(100.0).iter().all(|load| load.throttled == 0.0));
    }

    #[test]
    fn performance_page_and_template_match_the_computed_table() {
        let docs = fs::read_to_string(path("docs/performance.md")).unwrap();
        assert!(docs.contains(&page()), "docs/performance.md wants:\n{}", page());
        let costs = fs::read_to_string(path("docs/operations.md")).unwrap();
        assert!(costs.contains("| **sum** | 5.46 | 3.42 |"));
        let template = fs::read_to_string(path("template.yaml")).unwrap();
        let all = |key: &str| -> Vec<f64> {
            let rest = template.split(key).skip(1);
            let digits = |rest: &str| {
                rest.trim_start().split(|c: char| !c.is_ascii_digit()).next().map(str::to_owned)
            };
            rest.filter_map(|rest| digits(rest)?.parse().ok()).collect()
        };
        // mandrill-inbound, the last one, hears of mails and not of sign-ups.
        let at_once = FUNCTIONS.map(|function| function.at_once);
        assert_eq!(all("MaximumConcurrency:")[..FUNCTIONS.len()], at_once);
        let batch = FUNCTIONS.map(|function| function.batch);
        assert_eq!(all("BatchSize:")[..FUNCTIONS.len()], batch);
        assert!(template.contains("MessageRetentionPeriod: 604800 # 7 days"));
    }
}
