//! What was built: the version, the commit and the processor.

use std::sync::LazyLock;

/// The version, as in `Cargo.toml`. What it means is in `docs/versions.md`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The processor, in the words of the parameter `Architecture` of `template.yaml`.
pub const ARCHITECTURE: &str =
    if cfg!(target_arch = "aarch64") { "arm64" } else { std::env::consts::ARCH };

/// As many characters of a commit as tell it from all others.
const COMMIT_LENGTH: usize = 12;

/// The commit, if the build named it in `ORY_ACTIONS_COMMIT`: that of a release does.
pub fn commit() -> Option<&'static str> {
    option_env!("ORY_ACTIONS_COMMIT").and_then(shortened)
}

fn shortened(commit: &str) -> Option<&str> {
    let commit = commit.get(..COMMIT_LENGTH).unwrap_or(commit);
    (!commit.is_empty()).then_some(commit)
}

/// All three for a person: `0.1.0 (4d6c5d3a0b1c, x86_64)`.
pub fn in_words() -> &'static str {
    static WORDS: LazyLock<String> = LazyLock::new(|| match commit() {
        Some(commit) => format!("{VERSION} ({commit}, {ARCHITECTURE})"),
        None => format!("{VERSION} ({ARCHITECTURE})"),
    });
    &WORDS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commit_is_shortened_and_an_empty_one_is_none() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(shortened(commit), Some("0123456789ab"));
        assert_eq!(shortened("abc1234"), Some("abc1234"));
        assert_eq!(shortened(""), None);
    }

    /// Lambda and `template.yaml` know no `aarch64`.
    #[test]
    fn processor_is_one_that_the_template_takes() {
        assert!(["arm64", "x86_64"].contains(&ARCHITECTURE), "{ARCHITECTURE}");
    }
}
