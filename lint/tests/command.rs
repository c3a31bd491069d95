//! The command `ory-lint`, as a shell runs it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

/// Runs it where the corpus is.
fn run(arguments: &[&str]) -> Output {
    run_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus"), arguments, "")
}

#[test]
fn version_names_the_processor() {
    let printed = String::from_utf8(run(&["--version"]).stdout).unwrap();
    let version = concat!("ory-lint ", env!("CARGO_PKG_VERSION"), " (");
    assert!(printed.starts_with(version) && printed.ends_with(")\n"), "{printed}");
    assert!(["arm64", "x86_64"].iter().any(|known| printed.contains(known)), "{printed}");
}

fn run_in(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ory-lint"))
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn exit_code_tells_errors_from_unusable_input() {
    let table: [(&[&str], i32); 13] = [
        (&["good/functions.yml"], 0),
        (&["bad/missing-method.yml"], 0),
        (&["bad/missing-method.yml", "--deny", "missing-method"], 1),
        (&["bad/missing-method.yml", "--deny", "warnings"], 1),
        (&["bad/missing-method.yml", "--deny", "warnings", "--allow", "missing-method"], 0),
        (&["bad/shadowed.yml"], 1),
        (&["bad/shadowed.yml", "--allow", "shadowed"], 0),
        (&["good/functions.yml", "bad/shadowed.yml"], 1),
        (&["good/functions.yml", "bad/whole-ctx.toml"], 1),
        // No template was read: nothing says that it is fine.
        (&["unread/kratos.yml"], 1),
        (&["unread/kratos.yml", "--allow", "file-not-here"], 0),
        (&["not-there.yml"], 2),
        (&["good/functions.yml", "--allow", "no-such-rule"], 2),
    ];
    for (arguments, code) in table {
        assert_eq!(run(arguments).status.code(), Some(code), "{arguments:?}");
    }
}

#[test]
fn findings_name_the_line_of_the_file() {
    let told = text(&run(&["bad/shadowed.yml"]).stdout);
    let line = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/bad/shadowed.yml"),
    )
    .unwrap()
    .lines()
    .position(|line| line.contains("hook: web_hook"))
    .unwrap();
    let place = format!("bad/shadowed.yml:{}:", line + 1);
    assert!(told.contains(&place), "{place}: {told}");
}

#[test]
fn suppressed_findings_are_counted_and_explained() {
    let told = text(&run(&["good/suppressed.yml"]).stdout);
    assert!(told.replace('\n', " ").contains("no problems found, 4 suppressed"), "{told}");
    let json: Value =
        serde_json::from_slice(&run(&["good/suppressed.yml", "--format", "json"]).stdout).unwrap();
    let reasons: Vec<_> = json["suppressed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{}: {}", one["rule"], one["reason"]))
        .collect();
    assert!(reasons.contains(&"\"field-at-times\": \"our form always sends it\"".to_owned()));
    assert_eq!(reasons.len(), 4, "{reasons:?}");
}

#[test]
fn sarif_names_files_lines_and_rules() {
    let arguments = ["bad/shadowed.yml", "good/suppressed.yml", "--format", "sarif"];
    let log: Value = serde_json::from_slice(&run(&arguments).stdout).unwrap();
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 5);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["region"]["startLine"].as_u64().unwrap() > 1, "{result:#}");
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        let known =
            ["bad/shadowed.yml", "good/suppressed.yml", "good/templates/suppressed.jsonnet"];
        assert!(known.contains(&uri), "{uri}");
        let is_suppressed = result["suppressions"][0]["justification"].is_string();
        assert_eq!(is_suppressed, uri.starts_with("good"), "{result:#}");
    }
    assert_eq!(
        (&results[0]["ruleId"], &results[0]["level"]),
        (&"shadowed".into(), &"error".into())
    );
}

