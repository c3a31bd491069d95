//! Templates alone, and what a template says by itself.

use std::{
    fs,
    path::{Path, PathBuf},
};

use lint::{Note, Options, Report, lint, lint_with};

fn alone(code: &str) -> Report {
    lint(Path::new("x.jsonnet"), code).unwrap()
}

fn in_hook(code: &str, hook: &str) -> Report {
    let options = Options { hook: Some(hook.parse().unwrap()), ..Options::default() };
    lint_with(Path::new("x.jsonnet"), code, &options).unwrap()
}

fn rules(report: &Report) -> Vec<&'static str> {
    report.findings.iter().map(|finding| finding.rule.name).collect()
}

#[test]
fn mapper_is_not_checked_as_a_webhook_template() {
    // The rules of the template alone, and whether it is taken for a mapper.
    let table: [(&str, &[&str], bool); 9] = [
        ("local c = std.extVar('claims'); { identity: { traits: { email: c.email } } }", &[], true),
        (
            "{ identity: { a: std.extVar('claims').sub, b: std.extVar('identity').traits.b } }",
            &[],
            true,
        ),
        ("{ claims: std.extVar('claims') + { sid: std.extVar('session').id } }", &[], true),
        (
            "{ a: std.extVar('claims'), key: 'md-abcdefghijklmnopqrstuv' }",
            &["key-in-template"],
            true,
        ),
        ("{ a: std.extVar('claims').a, b: claims.b }", &["syntax"], true),
        ("{ a: std.extVar('ctx').identity.id }", &["external"], false),
        (
            "{ a: std.extVar('claims').a, b: std.extVar('source') }",
            &["external", "external"],
            false,
        ),
        ("{ a: std.native('f')(std.extVar('claims')) }", &["external", "external"], false),
        ("function(ctx) { a: std.extVar('claims').a, b: ctx.flow.id }", &["external"], false),
    ];
    for (code, expected, is_mapper) in table {
        let report = alone(code);
        assert_eq!(rules(&report), expected, "{code}");
        let notes: Vec<_> = report.notes.iter().map(|note| note.text.as_str()).collect();
        assert_eq!(notes.len(), usize::from(is_mapper), "{code}: {notes:?}");
        assert!(notes.iter().all(|note| note.starts_with("looks like a mapper")), "{notes:?}");
        let hooked = rules(&in_hook(code, "registration.after.oidc"));
        assert!(hooked.contains(&"external"), "{code}: {hooked:?}");
    }
}

#[test]
fn what_the_evaluator_refuses_is_reported_without_a_hook_too() {
    for code in [
        "local i = ctx.identity; { id: i.id }",
        "function(ctx) { id: Ctx.identity.id }",
        "function(ctx) { a: 1, a: 2 }",
        "local a = 1, a = 2; function(ctx) { a: a }",
        "function(ctx) { [self.x]: 1 }",
    ] {
        assert_eq!(rules(&alone(code)), ["syntax"], "{code}");
        assert_eq!(rules(&in_hook(code, "login.after.password")), ["syntax"], "{code}");
    }
    // A function may evaluate it with another library.
    let code = "function(ctx) { a: std.isNull(1) }";
    assert_eq!(rules(&alone(code)), [""; 0]);
    assert_eq!(rules(&in_hook(code, "login.after.password")), ["syntax"]);
}

/// The templates below a folder.
fn below(folder: &Path, templates: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            below(&path, templates);
        } else if path.extension().is_some_and(|extension| extension == "jsonnet") {
            templates.push(path);
        }
    }
}

#[test]
fn evaluator_refuses_no_template_of_this_repository() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut templates = Vec::new();
    for folder in ["tests/corpus/good", "../shared", "../functions"] {
        below(&root.join(folder), &mut templates);
    }
    assert!(templates.len() > 10, "{templates:?}");
    for file in templates {
        let found = rules(&alone(&fs::read_to_string(&file).unwrap()));
        assert!(!found.contains(&"syntax"), "{}: {found:?}", file.display());
    }
}

