//! Dependencies: no unsafe code, a reason for each dependency, and the checks that CI runs.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(repository().join(path)).unwrap()
}

/// Every `Cargo.toml` below a folder, but for what was built or fetched.
fn manifests(folder: &Path) -> Vec<PathBuf> {
    let below = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            let is_ours = name != "target" && name != "node_modules" && !name.starts_with('.');
            if is_ours { manifests(&path) } else { Vec::new() }
        } else {
            (name == "Cargo.toml").then_some(path).into_iter().collect()
        }
    };
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(below).collect()
}

/// The lines of a table of TOML's, `key = value`.
fn table<'a>(toml: &'a str, name: &str) -> Vec<&'a str> {
    let lines = toml.lines().map(str::trim).skip_while(|line| *line != format!("[{name}]"));
    let lines = lines.skip(1).take_while(|line| !line.starts_with('['));
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// `forbid` cannot be taken back by any `allow` in the source.
const FORBIDS: &str = r#"unsafe_code = "forbid""#;

#[test]
fn every_crate_forbids_unsafe_code() {
    assert!(table(&read("Cargo.toml"), "workspace.lints.rust").contains(&FORBIDS));
    let all = manifests(&repository());
    assert!(all.len() > 7, "{all:?}");
    for path in all {
        let manifest = read(&path);
        if table(&manifest, "package").is_empty() {
            continue;
        }
        let is_bound = table(&manifest, "lints") == ["workspace = true"]
            || table(&manifest, "lints.rust").contains(&FORBIDS);
        assert!(is_bound, "{} allows unsafe code", path.display());
    }
}

#[test]
fn each_dependency_has_a_reason() {
    let (workspace, fuzz) = (read("Cargo.toml"), read("fuzz/Cargo.toml"));
    let dependencies = [table(&workspace, "workspace.dependencies"), table(&fuzz, "dependencies")];
    let foreign = dependencies.into_iter().flatten().filter(|line| !line.contains(" path ="));
    let wanted: BTreeSet<_> = foreign.map(|line| line.split(' ').next().unwrap()).collect();

    let page = read("docs/dependencies.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" |"));
    let named = rows.flat_map(|(crates, _)| crates.split(", ")).filter(|name| *name != "crate");
    let mut explained = BTreeSet::new();
    for name in named {
        assert!(explained.insert(name), "{name} is listed twice");
    }
    assert_eq!(wanted, explained);
}

#[test]
fn ci_checks_licences_sources_duplicate_and_unused_dependencies() {
    let ci = read(".ci/run");
    for line in [
        "stage \"dependencies\" check_dependencies",
        "  cargo deny --locked check -D warnings bans licenses sources",
        "  cargo shear --locked",
    ] {
        let is_there = ci.lines().any(|have| have.split(" #").next() == Some(line));
        assert!(is_there, "{line}");
    }
}

#[test]
fn each_duplicate_dependency_has_a_reason() {
    let deny = read("deny.toml");
    let excused: Vec<_> = deny.lines().filter(|line| line.contains("crate = ")).collect();
    assert!(excused.len() > 2);
    for line in excused {
        let reason = line.split_once("reason = \"").map(|(_, reason)| reason.len());
        assert!(reason.is_some_and(|length| length > 20), "{line}");
    }
}
