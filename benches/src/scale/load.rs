//! What a rate of sign-ups does to each function.

use super::{
    PEAK,
    functions::{Caller, Function},
    queue::{self, Run},
    quotas::{CONCURRENCY, INVOCATIONS_PER_EXECUTION},
};

/// The result for one function.
#[derive(Debug)]
pub(super) struct Load {
    /// Events per second that arrive during the peak, and those that are accepted.
    pub(super) rate: f64,
    /// Events in one call.
    pub(super) in_a_call: f64,
    /// Events in one delivery.
    pub(super) in_a_delivery: f64,
    /// Concurrent executions that enqueue events, by Little's law.
    pub(super) accepting: f64,
    /// The share of calls that Lambda itself rejects with a 429.
    pub(super) throttled: f64,
    /// What happened to the events.
    pub(super) run: Run,
}

/// Invocations that a function needs in a second of the peak, and their concurrency.
#[derive(Clone, Copy, Debug, Default)]
struct Demand {
    calls: f64,
    accepting: f64,
    deliveries: f64,
    delivering: f64,
}

/// Events per second that reach a function if none is rejected.
fn offered(function: &Function, rate: f64, functions: &[Function]) -> f64 {
    let upstream = function.caller.after().and_then(|name| named(functions, name));
    let signed_up = upstream.map_or(rate, |upstream| rate.min(upstream.capacity()));
    signed_up * function.caller.events()
}

fn named<'a>(functions: &'a [Function], name: &str) -> Option<&'a Function> {
    functions.iter().find(|function| function.name == name)
}

fn demand(function: &Function, rate: f64) -> Demand {
    let in_a_call = function.caller.events_in_a_call(rate);
    let calls = rate / in_a_call;
    Demand {
        calls,
        accepting: calls * function.accepts_in(in_a_call),
        deliveries: rate.min(function.capacity()) / function.events_in_a_delivery(rate),
        delivering: function.mapping.at_once,
    }
}

/// The concurrent executions with which an account takes all calls at this rate.
pub(super) fn concurrency_for_all(functions: &[Function], rate: f64) -> f64 {
    let demands = functions.iter().map(|it| demand(it, offered(it, rate, functions)));
    let (mut executions, mut invocations) = (0.0, 0.0);
    for demand in demands {
        executions += demand.accepting + demand.delivering;
        invocations += demand.calls + demand.deliveries;
    }
    executions.max(invocations / INVOCATIONS_PER_EXECUTION).ceil()
}

/// The share of Ory's calls that an account takes with the default quota. Kratos makes a rejected call
/// twice more, which changes who gets through and not how many. The vendors try for hours, so that
/// none of their calls counts as rejected.
fn admitted(functions: &[Function], rate: f64) -> f64 {
    let (mut ory, mut others) = (Demand::default(), Demand::default());
    for function in functions {
        let of_function = demand(function, offered(function, rate, functions));
        let sum = if function.caller == Caller::Ory { &mut ory } else { &mut others };
        sum.calls += of_function.calls;
        sum.accepting += of_function.accepting;
        others.deliveries += of_function.deliveries;
        others.delivering += of_function.delivering;
    }
    let invocations = CONCURRENCY * INVOCATIONS_PER_EXECUTION - others.calls - others.deliveries;
    let executions = CONCURRENCY - others.accepting - others.delivering;
    (invocations / ory.calls).min(executions / ory.accepting).min(1.0)
}

/// Plays the peak at this rate, until everything is delivered or lost.
pub(super) fn play(functions: &[Function], rate: f64) -> Vec<Load> {
    let admitted = admitted(functions, rate);
    let mut loads: Vec<Load> = Vec::new();
    for function in functions {
        let upstream = function.caller.after();
        let upstream = upstream.and_then(|name| functions.iter().position(|it| it.name == name));
        let arrivals: Vec<f64> = match upstream {
            None => vec![rate * admitted; usize::try_from(PEAK.as_secs()).unwrap_or_default()],
            Some(upstream) => {
                let delivered = loads[upstream].run.delivered.iter();
                delivered.map(|events| events * function.caller.events()).collect()
            }
        };
        let at_peak = arrivals.first().copied().unwrap_or_default();
        let demand = demand(function, at_peak);
        loads.push(Load {
            rate: at_peak,
            in_a_call: function.caller.events_in_a_call(at_peak),
            in_a_delivery: function.events_in_a_delivery(at_peak),
            accepting: demand.accepting,
            throttled: 1.0 - admitted,
            run: queue::run(&arrivals, function.capacity(), function.mapping.retention),
        });
    }
    loads
}

#[cfg(test)]
mod tests {
    use super::{super::functions, *};

    #[test]
    fn account_rate_limit_is_ten_requests_per_second_per_execution() {
        let functions = functions::all();
        let throttled = |rate| play(&functions, rate)[0].throttled;
        assert!((0.75..0.76).contains(&throttled(10_000.0)), "{}", throttled(10_000.0));
        assert!(throttled(100.0).abs() < 1e-9);
    }

    #[test]
    fn quota_for_all_calls_is_a_tenth_of_the_calls_and_deliveries() {
        let functions = functions::all();
        let needed = concurrency_for_all(&functions, 10_000.0);
        assert!((4_000.0..4_100.0).contains(&needed), "{needed}");
        assert!(concurrency_for_all(&functions, 1.0) < CONCURRENCY);
    }

    #[test]
    fn vendor_hears_of_no_more_than_was_delivered() {
        let functions = functions::all();
        let loads = play(&functions, 100.0);
        let of = |name: &str| &loads[functions.iter().position(|it| it.name == name).unwrap()].run;
        let delivered = |name: &str| of(name).delivered.iter().sum::<f64>();
        let (mails, events) = (delivered("mandrill-welcome"), of("mandrill-inbound").arrived);
        assert!((events - 2.0 * mails).abs() < 1.0, "{events} of {mails}");
        let (contacts, events) =
            (delivered("mailchimp-subscribe"), of("mailchimp-inbound").arrived);
        assert!((events - contacts).abs() < 1.0, "{events} of {contacts}");
    }
}
