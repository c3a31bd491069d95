//! The commands of the README. That `action` and `doctor` work is tested in `cli/tests`.

use std::{fs, path::PathBuf};

use ory_actions::up::samples::SAMPLES;

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn readme() -> String {
    fs::read_to_string(repository().join("README.md")).unwrap()
}

/// The fenced blocks in a language.
fn blocks(language: &str) -> Vec<String> {
    let readme = readme();
    let fence = format!("```{language}\n");
    let after_fences = readme.split(&fence).skip(1);
    after_fences.map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn readme_starts_with_the_local_stack_and_the_tests() {
    assert_eq!(blocks("sh")[..2], ["cargo run\n", "cargo test --workspace\n"]);
}

#[test]
fn every_readme_example_names_an_existing_event() {
    let readme = readme();
    let named: Vec<_> = readme
        .split_whitespace()
        .filter_map(|word| word.strip_prefix("events/"))
        .filter(|file| file.contains(".json"))
        .collect();
    assert!(!named.is_empty());
    for file in named {
        assert!(SAMPLES.iter().any(|sample| sample.file == file), "{file}");
    }
}
