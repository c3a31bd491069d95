//! The instructions of a warm event. Unlike time, they hardly depend on the load of the machine.

use std::{fs, path::Path, process::Command};

use crate::{
    contender::{Contender, Programs},
    event::{ctx, sign_up},
    install::Missing,
    sandbox::Sandbox,
    surroundings::Surroundings,
    table::{Figure, Row},
    workspace::scratch,
};

/// Events of the shorter run, which also contains the start and the first events.
const FEWER: u64 = 20;

/// Events of the longer run.
const MORE: u64 = 120;

const INLINE: &str = "instructions of a warm event, inline";
const ENQUEUED: &str = "instructions of a warm event, enqueued";

pub(super) async fn rows(programs: &Programs, surroundings: &Surroundings) -> Vec<Row> {
    let mut rows = Vec::new();
    for (what, contender, limit) in [
        (INLINE, programs.ours(&surroundings.plain()), 750_000),
        (ENQUEUED, programs.storing(&surroundings.with_queue()), 800_000),
    ] {
        rows.push(match of_an_event(&contender).await {
            Ok(count) => Row::limited(what, Figure::Count(count), Figure::Count(limit)),
            Err(why) => Row::skipped(what, why),
        });
    }
    rows
}

async fn of_an_event(contender: &Contender) -> Result<u64, Missing> {
    let valgrind = Command::new("valgrind").arg("--version").output();
    valgrind.map_err(|error| format!("valgrind: {error}"))?;
    let (fewer, more) = (counted(contender, FEWER).await?, counted(contender, MORE).await?);
    Ok(per_event(fewer, more))
}

fn per_event(fewer: u64, more: u64) -> u64 {
    more.saturating_sub(fewer) / (MORE - FEWER)
}

/// The instructions of a start and so many events.
async fn counted(contender: &Contender, events: u64) -> Result<u64, Missing> {
    let ctx = ctx();
    let counts = scratch().join("callgrind.out");
    let mut sandbox = Sandbox::start(&under_callgrind(contender, &counts)).await;
    for _ in 0..events {
        sandbox.invoke(sign_up(&ctx)).await;
    }
    // It writes its counts when it is asked to end.
    sandbox.terminate().await;
    let counts = fs::read_to_string(&counts).map_err(|error| format!("callgrind: {error}"))?;
    total(&counts).ok_or_else(|| "callgrind writes no total".to_owned())
}

fn under_callgrind(contender: &Contender, counts: &Path) -> Contender {
    let mut arguments = vec![
        "--tool=callgrind".to_owned(),
        format!("--callgrind-out-file={}", counts.display()),
        contender.program.display().to_string(),
    ];
    arguments.extend(contender.arguments.iter().cloned());
    Contender { program: "valgrind".into(), arguments, ..contender.clone() }
}

/// The instructions of the whole run, of all threads.
/// <https://valgrind.org/docs/manual/cl-format.html>
fn total(counts: &str) -> Option<u64> {
    let line = counts.lines().find_map(|line| line.strip_prefix("totals:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn total_is_the_first_count_of_its_line() {
        let counts = "version: 1\nevents: Ir\nsummary: 12\n\nfn=(1)\n0 9\n\ntotals: 129100000\n";
        assert_eq!(total(counts), Some(129_100_000));
        assert_eq!(total("events: Ir Dr\ntotals: 7 3\n"), Some(7));
        for strange in ["", "events: Ir\n", "totals:\n", "totals: many\n"] {
            assert_eq!(total(strange), None, "{strange:?}");
        }
    }

    #[test]
    fn start_and_first_events_do_not_count() {
        assert_eq!(per_event(26_320_000, 133_920_000), 1_076_000);
        assert_eq!(per_event(2, 1), 0);
    }
}
