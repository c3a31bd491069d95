//! The processor time of a process.

use std::{fs, time::Duration};

/// The time that the threads of a process have run, to the nanosecond. `None` if the system does
/// not tell, or the process has ended.
pub(crate) fn processor_time(process: u32) -> Option<Duration> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).ok()?;
    // A thread may end between the two reads; its time is then gone.
    let times: Vec<_> = threads
        .flatten()
        .filter_map(|thread| run_time(&fs::read_to_string(thread.path().join("schedstat")).ok()?))
        .collect();
    (!times.is_empty()).then(|| times.iter().sum())
}

/// The first number of a `schedstat`, which is in nanoseconds.
/// <https://docs.kernel.org/scheduler/sched-stats.html>
fn run_time(statistics: &str) -> Option<Duration> {
    statistics.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_time_is_the_first_number() {
        assert_eq!(run_time("618183 223473 2\n"), Some(Duration::from_nanos(618_183)));
        for strange in ["", "\n", "-1 0 0", "ns"] {
            assert_eq!(run_time(strange), None, "{strange:?}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn process_that_works_uses_processor_time() {
        let before = processor_time(std::process::id()).expect("Linux tells");
        let mut sum = 0_u64;
        while processor_time(std::process::id()).expect("Linux tells") <= before {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
    }
}
