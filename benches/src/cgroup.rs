//! Control groups that limit a process to a share of a processor, as Lambda does. Both versions of
//! the kernel's interface serve.
//! <https://docs.kernel.org/scheduler/sched-bwc.html>
//! <https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files>

use std::{
    fs, io,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicUsize, Ordering},
    thread::sleep,
    time::Duration,
};

use crate::install::Missing;

/// The period of a limit, in microseconds. One that is used up early costs the rest of it. The
/// kernel's default of 100,000 would hide a small difference behind that rest.
const PERIOD_US: u64 = 20_000;

/// The memory, in MB, that comes with one whole processor.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>
const MB_PER_PROCESSOR: u64 = 1_769;

const PREFIX: &str = "ory-actions-benchmark-";

/// How often a group is removed, every 10 ms: its last process may still be ending.
const ATTEMPTS: usize = 500;

/// The version of the interface.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Version {
    One,
    Two,
}

/// A folder in which groups can be made.
#[derive(Debug, PartialEq)]
pub(crate) struct Groups {
    parent: PathBuf,
    version: Version,
}

impl Groups {
    /// The first folder that takes a group with a limit. Also removes the groups of killed runs.
    ///
    /// # Errors
    ///
    /// Why there is none: mostly, because this is not Linux, or the user is not root.
    pub(crate) fn find() -> Result<Self, Missing> {
        let read = |file| fs::read_to_string(file).map_err(|error| format!("{file}: {error}"));
        let (mounts, own) = (read("/proc/self/mountinfo")?, read("/proc/self/cgroup")?);
        let mut why = "no control group for processors is mounted".to_owned();
        for groups in candidates(&mounts, &own) {
            match groups.check() {
                Ok(()) => {
                    groups.sweep();
                    return Ok(groups);
                }
                Err(reason) => why = format!("no group in {}: {reason}", groups.parent.display()),
            }
        }
        Err(why)
    }

    /// Makes a group with the share that Lambda gives to this much memory, in MB.
    ///
    /// # Errors
    ///
    /// Why the system refuses.
    pub(crate) fn limited_to(&self, memory_mb: u64) -> Result<Group, Missing> {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let path = self.parent.join(format!("{PREFIX}{}-{number}", process::id()));
        fs::create_dir(&path).map_err(|error| error.to_string())?;
        let group = Group(path);
        for (file, content) in self.version.limit(quota_us(memory_mb)) {
            group.write(file, &content)?;
        }
        Ok(group)
    }

    fn check(&self) -> Result<(), Missing> {
        if self.version == Version::Two {
            let passed_on = fs::read_to_string(self.parent.join("cgroup.subtree_control"));
            let passed_on = passed_on.map_err(|error| error.to_string())?;
            if !passed_on.split_whitespace().any(|controller| controller == "cpu") {
                return Err("it does not pass on the controller cpu".to_owned());
            }
        }
        self.limited_to(MB_PER_PROCESSOR).map(drop)
    }

    /// Removes the groups of runs that have ended. The system keeps those that are in use.
    fn sweep(&self) {
        let Ok(groups) = fs::read_dir(&self.parent) else { return };
        for group in groups.flatten() {
            let name = group.file_name().to_string_lossy().into_owned();
            let process = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
            if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
                let _ = fs::remove_dir(group.path());
            }
        }
    }
}

impl Version {
    /// The files of a limit, and what they hold.
    fn limit(self, quota_us: u64) -> Vec<(&'static str, String)> {
        match self {
            Self::One => vec![
                ("cpu.cfs_period_us", PERIOD_US.to_string()),
                ("cpu.cfs_quota_us", quota_us.to_string()),
            ],
            Self::Two => vec![("cpu.max", format!("{quota_us} {PERIOD_US}"))],
        }
    }
}

/// A group; it is removed when it is dropped. By then its processes must have been killed.
pub(crate) struct Group(PathBuf);

impl Group {
    /// Moves a process with all its threads into the group. From now on it is limited.
    ///
    /// # Errors
    ///
    /// Why the system refuses.
    pub(crate) fn admit(&self, process: u32) -> Result<(), Missing> {
        self.write("cgroup.procs", &process.to_string())
    }

    fn write(&self, file: &str, content: &str) -> Result<(), Missing> {
        let path = self.0.join(file);
        fs::write(&path, content).map_err(|error| format!("{}: {error}", path.display()))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for _ in 0..ATTEMPTS {
            match fs::remove_dir(&self.0) {
                Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
                    sleep(Duration::from_millis(10));
                }
                _ => return,
            }
        }
    }
}

/// The processor time that a group may use in each period, in microseconds.
fn quota_us(memory_mb: u64) -> u64 {
    PERIOD_US * memory_mb / MB_PER_PROCESSOR
}

/// Where groups may be possible: from the group of this process up to the root of the mount.
fn candidates(mounts: &str, own: &str) -> Vec<Groups> {
    mounts.lines().filter_map(mount).flat_map(|mount| mount.candidates(own)).collect()
}

