//! What was built: the version, the commit and the processor.

use std::{env::consts::ARCH, sync::LazyLock};

/// As many characters of a commit as tell it from all others.
const COMMIT_LENGTH: usize = 12;

/// What `--version` prints: `0.1.0 (4d6c5d3a0b1c, x86_64)`. The build names the commit in
/// `ORY_ACTIONS_COMMIT`, if it knows it.
pub fn version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        let version = env!("CARGO_PKG_VERSION");
        let architecture = if ARCH == "aarch64" { "arm64" } else { ARCH };
        match option_env!("ORY_ACTIONS_COMMIT").filter(|commit| !commit.is_empty()) {
            Some(commit) => {
                let commit = commit.get(..COMMIT_LENGTH).unwrap_or(commit);
                format!("{version} ({commit}, {architecture})")
            }
            None => format!("{version} ({architecture})"),
        }
    });
    &VERSION
}
