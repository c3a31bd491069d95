//! Whatever the file holds, it is looked at to the end.

use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD};
use lint::{Report, lint};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Keys that a configuration has, so that most values come to be looked at.
fn keys() -> impl Strategy<Value = String> {
    let known = [
        "selfservice",
        "flows",
        "methods",
        "registration",
        "login",
        "settings",
        "verification",
        "recovery",
        "before",
        "after",
        "hooks",
        "hook",
        "config",
        "url",
        "method",
        "body",
        "headers",
        "Content-Type",
        "response",
        "ignore",
        "parse",
        "can_interrupt",
        "auth",
        "type",
        "value",
        "password",
        "oidc",
        "code",
        "profile",
        "enabled",
        "passwordless_enabled",
        "services",
        "identity",
        "<<",
    ];
    prop_oneof![9 => prop::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => ".{0,6}"]
}

/// Jsonnet, nearly.
fn templates() -> impl Strategy<Value = String> {
    let words = [
        "function",
        "(",
        ")",
        "ctx",
        ".",
        "identity",
        "flow",
        "{",
        "}",
        "[",
        "]",
        "a",
        "b",
        ":",
        "::",
        ",",
        "local",
        "=",
        ";",
        "if",
        "then",
        "else",
        "error",
        "'cancel'",
        "'md-'",
        "+",
        "%",
        "std",
        "std.get",
        "std.map",
        "std.objectHas",
        "for",
        "in",
        "self",
        "$",
        "super",
        "import",
        "assert",
        "1",
        "null",
        "==",
        "!",
        "&&",
        "x",
        "tailstrict",
        "|||\n a\n|||",
    ];
    prop::collection::vec(prop::sample::select(words.to_vec()), 0..60)
        .prop_map(|words| words.join(" "))
}

fn texts() -> impl Strategy<Value = String> {
    let known = [
        "web_hook",
        "session",
        "POST",
        "TRACE",
        "https://mandrillapp.com/",
        "http://example.com/",
        "application/json",
        "application/x-www-form-urlencoded",
        "file://x",
        "api_key",
    ];
    let encoded = |code: String| format!("base64://{}", STANDARD.encode(code));
    prop_oneof![
        3 => prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        2 => templates().prop_map(encoded),
        1 => ".{0,12}",
    ]
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        texts().prop_map(Value::from),
    ];
    leaf.prop_recursive(8, 64, 6, |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            3 => prop::collection::btree_map(keys(), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Hooks where they are looked for, whatever they are.
fn configurations() -> impl Strategy<Value = Value> {
    let hook = (texts(), texts(), values(), values()).prop_map(|(url, body, response, other)| {
        json!({"hook": "web_hook", "config": {
            "url": url, "method": "POST", "body": body, "response": response, "auth": other,
        }})
    });
    let hooks = prop::collection::vec(prop_oneof![hook, values()], 0..4);
    (hooks.clone(), hooks, values(), values()).prop_map(|(all, own, methods, other)| {
        json!({"selfservice": {"methods": methods, "flows": {
            "registration": {"after": {"hooks": all, "password": {"hooks": own}}, "before": other},
            "settings": other,
        }}})
    })
}

/// Parts of every notation that is read.
fn notations() -> impl Strategy<Value = String> {
    let words = [
        "selfservice:\n  flows:\n",
        "    registration: {after: {hooks: [",
        "{hook: web_hook}",
        "]}}\n",
        "[selfservice.flows.login.after]\n",
        "[[selfservice.flows.login.after.hooks]]\n",
        "hook = \"web_hook\"\n",
        "resource \"ory_action\" \"a\" {\n",
        "flow = \"login\"\n",
        "timing = \"before\"\n",
        "url = \"https://x/\"\n",
        "body = <<-X\n",
        "  X\n",
        "}\n",
        "---\n",
        "...\n",
        "{{ .Values.x }}",
        "{{- if .x }}\n",
        "{{ else }}\n",
        "{{- end }}\n",
        "${X1}",
        "<url>",
        "data:\n  kratos.yaml: |\n",
        "  x.jsonnet: |\n",
        "    ",
        "local.x",
        "\"",
        "\"\"\"",
        "[",
        "{",
        "(",
        "= ",
        ": ",
        "- ",
        "\n",
        "%{ if x }",
        "&a ",
        "*a",
        "<<: ",
        "ä",
        "\t",
        "file(\"x\")",
        "jsonencode({",
        "yamlencode({ selfservice = { flows = ",
        "locals {\n",
        "x = local.x\n",
    ];
    prop::collection::vec(prop::sample::select(words.to_vec()), 0..30)
        .prop_map(|words| words.concat())
}

fn placeholders() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "{{ .x }}",
        "${X1}",
        "<x>",
        "@NAME@",
        "{{- if .x }}",
        "<% x %>",
        "%{ x }",
    ])
}

