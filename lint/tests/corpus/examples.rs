//! The examples of the rules: they break their rule, and what to use instead does not.

use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD};
use lint::{Excerpt, RULES, lint};
use serde_json::{Value, json};

/// The names of the rules that an example breaks.
fn broken(excerpt: Excerpt, text: &str) -> Vec<&'static str> {
    let report = match excerpt {
        Excerpt::Reply => lint(Path::new("reply.jsonnet"), text),
        Excerpt::Terraform => lint(Path::new("main.tf"), text),
        _ => lint(Path::new("kratos.json"), &configuration(excerpt, text).to_string()),
    };
    report.unwrap().findings.iter().map(|finding| finding.rule.name).collect()
}

fn configuration(excerpt: Excerpt, text: &str) -> Value {
    let template = || format!("base64://{}", STANDARD.encode(text));
    let form = json!({"Content-Type": "application/x-www-form-urlencoded"});
    match excerpt {
        Excerpt::Selfservice => {
            let selfservice: Value = yaml_serde::from_str(text).unwrap();
            json!({"selfservice": selfservice})
        }
        Excerpt::Flows => {
            let flows: Value = yaml_serde::from_str(text).unwrap();
            json!({"selfservice": {"flows": flows}})
        }
        Excerpt::Config => of_config(yaml_serde::from_str(text).unwrap()),
        Excerpt::Form => of_config(json!({"body": template(), "headers": form})),
        Excerpt::Template | Excerpt::Reply | Excerpt::Terraform => {
            of_config(json!({"body": template()}))
        }
    }
}

/// A webhook after a registration by password, with what the example leaves out.
fn of_config(example: Value) -> Value {
    let mut config = json!({
        "url": "https://example.com/", "method": "POST",
        "body": "base64://ZnVuY3Rpb24oY3R4KSB7IGlkOiBjdHguaWRlbnRpdHkuaWQgfQ==",
        "response": {"ignore": true},
    });
    let Value::Object(example) = example else { panic!("{example}") };
    config.as_object_mut().unwrap().extend(example);
    let hooks = json!([{"hook": "web_hook", "config": config}]);
    json!({"selfservice": {"flows": {"registration": {"after": {"password": {"hooks": hooks}}}}}})
}

#[test]
fn example_breaks_its_rule_and_its_replacement_does_not() {
    for rule in RULES {
        let Some(example) = &rule.example else { continue };
        let (bad, good) = (example.bad(), example.good());
        assert!(broken(example.excerpt, &bad).contains(&rule.name), "{}: {bad}", rule.name);
        assert!(!broken(example.excerpt, &good).contains(&rule.name), "{}: {good}", rule.name);
    }
}

#[test]
fn most_rules_have_an_example() {
    let without: Vec<_> =
        RULES.iter().filter(|rule| rule.example.is_none()).map(|rule| rule.name).collect();
    assert_eq!(
        without,
        [
            "missing-method",
            "update-on-login",
            "file-in-project",
            "old-path",
            "too-large",
            "nearly-too-large",
            "subscribe-lacks-field"
        ]
    );
}
