//! What is fixed in the corpus.

use std::{
    fs,
    path::{Path, PathBuf},
};

use lint::{Fixed, Options, Policy, fix, lint};
use serde_json::Value;

fn corpus() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut files = Vec::new();
    for part in ["good", "documents", "bad"] {
        let entries = fs::read_dir(folder.join(part)).unwrap().map(|entry| entry.unwrap().path());
        let is_configuration = |file: &PathBuf| {
            let extension = file.extension().and_then(|extension| extension.to_str());
            matches!(extension, Some("yml" | "json" | "yaml" | "toml" | "tf"))
        };
        files.extend(entries.filter(is_configuration));
    }
    files.sort();
    files
}

fn after_fix(file: &Path, text: &str) -> (String, Fixed) {
    after_fix_with(file, text, &Options::default())
}

fn after_fix_with(file: &Path, text: &str, options: &Options<'_>) -> (String, Fixed) {
    let fixed = fix(file, text, options, &Policy::default()).unwrap();
    let new = fixed.files.get(file).map_or_else(|| text.to_owned(), |change| change.new.clone());
    (new, fixed)
}

fn value(yaml: &str) -> Value {
    let mut value: yaml_serde::Value = yaml_serde::from_str(yaml).unwrap();
    value.apply_merge().unwrap();
    yaml_serde::from_value(value).unwrap()
}

#[test]
fn fix_leaves_nothing_that_it_can_fix() {
    for file in corpus() {
        let text = fs::read_to_string(&file).unwrap();
        let (new, fixed) = after_fix(&file, &text);
        assert_eq!(fixed.fixes.is_empty(), fixed.files.is_empty(), "{}", file.display());
        let texts = fixed.files.into_iter().map(|(file, change)| (file, change.new)).collect();
        let options = Options { texts, ..Options::default() };
        let (_, again) = after_fix_with(&file, &new, &options);
        assert_eq!(again.fixes, [], "{}", file.display());
    }
}

#[test]
fn fix_makes_no_new_findings() {
    for file in corpus() {
        let text = fs::read_to_string(&file).unwrap();
        let (new, _) = after_fix(&file, &text);
        let rules = |text: &str| {
            let findings = lint(&file, text).unwrap().findings;
            findings.into_iter().map(|finding| finding.rule.name).collect::<Vec<_>>()
        };
        let before = rules(&text);
        assert!(rules(&new).iter().all(|rule| before.contains(rule)), "{}", file.display());
    }
}

/// The two are written by different code, for lists and maps in block style and in flow style.
#[test]
fn fix_does_the_same_to_json_as_to_yaml() {
    for file in corpus() {
        let text = fs::read_to_string(&file).unwrap();
        let is_yaml = file.extension().is_some_and(|kind| kind == "yml" || kind == "json");
        if !is_yaml || text.contains('&') || text.contains("ory-lint:") {
            continue; // JSON has no anchors, and no comments.
        }
        let (new, fixed) = after_fix(&file, &text);
        let json = format!("{:#}", value(&text));
        let (of_json, in_json) = after_fix(&file, &json);
        assert_eq!(
            value(&new),
            serde_json::from_str::<Value>(&of_json).unwrap(),
            "{}",
            file.display()
        );
        assert_eq!(fixed.fixes, in_json.fixes);
    }
}

#[test]
fn fix_changes_the_guide_for_mailchimp() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/documents/mailchimp.yml");
    let (new, fixed) = after_fix(&file, &fs::read_to_string(&file).unwrap());
    let rules: Vec<_> = fixed.fixes.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(rules, ["shadowed", "breaks-sign-up"]);
    insta::assert_snapshot!(new);
}

