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

/// A webhook that should stop changes, in a list from which Kratos does not call it.
const IN_SETTINGS: &str = "  flows:
    settings:
      after:
        hooks:
          - hook: web_hook
            config:
              url: https://example.com/
              method: POST
              body: base64://ZnVuY3Rpb24oY3R4KSB7IGlkOiBjdHguaWRlbnRpdHkuaWQgfQ==
              response: {parse: true}
";

const POSITIONS: &str =
    "Environment variables that name these hooks by their position must follow.";

#[test]
fn fix_moves_a_hook_to_the_methods_of_settings_that_are_enabled() {
    let table: [(&str, &[&str], usize); 3] = [
        ("", &["profile"], 2),
        ("  methods: {password: {enabled: true}}\n", &["password", "profile"], 1),
        (
            "  methods: {password: {enabled: false}, totp: {enabled: true}}\n",
            &["profile", "totp"],
            1,
        ),
    ];
    for (methods, expected, notes) in table {
        let text = format!("selfservice:\n{methods}{IN_SETTINGS}");
        let (new, fixed) = after_fix(Path::new("kratos.yml"), &text);
        let value = value(&new);
        let after = value["selfservice"]["flows"]["settings"]["after"].as_object().unwrap();
        assert_eq!(after.keys().collect::<Vec<_>>(), expected, "{new}");
        assert_eq!(fixed.notes.len(), notes, "{:?}", fixed.notes);
        assert!(fixed.notes.contains(POSITIONS), "{:?}", fixed.notes);
    }
}

#[test]
fn fix_tells_of_positions_only_where_hooks_move_and_variables_exist() {
    let shadowed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/bad/shadowed.yml");
    let text = fs::read_to_string(&shadowed).unwrap();
    assert!(after_fix(&shadowed, &text).1.notes.contains(POSITIONS));
    let project = shadowed.with_file_name("shadowed-project.json");
    let (_, fixed) = after_fix(&project, &fs::read_to_string(&project).unwrap());
    assert!(!fixed.fixes.is_empty() && fixed.notes.is_empty(), "{fixed:?}");
    let waiting = shadowed.with_file_name("fails-after-saving.yml");
    let (_, fixed) = after_fix(&waiting, &fs::read_to_string(&waiting).unwrap());
    assert!(!fixed.fixes.is_empty() && fixed.notes.is_empty(), "{fixed:?}");
}

#[test]
fn fix_of_a_content_type_changes_it_where_it_is_set() {
    let text = "\
selfservice:
  flows:
    login:
      after:
        password:
          hooks:
            - hook: web_hook
              config:
                url: https://example.com/
                method: POST
                headers: {Content-Type: text/plain}
                auth: {type: api_key, config: {name: Content-Type, value: application/json; x=1, in: header}}
                body: base64://ZnVuY3Rpb24oY3R4KSB7IGlkOiBjdHguaWRlbnRpdHkuaWQgfQ==
                response: {ignore: true}
";
    let (new, _) = after_fix(Path::new("kratos.yml"), text);
    assert_eq!(new, text.replace("; x=1", ""));
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
