//! `fuzz/`: every target is built, has seeds, is documented and runs in CI.

use std::{collections::BTreeSet, fs};

use super::{path, read, rows};

const FOLDER: &str = "fuzz/fuzz_targets";

/// As much as a fuzzer makes of an input, `-max_len` in `fuzz/run`.
const MOST_BYTES: u64 = 16 * 1024;

/// The targets, by the names of their files.
fn targets() -> BTreeSet<String> {
    let files = fs::read_dir(path(FOLDER)).unwrap().map(|file| file.unwrap().path());
    let targets: BTreeSet<_> =
        files.map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    assert!(targets.len() > 8);
    targets
}

#[test]
fn every_fuzz_target_is_built() {
    let manifest = read("fuzz/Cargo.toml");
    let built = manifest.split("[[bin]]\nname = \"").skip(1).map(|target| {
        let (name, rest) = target.split_once('"').unwrap();
        assert!(rest.starts_with(&format!("\npath = \"fuzz_targets/{name}.rs\"")), "{name}");
        name.to_owned()
    });
    assert_eq!(built.collect::<BTreeSet<_>>(), targets());
}

#[test]
fn every_fuzz_target_is_documented_and_has_small_seeds() {
    let rows = rows(&read("fuzz/README.md"));
    let documented = rows.iter().map(|row| row[0].trim_matches('`').to_owned());
    assert_eq!(documented.collect::<BTreeSet<_>>(), targets());
    for target in targets() {
        let seeds = fs::read_dir(path("fuzz/seeds").join(&target)).unwrap();
        let sizes: Vec<_> = seeds.map(|seed| seed.unwrap().metadata().unwrap().len()).collect();
        assert!(sizes.len() > 2, "{target}");
        assert!(sizes.iter().all(|size| *size <= MOST_BYTES), "{target}");
    }
}

/// Without names, `fuzz/run` runs them all.
#[test]
fn ci_runs_every_fuzz_target_and_longer_on_demand() {
    let seconds = |script: &str, from: &str| {
        let script = read(script);
        let run = script.lines().map(str::trim).find_map(|line| line.split_once(from));
        let (_, seconds) = run.unwrap_or_else(|| panic!("{from} is not there"));
        seconds.trim_end_matches(['}', '"']).parse::<u32>().unwrap()
    };
    let short = seconds(".ci/run", "fuzz/run ");
    let long = seconds(".ci/long", "fuzz/run \"${FUZZ_SECONDS:-");
    assert!(short > 0 && long > 10 * short, "{short} {long}");
}