#[test]
fn fix_changes_an_inline_template() {
    let file = Path::new("kratos.yml");
    let text = "\
selfservice:
  flows:
    registration:
      after:
        password:
          hooks:
            - hook: web_hook
              config:
                url: https://example.com/
                method: POST
                # function(ctx) { p: ctx.transient_payload, r: ctx.flow.return_to }
                body: base64://ZnVuY3Rpb24oY3R4KSB7IHA6IGN0eC50cmFuc2llbnRfcGF5bG9hZCwgcjogY3R4LmZsb3cucmV0dXJuX3RvIH0=
                response: {ignore: true}
";
    let (new, fixed) = after_fix(file, text);
    let changed: Vec<_> = fixed.templates.values().collect();
    assert_eq!(changed.len(), 1);
    assert_eq!(
        changed[0].new,
        "function(ctx) { p: std.get(ctx.flow, 'transient_payload', {}), \
         r: std.get(ctx.flow, 'return_to', null) }"
    );
    assert_eq!(lint(file, &new).unwrap().findings, []);
    assert_eq!(new.lines().count(), text.lines().count());
}

#[test]
fn fix_changes_a_template_in_a_file_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let template = folder.path().join("body.jsonnet");
    fs::write(&template, "function(ctx) { back: ctx.flow.return_to }\n").unwrap();
    let text = "\
selfservice:
  flows:
    registration:
      after:
        password:
          hooks:
            - hook: web_hook
              config:
                url: https://example.com/
                method: POST
                body: file:///etc/config/kratos/body.jsonnet
                response: {ignore: true}
";
    let (new, fixed) = after_fix(&folder.path().join("kratos.yml"), text);
    assert_eq!(new, text);
    assert_eq!(
        fixed.files[&template].new,
        "function(ctx) { back: std.get(ctx.flow, 'return_to', null) }\n"
    );
}

#[test]
fn fix_changes_toml_and_terraform() {
    let toml = "\
[[selfservice.flows.registration.after.password.hooks]]
hook = \"web_hook\" # ours
config = { url = \"https://example.com/\", method = \"POST\", body = \"base64://e30=\" }
";
    let (new, _) = after_fix(Path::new("kratos.toml"), toml);
    assert_eq!(new, toml.replace("e30=\" }", "e30=\", response = { ignore = true } }"));
    let terraform = "\
resource \"ory_action\" \"a\" {
  flow        = \"registration\"
  timing      = \"after\"
  auth_method = \"password\"
  url         = \"https://example.com/\"
  body        = \"function(ctx) { id: ctx.identity.id }\"
}
";
    let (new, fixed) = after_fix(Path::new("main.tf"), terraform);
    assert_eq!(new, terraform.replace("id }\"\n", "id }\"\n  response_ignore = true\n"));
    assert_eq!(fixed.fixes, [("fails-after-saving", "ory_action.a.response_ignore".to_owned())]);
}

/// The content type could be fixed, but a form takes no boolean.
#[test]
fn fix_that_would_break_another_rule_is_not_made() {
    let text = "\
selfservice:
  flows:
    registration:
      after:
        password:
          hooks:
            - hook: web_hook
              config:
                url: https://example.com/
                method: POST
                headers: {Content-Type: application/x-www-form-urlencoded; charset=utf-8}
                body: base64://ZnVuY3Rpb24oY3R4KSB7IGlkOiBjdHguaWRlbnRpdHkuaWQsIGNvbnNlbnQ6IHRydWUgfQ==
                response: {ignore: true}
";
    let rules = |text: &str| -> Vec<_> {
        let report = lint(Path::new("kratos.yml"), text).unwrap();
        report.findings.iter().map(|finding| finding.rule.name).collect()
    };
    assert_eq!(rules(text), ["content-type"]);
    assert_eq!(rules(&text.replace("; charset=utf-8", "")), ["form-of-more-than-text"]);
    assert_eq!(after_fix(Path::new("kratos.yml"), text).0, text);
    // Without the boolean, nothing keeps it from being fixed.
    let json = text.replace("x-www-form-urlencoded", "json");
    assert_eq!(after_fix(Path::new("kratos.yml"), &json).0, json.replace("; charset=utf-8", ""));
}
