//! What the events of the peak cost, until they are delivered or lost.

use super::{
    PEAK,
    functions::{Caller, Function, requests},
    load::Load,
    operations::Page,
    quotas::{INVOCATIONS_PER_EXECUTION, SQS_BATCH},
};

/// How often a sandbox fetches its secrets in an hour: every five minutes.
const FETCHES_AN_HOUR: f64 = 12.0;

/// The parts of the bill.
pub(super) const PARTS: [&str; 6] =
    ["invocations", "GB-seconds", "SQS", "DynamoDB", "Secrets Manager", "logs"];

/// US dollars for each of [`PARTS`].
pub(super) type Bill = [f64; PARTS.len()];

/// Calls and prices.
pub(super) struct Costs {
    page: Page,
    /// Gigabytes of memory of each function.
    memory: f64,
}

impl Costs {
    pub(super) fn read(memory: f64) -> Self {
        Self { page: Page::read(), memory }
    }

    /// For all events of a function.
    pub(super) fn of(&self, function: &Function, load: &Load) -> Bill {
        let arrived = load.run.arrived;
        let delivered: f64 = load.run.delivered.iter().sum();
        let calls = arrived / load.in_a_call;
        let deliveries = delivered / load.in_a_delivery;
        let seconds = calls * function.accepts_in(load.in_a_call) + deliveries * function.delivery;
        // Lambda receives and deletes up to ten messages at a time.
        let received = delivered / load.in_a_delivery.min(SQS_BATCH);
        let sent = calls * requests(load.in_a_call);
        let of_event = |name: &str| self.calls(function, name);
        let price = |name: &str| self.page.price(name);
        [
            (calls + deliveries) * price("Lambda, invocations"),
            seconds * self.memory * price("Lambda, time"),
            (sent + 2.0 * received) * price("SQS"),
            delivered
                * (of_event("DynamoDB, written") * price("DynamoDB, writes")
                    + of_event("DynamoDB, read") * price("DynamoDB, reads")),
            sandbox_hours(function, load)
                * FETCHES_AN_HOUR
                * self.page.calls("Secrets Manager, once per sandbox and 5 minutes", function.name)
                * price("Secrets Manager"),
            (f64::midpoint(arrived, delivered) * of_event("Logs, bytes of the function")
                + (calls + deliveries) * self.log_bytes_of_lambda(function))
                / 1e9
                * price("Logs"),
        ]
    }

    /// To accept a million of Ory's calls: with the log lines, and without them.
    pub(super) fn of_accepting(&self, function: &Function) -> (f64, f64) {
        let price = |name: &str| self.page.price(name);
        let of_call = price("Lambda, invocations")
            + function.accept * self.memory * price("Lambda, time")
            + price("SQS");
        // Half of the lines of an event are written by the first of its two invocations.
        let bytes = self.calls(function, "Logs, bytes of the function") / 2.0
            + self.log_bytes_of_lambda(function);
        ((of_call + bytes / 1e9 * price("Logs")) * 1e6, of_call * 1e6)
    }

    /// US dollars for a million requests to SQS.
    pub(super) fn of_sqs(&self) -> f64 {
        self.page.price("SQS") * 1e6
    }

    /// For one invocation. The page has those of two.
    fn log_bytes_of_lambda(&self, function: &Function) -> f64 {
        self.page.calls("Logs, bytes of Lambda", function.name) / 2.0
    }

    /// A `send` is about no person, and takes one write and no read: the mean of both events.
    fn calls(&self, function: &Function, name: &str) -> f64 {
        let calls = self.page.calls(name, function.name);
        match (function.caller, name) {
            (Caller::Mandrill, "DynamoDB, written") => f64::midpoint(calls, 1.0),
            (Caller::Mandrill, "DynamoDB, read") => calls / 2.0,
            _ => calls,
        }
    }
}

/// At most one sandbox for each ten calls a second during the peak, and after it those that still
/// deliver.
fn sandbox_hours(function: &Function, load: &Load) -> f64 {
    let calls = load.rate / load.in_a_call / INVOCATIONS_PER_EXECUTION;
    let peak = load.accepting.max(calls).max(1.0) + function.mapping.at_once;
    let after = load.run.longest.as_secs_f64() / 3600.0 * function.mapping.at_once;
    peak * PEAK.as_secs_f64() / 3600.0 + after
}

#[cfg(test)]
mod tests {
    use super::{
        super::{deployed::Template, functions, load::play},
        *,
    };

    /// An event that comes alone costs what `docs/operations.md` says, where time is in whole
    /// milliseconds and all parts but the secrets are in the sum.
    #[test]
    fn million_events_that_come_alone_cost_what_operations_says() {
        let functions = functions::all();
        let costs = Costs::read(Template::read("template.yaml").memory());
        let sums = [5.46, 3.42, 7.63, 4.09, 5.91];
        for ((function, load), sum) in functions.iter().zip(play(&functions, 1.0)).zip(sums) {
            let mut bill = costs.of(function, &load);
            bill[4] = 0.0;
            let million = bill.iter().sum::<f64>() * 1e6 / load.run.arrived;
            assert!((million - sum).abs() < 0.01, "{}: {million}", function.name);
        }
    }

    #[test]
    fn assumed_times_are_those_of_operations() {
        let page = Page::read();
        for function in functions::all().iter().filter(|it| it.caller != Caller::Mandrill) {
            let sum = (function.accept + function.delivery) * 1e3;
            let documented = page.calls("Lambda, milliseconds", function.name);
            assert!((sum - documented).abs() < 1e-6, "{}: {sum}", function.name);
        }
    }
}
