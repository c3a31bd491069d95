//! Names of headers that Kratos never has, where a template handles their absence.

use std::collections::HashSet;

use crate::{
    Example, Findings, Rule, Severity,
    kratos::{Headers, canonical},
    template::{Path, Reading, Step},
};

/// A header in a spelling that Go does not use.
pub(crate) static HEADER_SPELLING: Rule = Rule {
    name: "header-spelling",
    severity: Severity::Warning,
    title: "A template looks for a header in a spelling that Kratos does not use",
    description: "`std.get` always returns the default, and `std.objectHas` and `in` are always \
                  false: the names in `ctx.request_headers` are spelled as Go spells them, with a \
                  capital letter at the beginning and after each hyphen.",
    help: "Write the name as Go spells it: `User-Agent`, `True-Client-Ip`.",
    example: Some(Example::template(
        "function(ctx) { agent: std.get(ctx.request_headers, 'user-agent') }",
        "function(ctx) { agent: std.get(ctx.request_headers, 'User-Agent') }",
    )),
    source: "docs/kratos.md (header-allowlist); ory/kratos selfservice/hook/web_hook.go, \
             RemoveDisallowedHeaders; Go net/textproto, CanonicalMIMEHeaderKey",
};

/// Checks what a template reads with a default, or asks for. A read without either fails, which
/// another rule reports.
pub(crate) fn check(
    reading: &Reading,
    headers: Option<&Headers>,
    path: &str,
    found: &mut Findings,
) {
    let asked = reading.asked.iter().map(|one| (&one.path, one.place));
    let read = reading.reads.iter().filter(|read| read.guarded);
    let all: Vec<_> = asked.chain(read.map(|read| (&read.path, read.place))).collect();
    let names: HashSet<_> = all.iter().filter_map(|(path, _)| header(path)).collect();
    let mut told = HashSet::new();
    for (read, place) in &all {
        let Some(name) = header(read) else { continue };
        let spelled = canonical(name);
        // Whoever tries both spellings finds the header.
        let is_lost = spelled != name && !names.contains(spelled.as_str());
        if is_lost && told.insert(name) {
            let detail = format!("`{name}` is never there.{}", instead(&spelled, headers));
            found.add_at(&HEADER_SPELLING, path, *place, detail);
        }
    }
}

/// The header that a path names.
fn header(path: &Path) -> Option<&str> {
    match path.steps() {
        [Step::Key(headers), Step::Key(name)] if headers == "request_headers" => Some(name),
        _ => None,
    }
}

fn instead(spelled: &str, headers: Option<&Headers>) -> String {
    let is_filtered = headers.is_some_and(|headers| headers.names().all(|name| name != spelled));
    if is_filtered {
        format!(
            " Kratos spells the header `{spelled}`, and passes it only if \
             `clients.web_hook.header_allowlist` has it."
        )
    } else {
        format!(" Kratos spells the header `{spelled}`.")
    }
}