/// A webhook after a registration with this template.
fn webhook(code: &str) -> Report {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.jsonnet"), code).unwrap();
    let config = "{url: 'https://example.com/', method: POST, body: 'file://x.jsonnet', \
                  response: {ignore: true}}";
    let hooks = format!("[{{hook: web_hook, config: {config}}}]");
    let text = format!(
        "selfservice: {{flows: {{registration: {{after: {{password: {{hooks: {hooks}}}}}}}}}}}"
    );
    lint(&folder.path().join("kratos.yml"), &text).unwrap()
}

#[test]
fn template_that_reads_nothing_of_ctx_is_noted() {
    let table = [
        ("function(ctx) { event: 'sign-up' }", true),
        ("'sign-up'", true),
        ("function(ctx) local unused = ctx.identity; { event: 'sign-up' }", true),
        ("function(ctx) { id: ctx.identity.id }", false),
        ("function(ctx) if 'identity' in ctx then {} else { a: 1 }", false),
        ("function(ctx) std.length(ctx.identity.traits)", false),
        ("function(ctx) { all: std.toString(ctx) }", false),
        // These fail.
        ("function(ctx) { id: identity.id }", false),
        ("function(context) { id: context.identity.id }", false),
        ("{ a: std.extVar('claims') }", false),
    ];
    for (code, expected) in table {
        let notes = webhook(code).notes;
        let is_noted = notes.iter().any(|note| note.text.contains("reads nothing of `ctx`"));
        assert_eq!(is_noted, expected, "{code}: {notes:?}");
        assert!(!alone(code).notes.iter().any(|note| note.text.contains("reads nothing")));
    }
}

#[test]
fn template_without_another_result_always_cancels() {
    let table: [(&str, &[&str]); 7] = [
        ("function(ctx) error 'cancel'", &["always-cancels"]),
        ("function(ctx) local why = 'x'; error 'cancel: %s' % why", &["always-cancels"]),
        ("error 'cancel'", &["always-cancels"]),
        // Without an `else`, the result is null.
        ("function(ctx) if ctx.flow.type == 'api' then error 'cancel'", &[]),
        ("function(ctx) if ctx.flow.type == 'api' then error 'cancel' else error 'no'", &[]),
        ("function(ctx) error 'cancellation'", &["cancels-by-accident"]),
        ("function(ctx) error 'Cancel'", &["does-not-cancel"]),
    ];
    for (code, expected) in table {
        let report = webhook(code);
        assert_eq!(rules(&report), expected, "{code}");
        assert_eq!(report.notes, [], "{code}");
    }
}

/// An answer that stops a flow works, so that is no problem.
#[test]
fn answer_that_saves_nothing_is_noted_where_the_webhook_may_interrupt() {
    let table = [
        ("login", "can_interrupt: true, response: {parse: true}", 1),
        ("recovery", "can_interrupt: true, response: {parse: true}", 1),
        ("verification", "can_interrupt: true, response: {parse: true}", 1),
        ("login", "can_interrupt: true", 0),
        ("login", "response: {parse: true}", 0),
    ];
    for (flow, parts, expected) in table {
        let text = format!(
            "selfservice: {{flows: {{{flow}: {{enabled: true, after: {{hooks: [{{hook: web_hook, \
             config: {{url: 'https://example.com/', method: POST, body: 'base64://e30=', \
             {parts}}}}}]}}}}}}}}"
        );
        let report = lint(Path::new("kratos.yml"), &text).unwrap();
        let is_told = |note: &&Note| note.text.contains("an `identity` in the answer is not saved");
        assert_eq!(report.notes.iter().filter(is_told).count(), expected, "{flow} {parts}");
        let warns = rules(&report).contains(&"parse-saves-nothing");
        assert_eq!(warns, !parts.contains("can_interrupt"), "{flow} {parts}");
    }
}

