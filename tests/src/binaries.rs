//! The functions' binaries, which cargo builds before it runs a test of this package.

use std::{env, path::PathBuf};

/// The binary of a function, in the folder from which this very test runs: `target/<profile>/`.
pub(crate) fn binary(function: &str) -> PathBuf {
    let this_test = env::current_exe().expect("a test knows where it is");
    let folder = this_test.ancestors().nth(2).expect("a test lies in target/<profile>/deps");
    let binary = folder.join(format!("test-{function}"));
    assert!(binary.is_file(), "{function} has no `[[bin]]` in tests/Cargo.toml");
    binary
}
