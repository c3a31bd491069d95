//! Templates that Kratos cannot find, read or evaluate.

use std::path::PathBuf;

use crate::{
    Example, Findings, Kind, Rule, Severity,
    finding::TemplateText,
    hook::Hook,
    template::{self, EVALUATOR_BYTES, Library, LoadError, Loaded, Origin, Reading, Unreadable},
};

/// A reference that leads nowhere.
pub(crate) static NO_TEMPLATE: Rule = Rule {
    name: "no-template",
    severity: Severity::Error,
    title: "The reference to a template is invalid",
    description: "Every call fails: Kratos cannot find or decode the template.",
    help: "Encode the template again, on one line, and prefix it with `base64://`: `base64 < \
           FILE.jsonnet | tr -d '\\n'`.",
    example: Some(Example::config(
        "body: base64://{ENCODED_JSONNET}",
        "body: base64://ZnVuY3Rpb24oY3R4KSB7fQ==",
    )),
    source: "ory/kratos oryx/fetcher/fetcher.go",
};

/// A file that may exist elsewhere.
pub(crate) static FILE_NOT_HERE: Rule = Rule {
    name: "file-not-here",
    severity: Severity::Warning,
    title: "A template file cannot be read here",
    description: "The template was not checked, because the file is not here. If Kratos cannot \
                  read it either, every call fails.",
    help: "Name the folder of the machine that runs Kratos and where it is here, `--root \
           /etc/config/kratos=.`, put the file beside the configuration, or inline the template with \
           `base64://`.",
    example: Some(Example::config(
        "body: file:///etc/kratos/welcome.jsonnet",
        "body: base64://ZnVuY3Rpb24oY3R4KSB7fQ==",
    )),
    source: "ory/kratos oryx/fetcher/fetcher.go",
};

/// A file where there are none.
pub(crate) static FILE_IN_PROJECT: Rule = Rule {
    name: "file-in-project",
    severity: Severity::Error,
    title: "A template of an Ory project is a file",
    description: "Every call fails: Ory Network has no files of yours to read.",
    help: "Inline the template with `base64://`: `base64 < FILE.jsonnet | tr -d '\\n'`.",
    example: None,
    source: "ory/kratos oryx/fetcher/fetcher.go",
};

/// A path without `file://`.
pub(crate) static OLD_PATH: Rule = Rule {
    name: "old-path",
    severity: Severity::Warning,
    title: "The path of a template has no `file://`",
    description: "Kratos logs a warning that it will stop reading such paths.",
    help: "Prefix the path with `file://`.",
    example: None,
    source: "ory/kratos request/builder.go, readTemplate",
};

/// A template that is not valid Jsonnet.
pub(crate) static SYNTAX: Rule = Rule {
    name: "syntax",
    severity: Severity::Error,
    title: "A template is not valid Jsonnet",
    description: "Every call fails: Kratos' evaluator refuses the template before it runs, because it \
                  is not Jsonnet, or because it has a variable that nothing binds, a field or a local \
                  variable twice, or `self` outside of an object. That holds for code that never runs, \
                  too. A field that `std` does not have fails every call that reaches it.",
    help: "Correct the template. `ory-actions render FILE.jsonnet EVENT` shows its output.",
    example: Some(Example::template(
        "function(ctx) { id: ctx.identity.id email: ctx.identity.traits.email }",
        "function(ctx) { id: ctx.identity.id, email: ctx.identity.traits.email }",
    )),
    source: "ory/kratos request/builder.go, addJSONBody; google/go-jsonnet \
             internal/program/static_analyzer.go, internal/parser/parser.go",
};

/// An import of another file.
pub(crate) static IMPORT: Rule = Rule {
    name: "import",
    severity: Severity::Error,
    title: "A template imports a file",
    description: "Every call that reaches the import fails: in Kratos, templates cannot import.",
    help: "Copy the imported code into the template.",
    example: Some(Example::template(
        r"
            local names = import 'names.libsonnet';
            function(ctx) { name: names.of(ctx.identity.traits) }
        ",
        "function(ctx) { name: ctx.identity.traits.name }",
    )),
    source: "ory/kratos oryx/jsonnetsecure/jsonnet.go",
};

/// An external variable or native function.
pub(crate) static EXTERNAL: Rule = Rule {
    name: "external",
    severity: Severity::Error,
    title: "A template uses an external variable or a native function",
    description: "Every call that reaches it fails: a webhook template has only `ctx`, no external \
                  variables and no native functions.",
    help: "Read the value from `ctx`.",
    example: Some(Example::template(
        "function(ctx) { id: ctx.identity.id, source: std.extVar('source') }",
        "function(ctx) { id: ctx.identity.id, source: 'ory' }",
    )),
    source: "ory/kratos request/builder.go, addJSONBody",
};

