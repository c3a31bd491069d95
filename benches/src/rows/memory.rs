//! The peak memory of a contender.

use crate::{
    contender::{Contender, HELLO, NODE, PYTHON, Programs},
    effort::Effort,
    event::{ctx, sign_up},
    install::Missing,
    sandbox::Sandbox,
    surroundings::Surroundings,
    table::{Figure, Goal, Row},
};

/// Invocations before the first look.
const FIRST_LOOK: usize = 1_000;

/// Invocations between two resets of the fakes.
const AT_A_TIME: usize = 1_000;

const LIMIT: Figure = Figure::Memory(24 << 20);

/// How much it may grow after the first look.
const GROWTH: f64 = 1.05;

pub(super) async fn rows(
    programs: &Programs,
    surroundings: &Surroundings,
    effort: &Effort,
) -> Vec<Row> {
    let plain = surroundings.plain();
    let last = effort.memory.max(FIRST_LOOK);
    let mut rows = Vec::new();
    for (kept, variables) in [("in memory", &plain), ("in a table", &surroundings.with_table())] {
        let peaks = peaks(&programs.ours(variables), surroundings, &[FIRST_LOOK, last]).await;
        let (Some(first), Some(then)) = (peaks[0], peaks[1]) else { continue };
        let what = format!("peak memory after {last} invocations, records {kept}");
        rows.push(Row::limited(&what, then, LIMIT));
        let before = "itself after 1,000";
        rows.push(Row::new(what, then, before, Ok(first), Goal::AtMostTimes(GROWTH)));
        if kept == "in memory" {
            let what = format!("peak memory after {FIRST_LOOK} invocations");
            let others = [
                (HELLO, Ok(programs.hello(&plain))),
                (NODE, programs.node(&plain)),
                (PYTHON, programs.python(&plain)),
            ];
            for (name, contender) in others {
                let theirs = first_peak(contender, surroundings).await;
                rows.push(Row::new(&what, first, name, theirs, Goal::None));
            }
        }
    }
    rows
}

async fn first_peak(
    contender: Result<Contender, Missing>,
    surroundings: &Surroundings,
) -> Result<Figure, Missing> {
    let peak = peaks(&contender?, surroundings, &[FIRST_LOOK]).await[0];
    peak.ok_or_else(|| "this system does not tell".to_owned())
}

/// The peak after so many invocations each.
async fn peaks(
    contender: &Contender,
    surroundings: &Surroundings,
    looks: &[usize],
) -> Vec<Option<Figure>> {
    let ctx = ctx();
    let mut sandbox = Sandbox::start(contender).await;
    let mut peaks = Vec::new();
    let mut done = 0;
    for look in looks {
        while done < *look {
            sandbox.invoke(sign_up(&ctx)).await;
            done += 1;
            if done.is_multiple_of(AT_A_TIME) {
                surroundings.take_mails();
            }
        }
        peaks.push(sandbox.peak_memory().map(Figure::Memory));
    }
    sandbox.end().await;
    peaks
}
