//! `lint`.

use std::{
    path::Path,
    process::{Command, Output},
};

use serde_json::{Value, json};

/// Runs `ory-actions lint` where the corpus is.
fn run_lint(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ory-actions"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../lint/tests/corpus"))
        .arg("lint")
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn lint_exits_with_1_on_errors_only() {
    let table = [
        ("good/functions.yml", 0),
        ("bad/missing-method.yml", 0),
        ("bad/shadowed.yml", 1),
        ("bad/message-type.jsonnet", 1),
    ];
    for (file, code) in table {
        assert_eq!(run_lint(&[file]).status.code(), Some(code), "{file}");
    }
}

#[test]
fn lint_prints_text() {
    insta::assert_snapshot!(text(&run_lint(&["documents/mailchimp.yml"]).stdout));
    insta::assert_snapshot!(text(&run_lint(&["good/functions.yml"]).stdout));
}

#[test]
fn lint_prints_json() {
    let output = run_lint(&["--format", "json", "bad/shadowed-project.json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    insta::assert_json_snapshot!(report);
    let fine = run_lint(&["--format", "json", "good/project.json"]);
    let fine: Value = serde_json::from_slice(&fine.stdout).unwrap();
    assert_eq!((&fine["findings"], &fine["notes"]), (&json!([]), &json!([])));
}

/// Runs the block of commands in `docs/ory.md` that holds this, where people run it. `cargo run -- …`
/// is this very program, and Ory's CLI prints a configuration of the corpus.
fn run_documented(part: &str) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = std::fs::read_to_string(root.join("docs/ory.md")).unwrap();
    let mut blocks = page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let block = blocks.find(|block| block.contains(part)).unwrap();
    let stubs = format!(
        "cargo() {{ shift 2; '{}' \"$@\"; }}\nory() {{ cat lint/tests/corpus/good/identity-config.json; }}",
        env!("CARGO_BIN_EXE_ory-actions")
    );
    let script = format!("{stubs}\n{block}");
    Command::new("sh").current_dir(root).args(["-c", &script]).output().unwrap()
}

#[test]
fn documented_lint_commands_work() {
    let from_ory = run_documented("cargo run -- lint -");
    assert_eq!(from_ory.status.code(), Some(0), "{}", text(&from_ory.stderr));
    assert!(text(&from_ory.stdout).starts_with("-: Kratos configuration with 1 webhook"));
    let document = run_documented("cargo run -- lint lint/");
    assert_eq!(document.status.code(), Some(1));
    assert!(text(&document.stdout).trim_end().ends_with("3 errors, 1 warning"));
}

/// What one command prints, the other has nothing to say about.
#[test]
fn action_output_has_no_lint_findings() {
    for flow in ["registration", "login", "settings", "verification", "recovery"] {
        for parse in [&[][..], &["--parse"]] {
            let printed = Command::new(env!("CARGO_BIN_EXE_ory-actions"))
                .args(["action", "mandrill-welcome", "--url", "https://welcome.test/"])
                .args(["--flow", flow, "--format", "yaml"])
                .args(parse)
                .output()
                .unwrap();
            if !printed.status.success() {
                assert!(!parse.is_empty(), "{flow}: only what is to be parsed may be refused");
                continue;
            }
            let report = lint::lint(Path::new("x.yml"), &text(&printed.stdout)).unwrap();
            let found: Vec<_> = report.findings.iter().map(|finding| finding.rule.name).collect();
            // What stops a login saves nothing, and `action` says so in a note.
            let stops = flow == "login" && !parse.is_empty();
            let is_expected = |rule: &&str| stops && *rule == "parse-saves-nothing";
            assert!(found.iter().all(is_expected), "{flow} {parse:?}: {report:?}");
            assert_eq!(found.is_empty(), !stops, "{flow} {parse:?}");
            assert!(report.web_hooks > 0);
        }
    }
}

#[test]
fn unreadable_input_is_reported() {
    let table = [
        ("not-there.yml", "cannot read not-there.yml"),
        ("good", "cannot read good"),
        ("main.rs", "main.rs: "),
        ("../../Cargo.toml", "no `selfservice` found"),
    ];
    for (file, part) in table {
        let output = run_lint(&[file]);
        assert_eq!(output.status.code(), Some(2), "{file}");
        let told = text(&output.stderr);
        assert!(told.starts_with("error: ") && told.contains(part), "{file}: {told}");
        assert!(output.stdout.is_empty());
    }
}
