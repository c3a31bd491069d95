//! Drives a function through all samples and faults.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use ory_actions::up::samples::{SAMPLES, Sample};
use serde_json::Value;

use super::{
    Seen,
    faults::{self, Fault, Party},
};
use crate::common::setup::{Running, Setup, Vendor};

/// How many sandboxes run at once: most of their time goes by in waiting.
const AT_ONCE: usize = 10;

/// The log levels, by `LOG_LEVEL`.
const LEVELS: [&str; 5] = ["trace", "debug", "info", "warn", "error"];

/// How a function is deployed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Placement {
    /// With neither a queue nor a table.
    InLine,
    /// Without a queue.
    WithTable,
    /// With both.
    Queued,
    /// With both, and a reply template that fails.
    Replying,
}

/// One sandbox.
#[derive(Clone, Copy, Debug)]
pub(super) struct Configuration {
    pub(super) level: &'static str,
    pub(super) placement: Placement,
    /// Which of all it is, and of how many.
    number: usize,
    of: usize,
}

impl Configuration {
    fn deployed<V: Vendor>(self, setup: Setup<V>) -> Setup<V> {
        // What else may be set: nobody is to be told more by it.
        let setup = setup
            .var("LOG_LEVEL", self.level)
            .var("AWS_LAMBDA_LOG_LEVEL", self.level.to_uppercase())
            .var("AWS_LAMBDA_LOG_FORMAT", "JSON")
            .var("RUST_LOG", "trace")
            .var("RUST_BACKTRACE", "full");
        let reply = "function(ctx, outcome) error std.toString([ctx, outcome])";
        match self.placement {
            Placement::InLine => setup,
            Placement::WithTable => setup.with_table(),
            Placement::Queued => setup.with_table().with_queue(),
            Placement::Replying => setup.with_table().with_queue().reply_template(reply),
        }
    }

    /// Each sample and each fault at least once, and a share of all their pairs: in each round a
    /// sample meets a fault further on.
    fn pairs(self, samples: usize, faults: usize) -> impl Iterator<Item = (usize, usize)> {
        let rounds = (self.number..faults.max(self.of)).step_by(self.of);
        rounds.enumerate().flat_map(move |(n, round)| {
            let steps = if n == 0 { samples.max(faults) } else { samples };
            (0..steps).map(move |step| (step % samples, (step + round) % faults))
        })
    }
}

/// An event of a sample, the `n`-th, in which the template is to fail like this.
pub(super) type Mark = fn(&Sample, usize, &str) -> Value;

/// In every placement, at every level, and over all of these with every pair of a sample and a
/// fault; what was seen.
pub(super) async fn drive<V: Vendor + 'static>(
    function: &str,
    placements: &[Placement],
    setup: impl AsyncFn() -> Setup<V>,
    mark: Mark,
    parties: &[Party<V>],
) -> Seen {
    let samples: Vec<_> = SAMPLES.iter().filter(|sample| sample.function == function).collect();
    let faults = faults::all(parties.len());
    let places: Vec<_> = LEVELS
        .iter()
        .flat_map(|level| placements.iter().map(move |place| (*level, *place)))
        .collect();
    let configurations = places.iter().enumerate().map(|(number, (level, placement))| {
        Configuration { level, placement: *placement, number, of: places.len() }
    });
    let runs = configurations.map(async |configuration| {
        let running = configuration.deployed(setup().await).start().await;
        run(configuration, running, (&samples, &faults), mark, parties).await
    });
    let mut seen = stream::iter(runs)
        .buffer_unordered(AT_ONCE)
        .fold(Seen::default(), async |all, one| all.and(one))
        .await;
    let pairs = std::mem::take(&mut seen.pairs).len();
    assert_eq!(pairs, samples.len() * faults.len(), "each sample meets each fault");
    seen
}

async fn run<V: Vendor>(
    configuration: Configuration,
    mut running: Running<V>,
    (samples, faults): (&[&Sample], &[Fault]),
    mark: Mark,
    parties: &[Party<V>],
) -> Seen {
    let mut seen = Seen::of(configuration);
    for (n, (sample, number)) in configuration.pairs(samples.len(), faults.len()).enumerate() {
        let fault = &faults[number];
        seen.pairs.insert((sample, number));
        fault.begins(&running, parties);
        let event = fault.event(mark(samples[sample], n, fault.of_the_template()));
        for _ in 0..fault.times() {
            seen.answer(&running.call(event.clone()).await);
        }
        seen.queue(&running, fault);
        running.work().await;
        fault.ends(&mut running, parties).await;
        seen.calls(&running);
    }
    // What is left, once all is fixed.
    for _ in 0..2 {
        running.let_time_pass(Duration::from_mins(35));
        running.work().await;
    }
    seen.calls(&running);
    seen.records(&running);
    seen.log(running.end().await)
}
