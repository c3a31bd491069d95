//! What people read: each thing once, and nothing that is not true.

use std::{fs, path::Path};

use lint::lint;
use serde_json::json;

/// The text that is printed for webhooks with these `config`s after a registration with a password.
/// The files are beside the configuration.
fn printed(configs: &[serde_json::Value], files: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let hooks: Vec<_> =
        configs.iter().map(|config| json!({"hook": "web_hook", "config": config})).collect();
    let flows = json!({"registration": {"after": {"password": {"hooks": hooks}}}});
    let text = json!({"selfservice": {"flows": flows}}).to_string();
    lint(&folder.path().join("kratos.json"), &text).unwrap().to_text("kratos.json")
}

/// A webhook whose response is ignored.
fn quiet(path: &str, body: &str) -> serde_json::Value {
    let url = format!("https://example.com/{path}");
    json!({"url": url, "method": "POST", "body": body, "response": {"ignore": true}})
}

#[test]
fn line_of_a_template_and_its_note_are_printed_once() {
    let file = "file:///etc/config/all.jsonnet";
    let told = printed(
        &[quiet("a", file), quiet("b", file), quiet("c", file)],
        &[("all.jsonnet", "function(ctx) ctx\n")],
    );
    assert_eq!(told.matches("function(ctx) ctx").count(), 1, "{told}");
    assert_eq!(told.matches("was read for").count(), 1, "{told}");
    for position in 0..3 {
        // Once for the finding, once for the note.
        let hook = format!("hooks[{position}].config.body");
        assert_eq!(told.matches(&hook).count(), 2, "{told}");
    }
    assert!(told.replace('\n', " ").contains("3 errors"), "{told}");
}

#[test]
fn line_of_an_inline_template_is_printed_once() {
    let body = "base64://ZnVuY3Rpb24oY3R4KSBjdHg=";
    let told = printed(&[quiet("a", body), quiet("b", body)], &[]);
    assert_eq!(told.matches("function(ctx) ctx").count(), 1, "{told}");
    for position in 0..2 {
        assert!(told.contains(&format!("hooks[{position}].config.body")), "{told}");
    }
}

/// What differs between the hooks is told of each.
#[test]
fn details_of_a_line_are_all_printed() {
    let tag = "{ flow: 'login', method: 'totp', when: 'after_save' }";
    let template = format!("function(ctx) {{ hook: {tag}, id: ctx.flow.id }}\n");
    let mut early = quiet("b", "file://tag.jsonnet");
    early["response"] = json!({"parse": true});
    let told = printed(
        &[quiet("a", "file://tag.jsonnet"), early, quiet("c", "file://tag.jsonnet")],
        &[("tag.jsonnet", &template)],
    );
    assert_eq!(told.matches("| function(ctx)").count(), 1, "{told}");
    let parts = ["after_save`.", "hooks[0].", "hooks[2].", "before_save`.", "hooks[1]."];
    let places: Vec<_> = parts.iter().map(|part| told.find(part)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}: {told}");
}

#[test]
fn path_of_an_absent_key_is_marked() {
    let body = "base64://ZnVuY3Rpb24oY3R4KSB7IGlkOiBjdHguZmxvdy5pZCB9";
    let waits = json!({"url": "https://example.com/", "method": "POST", "body": body});
    assert!(printed(&[waits], &[]).contains("hooks[0].config.response (not set)\n"));
    let mut says_so = quiet("", body);
    says_so["response"] = json!({"ignore": false});
    assert!(printed(&[says_so], &[]).contains("hooks[0].config.response\n"));

    let action = "resource \"ory_action\" \"a\" {\n  flow = \"registration\"\n  timing = \"after\"\n  \
                  url = \"https://example.com/\"\n  body = \"function(ctx) { id: ctx.flow.id }\"\n";
    for (rest, end) in
        [("", "response_ignore (not set)\n"), ("  response_ignore = false\n", "response_ignore\n")]
    {
        let text = format!("{action}{rest}}}\n");
        let told = lint(Path::new("main.tf"), &text).unwrap().to_text("main.tf");
        assert!(told.contains(end), "{told}");
    }
}

#[test]
fn templates_that_cannot_be_parsed_are_counted() {
    let (broken, lost) = ("file://broken.jsonnet", "file://lost.jsonnet");
    let inline = "base64://ZnVuY3Rpb24oY3R4KSB7fQ==";
    let files = [("broken.jsonnet", "function(ctx) {")];
    let table = [
        (vec![broken, broken], "with 2 webhooks and 2 templates, of which 2 cannot be parsed:"),
        (vec![broken, inline], "with 2 webhooks and 2 templates, of which 1 cannot be parsed:"),
        (
            vec![broken, inline, lost],
            "with 3 webhooks, 2 of 3 templates read, of which 1 cannot be parsed:",
        ),
        (vec![inline, inline], "with 2 webhooks and 2 readable templates:"),
    ];
    for (bodies, summary) in table {
        let configs: Vec<_> = bodies.iter().map(|body| quiet("", body)).collect();
        let told = printed(&configs, &files).replace('\n', " ");
        assert!(told.contains(summary), "{summary}: {told}");
    }
}
