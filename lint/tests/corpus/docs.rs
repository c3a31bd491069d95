//! `docs/lint.md`, whose sections about the rules are generated:
//!
//! ```sh
//! UPDATE_DOCS=1 cargo test -p lint docs
//! ```

use std::{env, fmt::Write as _, fs, path::Path};

use lint::{Example, Excerpt, RULES, Rule, Severity};

const BEGIN: &str =
    "<!-- Generated from lint/src/rules by `UPDATE_DOCS=1 cargo test -p lint docs`. -->\n";
const WIDTH: usize = 100;
const END: &str = "<!-- End of the generated part. -->\n";

#[test]
fn every_rule_is_documented() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/lint.md");
    let docs = fs::read_to_string(&file).unwrap();
    let (before, rest) = docs.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let expected = format!("{before}{BEGIN}\n{}{END}{after}", sections());
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, &expected).unwrap();
    } else {
        assert_eq!(docs, expected, "run UPDATE_DOCS=1 cargo test -p lint docs");
    }
}

fn sections() -> String {
    RULES.iter().map(|rule| section(rule)).collect()
}

fn section(rule: &Rule) -> String {
    let severity = match rule.severity {
        Severity::Error => "Error",
        Severity::Warning => "Warning",
    };
    let Rule { name, title, description, help, source, .. } = rule;
    let mut text = format!("### {name}\n\n");
    paragraph(&mut text, &format!("**{severity}.** {title}."));
    paragraph(&mut text, &format!("**Why is this bad?** {description}"));
    if let Some(example) = &rule.example {
        let language = language(example);
        let (bad, good) = (example.bad(), example.good());
        writeln!(text, "```{language}\n{bad}```\n\nUse instead:\n\n```{language}\n{good}```\n")
            .unwrap();
    }
    paragraph(&mut text, &format!("**Fix.** {help}"));
    paragraph(&mut text, &format!("*Source: {source}.*"));
    text
}

/// Breaks a paragraph into lines, as the rest of the page has them.
fn paragraph(text: &mut String, words: &str) {
    let mut length = 0;
    for word in words.split(' ') {
        let width = word.chars().count() + 1;
        let breaks = length > 0 && length + width > WIDTH;
        match length {
            0 => {}
            _ if breaks => text.push('\n'),
            _ => text.push(' '),
        }
        length = if breaks { width } else { length + width };
        text.push_str(word);
    }
    text.push_str("\n\n");
}

fn language(example: &Example) -> &'static str {
    match example.excerpt {
        Excerpt::Selfservice | Excerpt::Flows | Excerpt::Config => "yaml",
        Excerpt::Terraform => "terraform",
        Excerpt::Template | Excerpt::Form | Excerpt::Reply => "jsonnet",
    }
}

/// Rules name facts of `docs/kratos.md`: `docs/kratos.md (own-list-wins, cancel)`.
#[test]
fn every_fact_that_a_rule_names_is_documented() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/kratos.md");
    let docs = fs::read_to_string(file).unwrap();
    let mut named = 0;
    for rule in RULES {
        let Some((_, facts)) = rule.source.split_once("docs/kratos.md (") else { continue };
        for fact in facts.split_once(')').unwrap().0.split(", ") {
            let anchor = format!("<a id=\"{fact}\"></a>");
            assert!(docs.contains(&anchor), "{}: {fact}", rule.name);
            named += 1;
        }
    }
    assert!(named > 20, "{named}");
}