/// A mounted hierarchy that can limit processors.
struct Mount<'a> {
    /// The group that is shown at the point: not the root inside some containers.
    root: &'a str,
    point: &'a str,
    version: Version,
}

/// Reads a line of `/proc/self/mountinfo`.
/// <https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html>
fn mount(line: &str) -> Option<Mount<'_>> {
    let (place, kind) = line.split_once(" - ")?;
    let mut place = place.split(' ').skip(3);
    let (root, point) = (place.next()?, place.next()?);
    let mut kind = kind.split(' ');
    let version = match (kind.next()?, kind.nth(1)?) {
        ("cgroup", options) if options.split(',').any(|option| option == "cpu") => Version::One,
        ("cgroup2", _) => Version::Two,
        _ => return None,
    };
    Some(Mount { root, point, version })
}

impl Mount<'_> {
    fn candidates(&self, own: &str) -> Vec<Groups> {
        let point = Path::new(self.point);
        let own = own.lines().find_map(|line| self.version.group(line)).unwrap_or("/");
        let own = Path::new(own).strip_prefix(self.root).unwrap_or(Path::new(""));
        let own = own.strip_prefix("/").unwrap_or(own);
        let groups = own.ancestors().map(|group| point.join(group).components().collect());
        groups.map(|parent| Groups { parent, version: self.version }).collect()
    }
}

impl Version {
    /// The group in a line of `/proc/self/cgroup`, if the line is about this version.
    /// <https://man7.org/linux/man-pages/man7/cgroups.7.html>
    fn group(self, line: &str) -> Option<&str> {
        let mut parts = line.splitn(3, ':');
        let (number, controllers, group) = (parts.next()?, parts.next()?, parts.next()?);
        let it_is = match self {
            Self::One => controllers.split(',').any(|controller| controller == "cpu"),
            Self::Two => number == "0" && controllers.is_empty(),
        };
        it_is.then_some(group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quota_is_the_share_of_the_period_that_lambda_gives_to_the_memory() {
        let table = [
            (128, 1_447),
            (256, 2_894),
            (512, 5_788),
            (1_024, 11_577),
            (1_769, 20_000),
            (3_538, 40_000),
        ];
        for (memory, quota) in table {
            assert_eq!(quota_us(memory), quota, "{memory} MB");
        }
    }

    #[test]
    fn limit_is_written_as_each_version_reads_it() {
        let one =
            [("cpu.cfs_period_us", "20000".to_owned()), ("cpu.cfs_quota_us", "2894".to_owned())];
        assert_eq!(Version::One.limit(2_894), one);
        assert_eq!(Version::Two.limit(2_894), [("cpu.max", "2894 20000".to_owned())]);
    }

    fn parents(mounts: &str, own: &str) -> Vec<(String, Version)> {
        let candidates = candidates(mounts, own).into_iter();
        candidates.map(|groups| (groups.parent.display().to_string(), groups.version)).collect()
    }

    #[test]
    fn groups_are_made_below_the_own_group_or_one_above() {
        let mounts = "\
            22 28 0:20 / /proc rw,relatime - proc proc rw\n\
            30 28 0:26 / /groups/cpuset rw,relatime shared:9 - cgroup cgroup rw,cpuset\n\
            31 28 0:27 / /groups/cpu,cpuacct rw shared:10 master:1 - cgroup cgroup rw,cpu,cpuacct\n";
        let own = "5:cpuset:/other\n4:cpu,cpuacct:/user/me\n0::/\n";
        let at = |path: &str| (format!("/groups/cpu,cpuacct{path}"), Version::One);
        assert_eq!(parents(mounts, own), [at("/user/me"), at("/user"), at("")]);
    }

    #[test]
    fn version_two_has_one_hierarchy_for_all_controllers() {
        let mounts = "25 1 0:22 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
        let at = |path: &str| (format!("/sys/fs/cgroup{path}"), Version::Two);
        let own = "0::/user.slice/user-0.slice\n";
        assert_eq!(
            parents(mounts, own),
            [at("/user.slice/user-0.slice"), at("/user.slice"), at("")]
        );
        assert_eq!(parents(mounts, "0::/\n"), [at("")]);
    }

    #[test]
    fn own_group_is_found_below_the_mounted_part_of_the_hierarchy() {
        let mounts = "25 1 0:22 /docker/a /sys/fs/cgroup ro - cgroup2 cgroup rw\n";
        let at = |path: &str| (format!("/sys/fs/cgroup{path}"), Version::Two);
        assert_eq!(parents(mounts, "0::/docker/a/inner\n"), [at("/inner"), at("")]);
        assert_eq!(parents(mounts, "0::/elsewhere\n"), [at("")]);
    }

    #[test]
    fn system_without_control_groups_has_no_place_for_one() {
        let mounts = ["", "\n", "22 28 0:20", "22 28 0:20 / /proc rw - proc", "a - b", " - "];
        for mounts in mounts {
            assert_eq!(parents(mounts, "0::/\n"), [], "{mounts:?}");
        }
        let cpuset = "30 28 0:26 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n";
        assert_eq!(parents(cpuset, "1:cpuset:/\n"), []);
    }
}