fn told(report: Report) {
    assert!(report.to_text("x").starts_with(['e', 'w', 'n', 'x']));
    assert_eq!(report.to_json("x")["version"], 1);
}

fn look(text: &str) {
    if let Ok(report) = lint(Path::new("x.yml"), text) {
        told(report);
    }
}

proptest! {
    #[test]
    fn any_json(value in values()) {
        look(&value.to_string());
    }

    #[test]
    fn any_configuration(value in configurations()) {
        look(&value.to_string());
        look(&yaml_serde::to_string(&value).unwrap());
    }

    #[test]
    fn any_text(text in ".{0,200}") {
        look(&text);
        told(lint(Path::new("x.jsonnet"), &text).unwrap());
    }

    #[test]
    fn any_text_of_any_kind(words in notations()) {
        for name in ["x.yml", "x.toml", "x.tf", "-"] {
            if let Ok(report) = lint(Path::new(name), &words) {
                told(report);
            }
        }
    }

    #[test]
    fn any_configuration_with_placeholders(value in configurations(), word in placeholders()) {
        let text = yaml_serde::to_string(&value).unwrap();
        for known in ["POST", "web_hook", "api_key", "true", "https://mandrillapp.com/", "after"] {
            look(&text.replacen(known, word, 3));
        }
    }

    #[test]
    fn any_template(body in templates()) {
        for code in [body.clone(), format!("function(ctx) {body}"), format!("function(ctx) {{ {body} }}")] {
            told(lint(Path::new("x.jsonnet"), &code).unwrap());
        }
    }
}

/// Each doubles what the one before made, or never ends.
#[test]
fn exponential_templates_are_limited() {
    let doubling = |step: &dyn Fn(usize) -> String, last: &str| {
        let steps: String = (1..60).map(step).collect();
        format!("function(ctx) {steps} {last}")
    };
    let templates = [
        doubling(&|n| format!("local a{n} = a{0} + a{0};", n - 1), "local a0 = 'text'; a59"),
        doubling(&|n| format!("local a{n} = [a{0}, a{0}];", n - 1), "local a0 = ctx; a59"),
        doubling(&|n| format!("local a{n} = [a{0}, a{0}];", n - 1), "local a0 = 1; error a59"),
        doubling(&|n| format!("local a{n} = {{ ['x' + ctx.y]: 1 }} + a{0} + a{0};", n - 1), "a59"),
        doubling(
            &|n| format!("local f{n}(x) = f{0}(x) + f{0}(x);", n - 1),
            "local f0(x) = x; f59(ctx)",
        ),
        "local f(x) = f(x.y); function(ctx) f(ctx)".to_owned(),
        "local f(x) = [f(x), f(x)]; function(ctx) f(ctx)".to_owned(),
        "function(ctx) { a: self, b: [self.b, $.a], c: self.d, d: self.c }".to_owned(),
        "function(ctx) local a = b, b = a; a".to_owned(),
        "function(ctx) [x for a in [ctx] for b in [a] for x in [b, a, x]]".to_owned(),
    ];
    for code in templates {
        told(lint(Path::new("x.jsonnet"), &code).unwrap());
    }
}
