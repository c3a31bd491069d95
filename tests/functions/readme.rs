//! What the README tells people to copy.

use std::{fs, path::PathBuf};

use ory_actions::samples::SAMPLES;
use serde_json::{Value, json};
use shared::ctx::FORWARD;

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
fn the_first_two_commands_are_the_stack_and_the_tests() {
    assert_eq!(blocks("sh")[..2], ["cargo run\n", "cargo test --workspace\n"]);
}

#[test]
fn every_example_names_an_event_that_is_there() {
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

#[test]
fn the_webhook_is_one_that_ory_takes_and_that_no_sign_up_waits_for() {
    let [webhook] = blocks("json").try_into().unwrap();
    let webhook: Value = serde_json::from_str(&webhook).unwrap();
    assert_eq!(webhook["hook"], "web_hook");
    let config = &webhook["config"];
    assert_eq!(config["response"], json!({"ignore": true}));
    assert_eq!(config["auth"]["type"], "api_key");
    let fields = ["name", "value", "in"].map(|field| config["auth"]["config"][field].is_string());
    assert_eq!(fields, [true; 3]);
}

#[test]
fn every_patch_is_per_method_and_names_project_and_workspace() {
    let commands = blocks("sh").into_iter().filter(|block| block.contains("ory patch"));
    let commands: Vec<_> = commands.collect();
    let patches = commands.iter().flat_map(|block| block.split("ory patch").skip(1));
    for patch in patches {
        assert!(patch.contains("--project") && patch.contains("--workspace"), "{patch}");
        // Ory never runs the list for all methods once a method has its own.
        assert!(!patch.contains("/after/hooks"), "{patch}");
    }
}

#[test]
fn the_tag_to_edit_is_in_the_line_that_the_readme_names() {
    assert!(readme().contains("the tag in its third line"));
    assert!(FORWARD.lines().nth(2).unwrap().starts_with("local hook ="));
}
