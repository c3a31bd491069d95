//! What people have: files with placeholders, of other tools, and templates at other paths.

use std::{
    fs,
    path::{Path, PathBuf},
};

use lint::{Kind, Options, Report, lint, lint_with};

fn report(name: &str, text: &str) -> Report {
    lint(Path::new(name), text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn rules(report: &Report) -> Vec<&'static str> {
    report.findings.iter().map(|finding| finding.rule.name).collect()
}

/// A configuration with one webhook after a registration with a password, and its other parts.
fn with_hook(config: &str) -> String {
    let config = config.replace('\n', "\n                ");
    format!(
        "selfservice:\n  flows:\n    registration:\n      after:\n        password:\n          hooks:\n            \
         - hook: web_hook\n              config:\n                {config}\n"
    )
}

const BODY: &str = "body: base64://ZnVuY3Rpb24oY3R4KSB7IGlkOiBjdHguaWRlbnRpdHkuaWQgfQ==\n";

#[test]
fn part_with_a_placeholder_is_not_judged() {
    let url = "url: https://example.com/\nmethod: POST\nresponse: {ignore: true}\n";
    let table = [
        format!("url: {{{{ .Values.url }}}}\nmethod: POST\nresponse: {{ignore: true}}\n{BODY}"),
        format!("url: ${{URL}}\nmethod: POST\nresponse: {{ignore: true}}\n{BODY}"),
        format!("url: http://${{HOST}}/x\nmethod: POST\nresponse: {{ignore: true}}\n{BODY}"),
        format!("url: <url>\nmethod: ${{METHOD}}\nresponse: {{ignore: true}}\n{BODY}"),
        format!("url: @URL@\nmethod: POST\nresponse: {{ignore: %IGNORE%}}\n{BODY}"),
        format!(
            "url: https://mandrillapp.com/\nmethod: POST\nresponse: {{ignore: __IGNORE__}}\n{BODY}"
        ),
        format!("{url}can_interrupt: ((can-interrupt))\n{BODY}"),
        format!("{url}headers: {{Content-Type: $TYPE}}\n{BODY}"),
        format!("{url}headers:\n  {{{{- toYaml .Values.headers | nindent 4 }}}}\n{BODY}"),
        format!("{url}auth: {{type: <% type %>, config: {{}}}}\n{BODY}"),
        format!("{url}auth: ${{AUTH}}\n{BODY}"),
        format!("{url}{{{{- include \"hook\" . | nindent 16 }}}}\n"),
        "{{- include \"hook\" . | nindent 16 }}\n".to_owned(),
        format!("{url}body: base64://{{{{ .Files.Get \"x.jsonnet\" | b64enc }}}}\n"),
        format!("{url}body: file:///etc/config/${{BODY}}.jsonnet\n"),
    ];
    for config in table {
        assert_eq!(rules(&report("kratos.yml", &with_hook(&config))), [""; 0], "{config}");
    }
}

#[test]
fn part_without_a_placeholder_is_judged() {
    let table = [
        (
            "url: ${URL}\nmethod: POST\nbody: base64://ZnVuY3Rpb24oY3R4KSBjdHg=\nresponse: {ignore: true}",
            "whole-ctx",
        ),
        (
            "url: https://mandrillapp.com/${PATH}\nmethod: POST\nresponse: {ignore: true, parse: true}",
            "ignore-with-parse",
        ),
        (
            "url: ${URL}\nmethod: POST\nresponse: {ignore: true}\nbody: base64://{ENCODED_JSONNET}",
            "no-template",
        ),
        ("url: {{ .x }}\nmethod: POST\nresponse: {ignore: true}\nbody: base64://!", "no-template"),
        (
            "url: http://example.com/${PATH}\nmethod: POST\nbody: http://example.com/x\nresponse: {ignore: true}",
            "plain-http",
        ),
    ];
    for (config, rule) in table {
        let report = report("kratos.yml", &with_hook(config));
        assert!(rules(&report).contains(&rule), "{config}: {:?}", rules(&report));
    }
}

#[test]
fn list_flow_and_method_with_a_placeholder_are_not_judged() {
    let hook = "{hook: web_hook, config: {url: 'https://example.com/', method: POST, response: {ignore: true},\n \
                body: 'base64://ZnVuY3Rpb24oY3R4KSB7IGlkOiBjdHguaWRlbnRpdHkuaWQgfQ=='}}";
    let flows = |flows: &str| format!("selfservice:\n  flows:\n    {flows}\n");
    let table = [
        flows("verification: {{ toYaml .Values.verification }}"),
        flows(&format!("verification: {{enabled: ${{ON}}, after: {{hooks: [{hook}]}}}}")),
        flows("registration: {after: {{{ .m }}: {hooks: [x]}}}"),
        flows("registration: {after: {hooks: ${HOOKS}}}"),
        flows("registration: {after: {hooks: [{hook: <name>}]}}"),
        flows("registration: {after: {hooks: [${HOOK}]}}"),
        format!(
            "selfservice:\n  methods: {{oidc: {{enabled: ${{OIDC}}}}, password: {{enabled: ${{PW}}}}}}\n  \
             flows: {{registration: {{after: {{code: {{hooks: [{hook}]}}}}}}}}\n"
        ),
        "selfservice: ${SELFSERVICE}".to_owned(),
    ];
    for text in table {
        assert_eq!(rules(&report("kratos.yml", &text)), [""; 0], "{text}");
    }
}

#[test]
fn hooks_with_urls_that_may_be_the_same_shadow_nothing() {
    let hook = |url: &str| {
        format!(
            "[{{hook: web_hook, config: {{url: '{url}', method: POST, body: '${{B1}}', response: {{ignore: true}}}}}}]"
        )
    };
    let text = |all: &str, own: &str| {
        format!(
            "selfservice: {{flows: {{registration: {{after: {{hooks: {}, password: {{hooks: {}}}}}}}}}}}",
            hook(all),
            hook(own)
        )
    };
    assert_eq!(rules(&report("x.yml", &text("${A1}", "${B1}"))), [""; 0]);
    assert!(
        rules(&report("x.yml", &text("https://a.com/", "https://b.com/"))).contains(&"shadowed")
    );
}

#[test]
fn placeholders_are_noted_at_the_right_lines() {
    let text = with_hook(
        "url: {{ .Values.url }}\nmethod: POST\n{{- if .Values.on }}\nresponse: {parse: true, ignore: true}\n{{- end }}\n",
    );
    let report = report("kratos.yml", &text);
    let finding = report.findings.iter().find(|finding| finding.rule.name == "ignore-with-parse");
    assert_eq!(finding.unwrap().at.unwrap().line, 12);
    assert!(
        report.notes[0].text.contains("`{{ .Values.url }}` were not filled in"),
        "{:?}",
        report.notes
    );
}

const ALL: &str = "selfservice: {flows: {login: {before: {hooks: [{hook: web_hook, config: {url: 'https://example.com/', method: POST, body: 'base64://ZnVuY3Rpb24oY3R4KSBjdHg='}}]}}}}";

#[test]
fn configuration_is_found_wherever_it_is() {
    let end = "selfservice.flows.login.before.hooks[0].config.body";
    let indented = |by: &str| ALL.replace('\n', &format!("\n{by}"));
    let table = [
        ("x.yml", ALL.to_owned(), Kind::Kratos, String::new()),
        ("x.yml", format!("a: 1\n---\n{ALL}"), Kind::Kratos, "[1].".into()),
        ("x.yml", format!("---\n# c\n---\n{ALL}\n...\n"), Kind::Kratos, String::new()),
        (
            "values.yaml",
            format!("kratos:\n  config:\n    {}", indented("    ")),
            Kind::Helm,
            "kratos.config.".into(),
        ),
        (
            "values.yaml",
            format!("x: {{kratos: {{config: {{{ALL}}}}}}}"),
            Kind::Helm,
            "x.kratos.config.".into(),
        ),
        (
            "x.json",
            format!("{{a: [{{services: {{identity: {{config: {{{ALL}}}}}}}}}]}}"),
            Kind::Project,
            "a[0].services.identity.config.".into(),
        ),
        (
            "x.yml",
            format!(
                "apiVersion: v1\nkind: ConfigMap\ndata:\n  kratos.yaml: |\n    {}",
                indented("    ")
            ),
            Kind::Kubernetes,
            "data.kratos.yaml.".into(),
        ),
        (
            "x.yml",
            format!(
                "items:\n- apiVersion: v1\n  kind: ConfigMap\n  data:\n    config: |-\n      x: 1\n      {ALL}"
            ),
            Kind::Kubernetes,
            "items[0].data.config.".into(),
        ),
        (
            "values.yaml",
            format!("auth:\n  config: |\n    x: 1\n    {}", indented("    ")),
            Kind::Text,
            "auth.config.".into(),
        ),
        (
            "x.yml",
            format!(
                "- {{apiVersion: v1, kind: ConfigMap}}\n- config: |\n    x: 1\n    {}",
                indented("    ")
            ),
            Kind::Text,
            "[1].config.".into(),
        ),
        ("-", ALL.to_owned(), Kind::Kratos, String::new()),
        ("any", format!("b: {{{ALL}}}"), Kind::Kratos, "b.".into()),
    ];
    for (name, text, kind, prefix) in table {
        let report = report(name, &text);
        let path = format!("{prefix}{end}");
        let finding = report.findings.iter().find(|finding| finding.rule.name == "whole-ctx");
        assert_eq!(finding.map(|finding| finding.path.as_str()), Some(path.as_str()), "{text}");
        let line = text.lines().position(|line| line.contains("selfservice")).unwrap() + 1;
        assert_eq!(finding.unwrap().at.map(|at| at.line), Some(line), "{text}");
        assert_eq!(report.kind, kind, "{text}");
    }
}

#[test]
fn every_configuration_of_a_file_is_checked() {
    let text = format!("{ALL}\n---\nx: {{{ALL}}}\n---\na: {{b: [");
    let report = report("x.yml", &text);
    assert_eq!((report.web_hooks, report.templates), (2, 2));
    assert_eq!(rules(&report).iter().filter(|rule| **rule == "whole-ctx").count(), 2);
}

/// An environment variable can set either.
#[test]
fn missing_url_and_method_are_noted_alike() {
    let options =
        Options { hook: Some("registration.after".parse().unwrap()), ..Options::default() };
    let response = "response: {ignore: true}";
    for (set, missing) in [("method: POST", "url"), ("url: https://example.com/", "method")] {
        let text = format!("hook: web_hook\nconfig:\n  {set}\n  {response}\n  {BODY}");
        let report = lint_with(Path::new("x.yml"), &text, &options).unwrap();
        assert_eq!((rules(&report), report.notes.len()), (vec![], 1), "{text}");
        assert!(report.notes[0].text.starts_with(&format!("`{missing}` is not set here")));
    }
}

#[test]
fn toml_is_read_without_its_extension() {
    let text = "[[selfservice.flows.login.before.hooks]]\nhook = \"x\"\n";
    for name in ["kratos.toml", "-", "kratos.toml.template"] {
        assert_eq!(rules(&report(name, text)), ["unknown-hook"], "{name}");
    }
    let error = lint(Path::new("x.toml"), "a = 1\nkey = secret").unwrap_err().to_string();
    assert!(
        error.starts_with("not valid TOML: ") && error.ends_with("at line 2 column 7"),
        "{error}"
    );
    assert!(!error.contains("secret"), "{error}");
}

#[test]
fn template_is_read_from_another_place() {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    for (file, code) in
        [("hooks/a.jsonnet", "function(ctx) ctx"), ("b/c/a.jsonnet", "function(ctx) ctx.flow.id")]
    {
        fs::create_dir_all(at(file).parent().unwrap()).unwrap();
        fs::write(at(file), code).unwrap();
    }
    let linted = |body: &str, roots: Vec<(String, PathBuf)>| {
        let text = with_hook(&format!(
            "url: https://example.com/\nmethod: POST\nresponse: {{ignore: true}}\nbody: {body}\n"
        ));
        lint_with(&at("kratos.yml"), &text, &Options { roots, ..Options::default() }).unwrap()
    };
    let near = linted("file:///etc/config/kratos/hooks/a.jsonnet", vec![]);
    assert_eq!(rules(&near), ["whole-ctx"]);
    assert!(near.notes[0].text.contains("a.jsonnet` was read for"), "{:?}", near.notes);

    let mapped = linted("file:///etc/config/a.jsonnet", vec![("/etc/config".into(), at("b/c"))]);
    assert_eq!((rules(&mapped), mapped.notes.len(), mapped.unread), (vec![], 0, 0));

    let either = linted("file:///etc/config/a.jsonnet", vec![]);
    assert_eq!((rules(&either), either.unread), (vec!["file-not-here"], 1));
    assert!(either.findings[0].detail.contains("Files of that name"), "{:?}", either.findings);
}

#[test]
fn unread_templates_are_counted() {
    let hook = |body: &str| {
        with_hook(&format!(
            "url: https://example.com/\nmethod: POST\nresponse: {{ignore: true}}\nbody: {body}\n"
        ))
    };
    for body in ["https://example.com/x.jsonnet", "${BODY}", "file:///not/there.jsonnet"] {
        let report = report("kratos.yml", &hook(body));
        assert_eq!((report.templates, report.unread), (0, 1), "{body}");
        let told = report.to_text("kratos.yml");
        assert!(told.contains("0 of 1 template read"), "{told}");
        assert_eq!(report.to_json("x")["unread"], 1);
    }
}
