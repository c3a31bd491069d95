//! Load on the real binaries: callers by the dozen, bad input, duplicates, and a vendor that fails
//! a third of the time. See README.md.

#![expect(clippy::expect_used, reason = "a load that cannot be put on has failed")]

mod answers;
mod calling;
mod checks;
mod drain;
mod events;
mod faults;
mod memory;
mod report;
mod stage;
mod working;

use std::{process::ExitCode, thread, time::Duration};

use integration::{is_asked_for, variable};
use tokio::runtime::Runtime;

use crate::{calling::Callers, drain::drain, report::Run, stage::Stage, working::Workers};

/// What the load is called among the tests.
const NAME: &str = "load";

/// How long callers call, unless told otherwise.
const SECONDS: u64 = 3;

/// Calls by one caller with nothing else going on: some to get warm, and then those that count.
const WARM_UP: usize = 100;
const UNLOADED: usize = 300;

/// Callers for each core, and as many workers. More of them are answered later, and no more often.
const PER_CORE: usize = 4;

fn main() -> ExitCode {
    if !is_asked_for(NAME) {
        return ExitCode::SUCCESS;
    }
    let lasting = Duration::from_secs(variable("LOAD_SECONDS").unwrap_or(SECONDS));
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let callers = variable("LOAD_CALLERS").and_then(|number| number.try_into().ok());
    let callers = callers.unwrap_or(PER_CORE * cores);
    let run = Runtime::new().expect("a runtime").block_on(play(lasting, callers));
    run.print();
    let wrong = checks::wrong(&run);
    for wrong in &wrong {
        println!("  wrong: {wrong}");
    }
    if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Puts the load on, and takes it off again.
async fn play(lasting: Duration, number: usize) -> Run {
    let stage = Stage::set().await;
    let mut callers = Callers::start(&stage, number).await;
    callers.call_alone(WARM_UP).await;
    let unloaded = callers.call_alone(UNLOADED).await;
    stage.fail_a_third();
    let workers = Workers::start(&stage, number).await;
    let watched = memory::watch([callers.processes(), workers.processes()].concat());
    let workers = workers.work();
    let loaded = callers.call_together(lasting).await;
    let memory = watched.end().await;
    let (workers, drained) = drain(&stage, workers.finish().await).await;
    Run {
        lasting,
        callers: number,
        unloaded,
        loaded,
        memory,
        drained,
        deliveries: workers.end().await,
        accepted: callers.events.accepted(),
        mails: stage.mandrill.mails(),
        faults: stage.faults(),
    }
}