/// A webhook after a social sign-up that looks into `metadata_public`, with these mappers.
fn after_mappers(list: &str, mappers: &[&str]) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let code = "function(ctx) { plan: ctx.identity.metadata_public.plan }";
    fs::write(folder.path().join("x.jsonnet"), code).unwrap();
    for (number, mapper) in mappers.iter().enumerate() {
        fs::write(folder.path().join(format!("mapper{number}.jsonnet")), mapper).unwrap();
    }
    let urls: Vec<_> = (0..mappers.len()).map(|number| format!("mapper{number}.jsonnet")).collect();
    let provider = |url| format!("{{id: a, mapper_url: 'file:///etc/config/kratos/{url}'}}");
    let providers: Vec<_> = urls.iter().map(provider).collect();
    let config = "{url: 'https://example.com/', method: POST, body: 'file://x.jsonnet', \
                  response: {ignore: true}}";
    let text = format!(
        "selfservice: {{methods: {{password: {{enabled: false}}, oidc: {{enabled: true, config: \
         {{providers: [{}]}}}}}}, flows: {{registration: {{after: {{{list}: {{hooks: [{{hook: \
         web_hook, config: {config}}}]}}}}}}}}}}",
        providers.join(", ")
    );
    lint(&folder.path().join("kratos.yml"), &text).unwrap()
}

#[test]
fn metadata_is_no_null_where_every_mapper_writes_it() {
    let always = "local claims = std.extVar('claims');
                  { identity: { traits: {}, metadata_public: { plan: claims.sub } } }";
    let in_branches =
        "if std.extVar('claims').sub == 'a' then { identity: { metadata_public: {} } }
                       else { identity: { metadata_public: { plan: 1 } } }";
    let key_at_times = "local c = std.extVar('claims');
                        { identity: { [if 'a' in c then 'metadata_public']: { plan: c.a } } }";
    let value_at_times =
        "{ identity: { metadata_public: if 'a' in std.extVar('claims') then {} } }";
    let never = "{ identity: { traits: { email: std.extVar('claims').email } } }";
    let table: [(&[&str], bool); 8] = [
        (&[always], true),
        (&[always, in_branches], true),
        (&[key_at_times], false),
        (&[value_at_times], false),
        (&["{ identity: { metadata_public:: {} } }"], false),
        (&[always, never], false),
        (&["{"], false),
        (&[], false),
    ];
    for (mappers, is_written) in table {
        let found = rules(&after_mappers("oidc", mappers)).contains(&"field-at-times");
        assert_eq!(found, !is_written, "{mappers:?}");
    }
    assert!(rules(&after_mappers("password", &[always])).contains(&"field-at-times"));
}

#[test]
fn spelling_of_a_header_is_judged_where_its_absence_is_handled() {
    let read = |what: &str| format!("function(ctx) {{ id: ctx.identity.id, a: {what} }}");
    let table: [(&str, &[&str]); 8] = [
        ("std.get(ctx.request_headers, 'user-agent')", &["header-spelling"]),
        ("std.objectHas(ctx.request_headers, 'X-FORWARDED-FOR')", &["header-spelling"]),
        ("'accept-language' in ctx.request_headers", &["header-spelling"]),
        (
            "if 'user-agent' in ctx.request_headers then ctx.request_headers['user-agent']",
            &["header-spelling"],
        ),
        ("ctx.request_headers['user-agent']", &["no-such-field"]),
        ("std.get(ctx.request_headers, 'User-Agent')", &[]),
        (
            "std.get(ctx.request_headers, 'User-Agent', std.get(ctx.request_headers, 'user-agent'))",
            &[],
        ),
        ("std.get(ctx.request_cookies, 'theme')", &[]),
    ];
    for (what, expected) in table {
        assert_eq!(rules(&webhook(&read(what))), expected, "{what}");
    }
}