#[test]
fn github_gets_one_command_for_each_finding() {
    let told = text(&run(&["bad/shadowed.yml", "--format", "github"]).stdout);
    let lines: Vec<_> = told.lines().collect();
    let [annotation, summary] = lines[..] else { panic!("{told}") };
    assert!(annotation.starts_with("::error file=bad/shadowed.yml,line="), "{annotation}");
    assert!(annotation.contains(",title=ory-lint (shadowed)::A hook in"), "{annotation}");
    assert!(summary.starts_with("bad/shadowed.yml: Kratos configuration"), "{summary}");
}

#[test]
fn diff_shows_changes_and_makes_none() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/documents");
    let before = fs::read_to_string(corpus.join("mailchimp.yml")).unwrap();
    let file = folder.path().join("kratos.yml");
    fs::write(&file, &before).unwrap();
    let output = run_in(folder.path(), &["kratos.yml", "--diff"], "");
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stdout);
    assert!(told.starts_with("--- a/kratos.yml\n+++ b/kratos.yml\n"), "{told}");
    assert!(
        told.contains("\n+                response:\n+                  ignore: true\n"),
        "{told}"
    );
    // What is no difference is not in it.
    let note = "note: Environment variables that name these hooks";
    assert!(text(&output.stderr).starts_with(note) && !told.contains(note), "{told}");
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
}

#[test]
fn fix_asks_before_it_writes() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/bad");
    let file = folder.path().join("kratos.yml");
    fs::copy(corpus.join("shadowed.yml"), &file).unwrap();
    let before = fs::read_to_string(&file).unwrap();
    let asked = run_in(folder.path(), &["kratos.yml", "--fix"], "");
    assert_eq!(asked.status.code(), Some(2));
    assert!(text(&asked.stderr).contains("add --yes"), "{}", text(&asked.stderr));
    assert_eq!(fs::read_to_string(&file).unwrap(), before);

    let agreed = run_in(folder.path(), &["kratos.yml", "--fix", "--yes"], "");
    assert!(text(&agreed.stderr).contains("+++ b/kratos.yml"));
    assert!(!text(&agreed.stdout).contains("shadowed"), "{}", text(&agreed.stdout));
    assert_ne!(fs::read_to_string(&file).unwrap(), before);

    let again = run_in(folder.path(), &["kratos.yml", "--fix", "--yes"], "");
    assert!(text(&again.stderr).contains("Nothing can be fixed without a decision."));
}

#[test]
fn fix_of_standard_input_prints_the_fixed_text() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let input = fs::read_to_string(corpus.join("bad/shadowed.yml")).unwrap();
    let output = run_in(&corpus.join("bad"), &["-", "--fix"], &input);
    let fixed = text(&output.stdout);
    assert!(lint::lint(Path::new("x.yml"), &fixed).is_ok(), "{fixed}");
    let again = run_in(&corpus.join("bad"), &["-", "--fix"], &fixed);
    assert_eq!(text(&again.stdout), fixed);
}

/// A template that standard input names is a file of somebody.
#[test]
fn fix_of_standard_input_asks_before_it_writes_a_template() {
    let folder = tempfile::tempdir().unwrap();
    let template = folder.path().join("body.jsonnet");
    let before = "function(ctx) { back: ctx.flow.return_to }\n";
    fs::write(&template, before).unwrap();
    let input = "{selfservice: {flows: {registration: {after: {password: {hooks: [{hook: web_hook, \
                 config: {url: 'https://example.com/', method: POST, body: 'file://body.jsonnet', \
                 response: {ignore: true}}}]}}}}}}\n";
    let asked = run_in(folder.path(), &["-", "--fix"], input);
    assert_eq!(asked.status.code(), Some(2), "{}", text(&asked.stderr));
    assert_eq!(fs::read_to_string(&template).unwrap(), before);
    let agreed = run_in(folder.path(), &["-", "--fix", "--yes"], input);
    assert_eq!(text(&agreed.stdout), input);
    assert!(fs::read_to_string(&template).unwrap().contains("std.get(ctx.flow, 'return_to'"));
}

#[test]
fn closed_output_ends_the_command_quietly() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ory-lint"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus"))
        .args(["bad/shadowed.yml", "bad/shape.yml", "--format", "sarif"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(128 + 13), String::new()));
}
