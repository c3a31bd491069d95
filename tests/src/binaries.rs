//! The binary of the functions and that of `ory-actions`, which cargo builds before it runs a test of
//! this package.

use std::{env, path::PathBuf};

/// The binary of a package, in the folder from which this very test runs: `target/<profile>/`.
pub fn binary(package: &str) -> PathBuf {
    let this_test = env::current_exe().expect("a test knows where it is");
    let folder = this_test.ancestors().nth(2).expect("a test lies in target/<profile>/deps");
    let binary = folder.join(format!("test-{package}"));
    assert!(binary.is_file(), "{package} has no `[[bin]]` in tests/Cargo.toml");
    binary
}
