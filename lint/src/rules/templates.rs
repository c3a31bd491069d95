//! Templates that Kratos cannot find, read or evaluate.

use std::path::Path;

use crate::{
    Findings, Rule, Severity,
    hook::Hook,
    template::{self, EVALUATOR_BYTES, LoadError, Loaded, Reading, Unreadable},
};

/// A reference that leads nowhere.
pub(crate) static NO_TEMPLATE: Rule = Rule {
    name: "no-template",
    severity: Severity::Error,
    happens: "Every call fails: Kratos cannot find or decode the template.",
    mend: "Encode it once more, on one line: `base64 < FILE.jsonnet | tr -d '\\n'`, behind \
           `base64://`.",
    claim: "oryx/fetcher/fetcher.go",
};

/// A file that may be elsewhere.
pub(crate) static FILE_NOT_HERE: Rule = Rule {
    name: "file-not-here",
    severity: Severity::Warning,
    happens: "The template was not looked at, as there is no such file here. If it is not on \
              Kratos' machine either, every call fails.",
    mend: "Run `lint` where the file is, or put the template into `base64://`.",
    claim: "oryx/fetcher/fetcher.go",
};

/// A path without `file://`.
pub(crate) static OLD_PATH: Rule = Rule {
    name: "old-path",
    severity: Severity::Warning,
    happens: "Kratos warns that it will stop reading paths without `file://`.",
    mend: "Put `file://` before the path.",
    claim: "request/builder.go, readTemplate",
};

/// No Jsonnet.
pub(crate) static SYNTAX: Rule = Rule {
    name: "syntax",
    severity: Severity::Error,
    happens: "Every call fails: the template is no Jsonnet.",
    mend: "Mend it at the place named here. `ory-actions render FILE.jsonnet EVENT` shows what it \
           gives.",
    claim: "request/builder.go, addJSONBody",
};

/// Another file.
pub(crate) static IMPORT: Rule = Rule {
    name: "import",
    severity: Severity::Error,
    happens: "Every call that comes to it fails: Kratos' evaluator imports nothing.",
    mend: "Put what is imported into the template.",
    claim: "oryx/jsonnetsecure/jsonnet.go",
};

/// A value from outside.
pub(crate) static EXTERNAL: Rule = Rule {
    name: "external",
    severity: Severity::Error,
    happens: "Every call that comes to it fails: webhooks have no external variables and no \
              native functions, only `ctx`.",
    mend: "Read what you need from `ctx`.",
    claim: "request/builder.go, addJSONBody",
};

/// A function that Kratos calls otherwise.
pub(crate) static PARAMETERS: Rule = Rule {
    name: "parameters",
    severity: Severity::Error,
    happens: "Every call fails: Kratos calls the template with one argument, by the name `ctx`.",
    mend: "Begin the template with `function(ctx)`.",
    claim: "request/builder.go, addJSONBody (TLACode)",
};

/// More than the evaluator reads.
pub(crate) static TOO_LARGE: Rule = Rule {
    name: "too-large",
    severity: Severity::Error,
    happens: "The template alone is more than Kratos' evaluator reads: its process ends, and the \
              webhook is called with an empty body, or the flow fails.",
    mend: "Send less from Ory, and do the rest in a function. An inline template counts more than \
           twice, so a `file://` helps.",
    claim: "oryx/jsonnetsecure/cmd.go; tests/real/kratos/ctx.rs",
};

/// Little room for ctx.
pub(crate) static NEARLY_TOO_LARGE: Rule = Rule {
    name: "nearly-too-large",
    severity: Severity::Warning,
    happens: "Kratos' evaluator reads template and ctx together, 64 KiB at most. This template \
              leaves little for ctx: somebody with long traits is called for with an empty body, \
              or cannot go on.",
    mend: "Send less from Ory, and do the rest in a function. An inline template counts more than \
           twice, so a `file://` helps.",
    claim: "oryx/jsonnetsecure/cmd.go; tests/real/kratos/ctx.rs",
};

/// A form with a few fields, cookies and headers makes a ctx of 4 to 12 KiB.
const ROOM_FOR_CTX: usize = 16 * 1024;

/// Loads and reads a webhook's template.
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

/// Reads a template's text.
pub(crate) fn read_code(
    code: &str,
    reference: &str,
    path: &str,
    found: &mut Findings,
) -> Option<Reading> {
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
            found.notes.push((path.to_owned(), format!("the template was not looked at: {other}")));
            None
        }
    }
}

fn taken(bytes: usize) -> String {
    format!("It takes {} of {} KiB.", bytes.div_ceil(1024), EVALUATOR_BYTES / 1024)
}

fn sentence(words: &impl ToString) -> String {
    let words = words.to_string();
    let mut characters = words.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), characters.as_str())
}

/// Checks what no evaluator of Kratos' can do.
pub(crate) fn check(reading: &Reading, path: &str, found: &mut Findings) {
    for place in &reading.imports {
        found.add_at(&IMPORT, path, *place, "");
    }
    for place in &reading.externals {
        found.add_at(&EXTERNAL, path, *place, "");
    }
    if reading.gave_up {
        let note = "the template does more than could be followed; parts were not looked at";
        found.notes.push((path.to_owned(), note.to_owned()));
    }
    parameters(reading, path, found);
}

/// A reply template of ours has a second one, `outcome`, and no webhook's path.
fn parameters(reading: &Reading, path: &str, found: &mut Findings) {
    let Some(parameters) = &reading.parameters else { return };
    let is_known = |name: &str| name == "ctx" || (path.is_empty() && name == "outcome");
    let wanted: Vec<_> = parameters
        .iter()
        .filter(|parameter| !parameter.has_default && !is_known(&parameter.name))
        .map(|parameter| format!("`{}`", parameter.name))
        .collect();
    if !wanted.is_empty() {
        found.add(&PARAMETERS, path, format!("It wants {}.", wanted.join(", ")));
    } else if !parameters.iter().any(|parameter| parameter.name == "ctx") {
        found.add(&PARAMETERS, path, "It has no parameter `ctx`.");
    }
}
