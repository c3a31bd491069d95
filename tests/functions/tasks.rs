//! The tasks that a contributor starts with: `justfile`, and the toolchain that they use.

use std::{collections::BTreeSet, fs, path::Path};

fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The value of `name = "…"` in a TOML file.
fn setting(file: &str, name: &str) -> String {
    let text = read(file);
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} = \"")));
    line.unwrap_or_else(|| panic!("{file} sets no {name}")).trim_end_matches('"').to_owned()
}

/// The names of the recipes, without the one that lists them.
fn recipes(justfile: &str) -> BTreeSet<&str> {
    let heads = justfile.lines().filter_map(|line| line.strip_suffix(':'));
    let names = heads.filter(|head| !head.starts_with([' ', '#'])).map(|head| {
        let end = head.find(' ').unwrap_or(head.len());
        &head[..end]
    });
    names.filter(|name| *name != "default").collect()
}

#[test]
fn contributing_lists_every_just_recipe() {
    let page = read("CONTRIBUTING.md");
    let (_, list) = page.split_once("lists the tasks: ").unwrap();
    let (list, _) = list.split_once(".\n").unwrap();
    let listed: BTreeSet<_> = list.split('`').skip(1).step_by(2).collect();
    assert_eq!(listed, recipes(&read("justfile")));
}

#[test]
fn ci_runs_the_lints_and_tests_of_the_justfile() {
    let ci = read(".ci/run").replace(" --locked", "");
    for command in ["cargo fmt", "cargo clippy", "cargo doc", "cargo test --workspace"] {
        let justfile = read("justfile");
        let line = justfile.lines().find(|line| line.contains(command)).unwrap().trim();
        let line = line.trim_start_matches(r#"RUSTDOCFLAGS="-D warnings" "#);
        assert!(ci.contains(line), "{line}");
    }
}

#[test]
fn pinned_toolchain_is_the_minimum_supported_version() {
    let pinned = setting("rust-toolchain.toml", "channel");
    let oldest = setting("Cargo.toml", "rust-version");
    assert_eq!(pinned, format!("{oldest}.0"));
}