/// A function with other parameters than Kratos passes.
pub(crate) static PARAMETERS: Rule = Rule {
    name: "parameters",
    severity: Severity::Error,
    title: "The parameters of a template do not match",
    description: "Every call fails: Kratos calls the template with one argument named `ctx`.",
    help: "Begin the template with `function(ctx)`.",
    example: Some(Example::template(
        "function(context) { id: context.identity.id }",
        "function(ctx) { id: ctx.identity.id }",
    )),
    source: "ory/kratos request/builder.go, addJSONBody (TLACode)",
};

/// A template that is too large for the evaluator.
pub(crate) static TOO_LARGE: Rule = Rule {
    name: "too-large",
    severity: Severity::Error,
    title: "A template is too large for Kratos",
    description: "The template alone exceeds the 64 KiB that Kratos' evaluator reads. Its process \
                  exits, and the webhook is called with an empty body or the flow fails.",
    help: "Send less from Ory and do the rest in a function. An inline template counts more than \
           twice, so `file://` helps.",
    example: None,
    source: "ory/kratos oryx/jsonnetsecure/cmd.go; tests/real/kratos/ctx.rs",
};

/// A template that leaves little room for ctx.
pub(crate) static NEARLY_TOO_LARGE: Rule = Rule {
    name: "nearly-too-large",
    severity: Severity::Warning,
    title: "A template leaves little space for `ctx`",
    description: "Kratos' evaluator reads template and ctx together, at most 64 KiB. For people \
                  with long traits the webhook is called with an empty body, or the flow fails.",
    help: "Send less from Ory and do the rest in a function. An inline template counts more than \
           twice, so `file://` helps.",
    example: None,
    source: "ory/kratos oryx/jsonnetsecure/cmd.go; tests/real/kratos/ctx.rs",
};

/// A form with a few fields, cookies and headers makes a ctx of 4 to 12 KiB.
const ROOM_FOR_CTX: usize = 16 * 1024;

/// Loads and parses the template of a webhook.
pub(crate) fn read(hook: &mut Hook, kind: Kind, library: &Library<'_>, found: &mut Findings) {
    let Some(reference) = hook.web.as_ref().and_then(|web| web.body.clone()) else { return };
    if reference.is_empty() {
        return;
    }
    let path = hook.part("body");
    hook.is_unread = true;
    if hook.unknown.has("body") {
        return found.note(path, "the template was not checked: its value is filled in later");
    }
    let Some(loaded) = load(&reference, kind, library, &path, found) else { return };
    hook.is_unread = false;
    let file = match &loaded.origin {
        Origin::File(file) | Origin::Instead(file) => Some(file.clone()),
        Origin::Reference | Origin::Beside(_) => hook.template.clone(),
    };
    hook.reading = read_text(&loaded.code, file, &reference, &path, found);
}

fn load(
    reference: &str,
    kind: Kind,
    library: &Library<'_>,
    path: &str,
    found: &mut Findings,
) -> Option<Loaded> {
    let loaded = library.load(reference);
    if kind == Kind::Project && is_file(reference, &loaded) {
        found.add(&FILE_IN_PROJECT, path, "");
        return loaded.ok();
    }
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(LoadError::Remote) => {
            let text = "NOT CHECKED: the template is at a URL and was not fetched. \
                        `--fetch-templates` fetches it";
            found.note(path, text);
            return None;
        }
        Err(error @ LoadError::NotFetched(_)) => {
            found.note(path, format!("NOT CHECKED: {error}"));
            return None;
        }
        Err(error @ (LoadError::Base64 | LoadError::NoReference | LoadError::Utf8)) => {
            found.add(&NO_TEMPLATE, path, sentence(&error));
            return None;
        }
        Err(error @ (LoadError::File { .. } | LoadError::Huge(_))) => {
            found.add(&FILE_NOT_HERE, path, sentence(&error));
            // Kratos warns of the path wherever the file is.
            if !reference.starts_with("file://") {
                found.add(&OLD_PATH, path, "");
            }
            return None;
        }
    };
    if loaded.is_old_path {
        found.add(&OLD_PATH, path, "");
    }
    match &loaded.origin {
        Origin::Instead(file) => {
            found.note(path, format!("`{}` was read for `{reference}`", file.display()));
        }
        Origin::Beside(name) => {
            found.note(path, format!("`{name}` in the same file was read for `{reference}`"));
        }
        Origin::Reference | Origin::File(_) => {}
    }
    Some(loaded)
}

