//! The binaries of the functions and of `ory-actions`, built as they are deployed: each package by itself, with no feature
//! that another member of the workspace happens to switch on.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

const FUNCTIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../functions");

/// Variables that cargo sets for this process. Build scripts look at some of them, and would run
/// again at each change of hands between this cargo and the one that runs the tests.
const OF_THIS_PACKAGE: [&str; 3] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_NAME"];

/// The binary of a function. The first call in a process builds all of them.
pub(crate) fn binary(function: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| build(&functions())).join(function)
}

/// The program `ory-actions`. The first call in a process builds it.
pub fn ory_actions() -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| build(&["ory-actions".to_owned()])).join("ory-actions")
}

/// Builds packages into the folder from which this very test runs: `target/<profile>/`.
fn build(packages: &[String]) -> PathBuf {
    let this_test = env::current_exe().expect("a test knows where it is");
    let folder = this_test.ancestors().nth(2).expect("a test lies in target/<profile>/deps");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--bins", "--profile", profile(folder)]);
    cargo.arg("--target-dir").arg(folder.parent().expect("a profile lies in a target folder"));
    cargo.current_dir(FUNCTIONS);
    for package in packages {
        cargo.args(["--package", package]);
    }
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if OF_THIS_PACKAGE.iter().any(|prefix| text.starts_with(prefix)) {
            cargo.env_remove(name);
        }
    }
    let built = cargo.status().expect("cargo runs");
    assert!(built.success(), "{packages:?} cannot be built");
    folder.to_owned()
}

/// The profile that cargo builds into this folder.
fn profile(folder: &Path) -> &str {
    match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    }
}

fn functions() -> Vec<String> {
    let folders = fs::read_dir(FUNCTIONS).expect("the functions are there");
    let packages = folders.filter_map(|entry| {
        let entry = entry.ok()?;
        let is_package = entry.path().join("Cargo.toml").is_file();
        is_package.then(|| entry.file_name().to_string_lossy().into_owned())
    });
    packages.collect()
}
