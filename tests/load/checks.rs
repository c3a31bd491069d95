//! What must not be, however great the load.

use integration::sign_up::address;

use crate::report::Run;

/// How much a process may grow in the second half of the time, in bytes: its first answers take
/// pages that it keeps.
const GROWTH: u64 = 4 << 20;

/// The most memory that a process may hold, in bytes; a sandbox has 256 MiB.
const LARGEST: u64 = 48 << 20;

/// What went wrong.
pub(crate) fn wrong(run: &Run) -> Vec<String> {
    let checks = [
        each_call_gets_its_answer(run),
        no_event_that_was_accepted_is_lost(run),
        nobody_gets_a_second_mail(run),
        memory_is_flat(run),
        all_of_it_happened(run),
    ];
    checks.into_iter().filter_map(Result::err).collect()
}

fn each_call_gets_its_answer(run: &Run) -> Result<(), String> {
    let wrong = &run.loaded.wrong;
    let first = wrong.first().map(String::as_str).unwrap_or_default();
    holds(wrong.is_empty(), || format!("{} answers, the first: {first}", wrong.len()))
}

/// Each was mailed, or bounces, or lies among the dead letters for somebody to look at.
fn no_event_that_was_accepted_is_lost(run: &Run) -> Result<(), String> {
    let lost = run.lost();
    holds(lost == 0, || format!("{lost} events are lost"))?;
    holds(run.drained.dead == 0, || {
        format!("{} dead letters, where Mandrill took all in the end", run.drained.dead)
    })
}

fn nobody_gets_a_second_mail(run: &Run) -> Result<(), String> {
    let twice = run.mailed_twice();
    holds(twice == 0, || format!("{twice} people got more than one mail"))
}

fn memory_is_flat(run: &Run) -> Result<(), String> {
    let (Some(largest), Some(growth)) = (run.memory.largest(10), run.memory.growth(5, 10)) else {
        return holds(!cfg!(target_os = "linux"), || "nobody saw the memory".to_owned());
    };
    holds(largest <= LARGEST, || format!("a process holds {largest} bytes"))?;
    holds(growth <= GROWTH, || format!("a process grew by {growth} bytes in the second half"))
}

/// Otherwise nothing was shown.
fn all_of_it_happened(run: &Run) -> Result<(), String> {
    let kinds = run.loaded.by_kind().count();
    let idle: Vec<_> = run.faults.struck().filter(|(times, _)| *times == 0).collect();
    let accepted = run.accepted.iter().map(|person| address(*person));
    let mailed = accepted.filter(|address| run.mails.contains_key(address)).count();
    holds(kinds == crate::events::KINDS, || format!("only {kinds} kinds of answers"))?;
    holds(idle.is_empty(), || format!("these never struck: {idle:?}"))?;
    holds(mailed > run.accepted.len() / 2, || format!("only {mailed} people were mailed"))
}

fn holds(is_so: bool, wrong: impl FnOnce() -> String) -> Result<(), String> {
    if is_so { Ok(()) } else { Err(wrong()) }
}
