//! Templates that Kratos cannot find, read or evaluate.

use std::path::Path;

use crate::{
    Example, Findings, Rule, Severity,
    hook::Hook,
    template::{self, EVALUATOR_BYTES, LoadError, Loaded, Reading, Unreadable},
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
    help: "Run `lint` on the machine that has the file, or inline the template with `base64://`.",
    example: Some(Example::config(
        "body: file:///etc/kratos/welcome.jsonnet",
        "body: base64://ZnVuY3Rpb24oY3R4KSB7fQ==",
    )),
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
    description: "Every call fails: Kratos cannot parse the template.",
    help: "Correct the template. `ory-actions render FILE.jsonnet EVENT` shows its output.",
    example: Some(Example::template(
        "function(ctx) { id: ctx.identity.id email: ctx.identity.traits.email }",
        "function(ctx) { id: ctx.identity.id, email: ctx.identity.traits.email }",
    )),
    source: "ory/kratos request/builder.go, addJSONBody",
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
pub(crate) fn read(hook: &mut Hook, folder: &Path, found: &mut Findings) {
    let Some(reference) = hook.web.as_ref().and_then(|web| web.body.clone()) else { return };
    if reference.is_empty() {
        return;
    }
    let path = hook.part("body");
    let code = match template::load(&reference, folder) {
        Ok(Loaded::Code(code)) => code,
        Ok(Loaded::OldPath(code)) => {
            found.add(&OLD_PATH, &path, "");
            code
        }
        Ok(Loaded::Remote) => {
            found.notes.push((path, "the template is at a URL and was not fetched".to_owned()));
            return;
        }
        Err(error @ (LoadError::Base64 | LoadError::NoReference | LoadError::Utf8)) => {
            return found.add(&NO_TEMPLATE, path, sentence(&error));
        }
        Err(error) => return found.add(&FILE_NOT_HERE, path, sentence(&error)),
    };
    hook.reading = read_code(&code, &reference, &path, found);
}

/// Parses the text of a template.
pub(crate) fn read_code(
    code: &str,
    reference: &str,
    path: &str,
    found: &mut Findings,
) -> Option<Reading> {
    found.templates.insert(path.to_owned(), code.to_owned());
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
            found.notes.push((path.to_owned(), format!("the template was not checked: {other}")));
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
pub(crate) fn check(reading: &Reading, path: &str, found: &mut Findings) {
    for place in &reading.imports {
        found.add_at(&IMPORT, path, *place, "");
    }
    for place in &reading.externals {
        found.add_at(&EXTERNAL, path, *place, "");
    }
    if reading.gave_up {
        let note = "the template is too complex to be followed to the end; parts were not checked";
        found.notes.push((path.to_owned(), note.to_owned()));
    }
    parameters(reading, path, found);
}

/// Our reply templates have a second parameter, `outcome`, and do not belong to a webhook.
fn parameters(reading: &Reading, path: &str, found: &mut Findings) {
    let Some(parameters) = &reading.parameters else { return };
    let is_known = |name: &str| name == "ctx" || (path.is_empty() && name == "outcome");
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
