//! `ory-actions preset`.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::{Value, json};
use tempfile::NamedTempFile;

fn run(arguments: &[&str]) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut program = Command::new(env!("CARGO_BIN_EXE_ory-actions"));
    program.current_dir(root).arg("preset").args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A shipped preset as a file of one's own, changed.
fn own(change: impl FnOnce(&mut Value)) -> NamedTempFile {
    let shown = run(&["show", "hubspot"]);
    let mut preset: Value = serde_json::from_slice(&shown.stdout).unwrap();
    change(&mut preset);
    let file = NamedTempFile::new().unwrap();
    fs::write(file.path(), preset.to_string()).unwrap();
    file
}

fn test_of(file: &NamedTempFile, events: &[&str]) -> Output {
    let path = file.path().to_str().unwrap();
    run(&[&["test", path], events].concat())
}

#[test]
fn every_shipped_preset_is_listed_and_passes_its_own_test() {
    let list = text(&run(&["list"]).stdout);
    for name in
        ["braze", "customer-io", "customer-io-eu", "hubspot", "intercom", "slack", "webhook"]
    {
        assert!(list.lines().any(|line| line.trim_start().starts_with(name)), "{name}: {list}");
        let file = NamedTempFile::new().unwrap();
        fs::write(file.path(), run(&["show", name]).stdout).unwrap();
        let tested = test_of(&file, &[]);
        assert_eq!(tested.status.code(), Some(0), "{name}: {}", text(&tested.stdout));
    }
}

#[test]
fn test_prints_the_call_of_an_event_without_a_secret() {
    let tested = test_of(&own(|_| {}), &["events/registration.json"]);
    let printed = text(&tested.stdout);
    let url = "POST https://api.hubapi.com/crm/objects/2026-03/contacts/batch/upsert";
    assert!(printed.contains(url) && printed.contains("authorization: Bearer …"), "{printed}");
    assert!(printed.contains("ann@example.com"), "{printed}");
}

#[test]
fn preset_that_leaves_its_host_fails_its_test() {
    for path in ["/../admin", "//evil.example/x", "https://evil.example/"] {
        let code = format!("function(ctx) {{ path: '{path}' }}");
        let tested = test_of(&own(|preset| preset["template"] = json!(code)), &[]);
        assert_eq!(tested.status.code(), Some(1), "{path}");
        assert!(text(&tested.stdout).contains("`path`"), "{path}: {}", text(&tested.stdout));
    }
}

#[test]
fn unusable_preset_is_wrong_input() {
    let without_template = own(|preset| {
        preset.as_object_mut().unwrap().remove("template");
    });
    let unknown_field = own(|preset| preset["colour"] = json!("red"));
    let broken_template = own(|preset| preset["template"] = json!("function(ctx) {"));
    for (file, word) in
        [(without_template, "template"), (unknown_field, "colour"), (broken_template, "syntax")]
    {
        let tested = test_of(&file, &[]);
        let told = text(&tested.stderr);
        assert_eq!(tested.status.code(), Some(2), "{told}");
        assert!(told.contains(word), "{told}");
    }
    let unknown = run(&["show", "fax"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("hubspot"));
}
