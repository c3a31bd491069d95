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