/// Whether a reference leads to a file, here or elsewhere.
fn is_file(reference: &str, loaded: &Result<Loaded, LoadError>) -> bool {
    reference.starts_with("file://") || loaded.as_ref().is_ok_and(|loaded| loaded.is_old_path)
}

/// Parses the text of a template that the configuration contains, or of one alone.
pub(crate) fn read_code(
    code: &str,
    reference: &str,
    path: &str,
    found: &mut Findings,
) -> Option<Reading> {
    read_text(code, None, reference, path, found)
}

fn read_text(
    code: &str,
    file: Option<PathBuf>,
    reference: &str,
    path: &str,
    found: &mut Findings,
) -> Option<Reading> {
    let text = TemplateText { code: code.to_owned(), file };
    found.templates.insert(path.to_owned(), text);
    let bytes = template::evaluator_bytes(reference, code);
    if bytes >= EVALUATOR_BYTES {
        found.add(&TOO_LARGE, path, taken(bytes));
    } else if bytes > EVALUATOR_BYTES - ROOM_FOR_CTX {
        found.add(&NEARLY_TOO_LARGE, path, taken(bytes));
    }
    match template::read(code) {
        Ok(reading) => Some(reading),
        Err(Unreadable::Syntax { what, place }) => {
            found.add_at(&SYNTAX, path, place, sentence(&what));
            None
        }
        Err(other) => {
            found.note(path, format!("the template was not checked: {other}"));
            None
        }
    }
}

fn taken(bytes: usize) -> String {
    format!("The template takes {} of {} KiB.", bytes.div_ceil(1024), EVALUATOR_BYTES / 1024)
}

fn sentence(words: &impl ToString) -> String {
    let words = words.to_string();
    let mut characters = words.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), characters.as_str())
}

/// Checks for what the Kratos evaluator cannot do.
pub(crate) fn check(reading: &Reading, caller: Caller, path: &str, found: &mut Findings) {
    for place in &reading.imports {
        found.add_at(&IMPORT, path, *place, "");
    }
    refused(reading, path, found);
    for external in &reading.externals {
        found.add_at(&EXTERNAL, path, external.place, "");
    }
    if reading.gave_up {
        let note = "the template is too complex to be followed to the end; parts were not checked";
        found.note(path, note);
    }
    if caller == Caller::Kratos {
        for one in &reading.not_in_std {
            let detail = format!("`std` has no `{}`: every call that reaches it fails.", one.what);
            found.add_at(&SYNTAX, path, one.place, detail);
        }
    }
    parameters(reading, caller, path, found);
}

/// Checks a mapper for what is wrong in any template.
pub(crate) fn check_mapper(reading: &Reading, path: &str, found: &mut Findings) {
    for place in &reading.imports {
        found.add_at(&IMPORT, path, *place, "");
    }
    refused(reading, path, found);
}

fn refused(reading: &Reading, path: &str, found: &mut Findings) {
    for one in &reading.refused {
        found.add_at(&SYNTAX, path, one.place, sentence(&one.what));
    }
}

/// What Kratos gives the mapper of a provider, and that of a token.
///
/// Source: ory/kratos `selfservice/strategy/oidc/strategy_registration.go`, `EvaluateClaimsMapper`;
/// `session/tokenizer.go`.
const OF_MAPPERS: [&str; 3] = ["claims", "identity", "session"];

/// Whether a template reads what Kratos gives a mapper, and nothing else. Nobody calls a mapper as a
/// function.
pub(crate) fn is_mapper(reading: &Reading) -> bool {
    let is_given = |variable: &str| OF_MAPPERS.contains(&variable);
    !reading.externals.is_empty()
        && reading.parameters.is_none()
        && reading.externals.iter().all(|one| one.variable.as_deref().is_some_and(is_given))
}

/// Who evaluates a template.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Caller {
    /// Kratos, for a webhook.
    Kratos,
    /// Kratos or a function. Our reply templates have a second parameter, `outcome`, and do not
    /// belong to a webhook.
    Unknown,
}

fn parameters(reading: &Reading, caller: Caller, path: &str, found: &mut Findings) {
    let Some(parameters) = &reading.parameters else { return };
    let is_known = |name: &str| name == "ctx" || (caller == Caller::Unknown && name == "outcome");
    let wanted: Vec<_> = parameters
        .iter()
        .filter(|parameter| !parameter.has_default && !is_known(&parameter.name))
        .map(|parameter| format!("`{}`", parameter.name))
        .collect();
    if !wanted.is_empty() {
        found.add(&PARAMETERS, path, format!("The template requires {}.", wanted.join(", ")));
    } else if !parameters.iter().any(|parameter| parameter.name == "ctx") {
        found.add(&PARAMETERS, path, "The template has no parameter `ctx`.");
    }
}
