//! The memory and descriptors of a process.

use std::fs;

/// A process's memory and descriptors, as Linux tells of them.
#[derive(Clone, Copy, Debug)]
pub struct Vitals {
    /// The memory that it holds now, in bytes.
    pub resident: u64,
    /// The most that it ever held, in bytes.
    pub peak: u64,
    /// How many files, sockets and the like it has open.
    pub descriptors: usize,
}

impl Vitals {
    /// Those of a process; `None` where it has ended, or the system does not tell.
    pub fn of(process: u32) -> Option<Self> {
        let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let descriptors = fs::read_dir(format!("/proc/{process}/fd")).ok()?.count();
        let (resident, peak) = (memory(&status, "VmRSS:")?, memory(&status, "VmHWM:")?);
        Some(Self { resident, peak, descriptors })
    }
}

/// One line of `/proc/<process>/status`, which counts in kibibytes.
fn memory(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kibibytes * 1024)
}
