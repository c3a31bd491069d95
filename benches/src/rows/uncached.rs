//! Starts with the binary out of the page cache, as in the first sandbox on a host.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    contender::{Contender, HELLO, Programs},
    effort::Effort,
    install::Missing,
    median,
    sandbox::Sandbox,
    surroundings::Surroundings,
    table::{Figure, Goal, Row},
    workspace::scratch,
};

const WHAT: &str = "start, binary out of the page cache";

pub(super) async fn rows(
    programs: &Programs,
    surroundings: &Surroundings,
    effort: &Effort,
) -> Vec<Row> {
    let plain = surroundings.plain();
    let all = [programs.ours(&plain), programs.hello(&plain)];
    match measure(all, effort.uncached).await {
        Ok([ours, hello]) => {
            let [ours, hello] = [ours, hello].map(Figure::Time);
            vec![Row::new(WHAT, ours, HELLO, Ok(hello), Goal::AtMostTimes(1.8))]
        }
        Err(why) => vec![Row::skipped(WHAT, why)],
    }
}

/// The medians of many starts, one of each contender at a time.
async fn measure<const N: usize>(
    mut all: [Contender; N],
    starts: usize,
) -> Result<[Duration; N], Missing> {
    for contender in &mut all {
        contender.program = copied(contender);
    }
    let mut times = [const { Vec::new() }; N];
    for _ in 0..starts {
        for (contender, times) in all.iter().zip(&mut times) {
            evict(&contender.program)?;
            let sandbox = Sandbox::start(contender).await;
            times.push(sandbox.start);
            sandbox.end().await;
        }
    }
    Ok(times.map(|times| median(&times)))
}

/// A copy in the target folder: nothing else runs it and so keeps it in memory.
fn copied(contender: &Contender) -> PathBuf {
    let copy = scratch().join(format!("{}-uncached", contender.name));
    fs::copy(&contender.program, &copy).expect("the folder is ours");
    copy
}

/// Writes the file to its disk and drops it from the page cache.
fn evict(file: &Path) -> Result<(), Missing> {
    let mut of = std::ffi::OsString::from("of=");
    of.push(file);
    let mut dd = Command::new("dd");
    output(dd.args(["oflag=nocache", "conv=notrunc,fdatasync", "count=0", "status=none"]).arg(of))?;
    match resident(file)? {
        0 => Ok(()),
        bytes => Err(format!("{bytes} bytes of {} stay in the page cache", file.display())),
    }
}

/// How many bytes of the file are in the page cache.
fn resident(file: &Path) -> Result<u64, Missing> {
    let mut fincore = Command::new("fincore");
    fincore.args(["--bytes", "--noheadings", "--output", "RES"]).arg(file);
    bytes(&output(&mut fincore)?)
}

fn bytes(printed: &str) -> Result<u64, Missing> {
    printed.trim().parse().map_err(|_| format!("fincore prints {printed:?}"))
}

fn output(command: &mut Command) -> Result<String, Missing> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_of_fincore_is_one_number() {
        assert_eq!(bytes("10403840\n"), Ok(10_403_840));
        assert_eq!(bytes("      0\n"), Ok(0));
        for strange in ["", "RES\n0\n", "10M\n"] {
            assert!(bytes(strange).is_err(), "{strange:?}");
        }
    }
}
