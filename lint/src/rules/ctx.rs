//! What a template takes of `ctx`.

use crate::{
    Findings, Rule, Severity,
    hook::Hook,
    kratos::{Flow, HookList, Moment, Presence, Shape},
    template::{Path, Read, Reading, Step},
};

/// Everything.
pub(crate) static WHOLE_CTX: Rule = Rule {
    name: "whole-ctx",
    severity: Severity::Error,
    happens: "Everything goes to the webhook, live session cookies and the form's CSRF token \
              among it. Whoever can read the webhook's log can take over accounts.",
    mend: "Name the fields that you need; `shared/forward.jsonnet` is a template that does.",
    claim: "H14; selfservice/hook/web_hook.go, cookies; tests/real/kratos/settings.rs",
};

/// Cookies.
pub(crate) static COOKIES: Rule = Rule {
    name: "cookies",
    severity: Severity::Error,
    happens: "Session cookies go to the webhook: Kratos filters headers, not cookies. Whoever can \
              read the webhook's log can take over accounts.",
    mend: "Leave `request_cookies` out. If one cookie is needed, name it: \
           `std.get(ctx.request_cookies, 'NAME')`.",
    claim: "H14; selfservice/hook/web_hook.go, cookies; tests/real/kratos/settings.rs",
};

/// What a flow keeps for the browser.
pub(crate) static FORM: Rule = Rule {
    name: "flow-secrets",
    severity: Severity::Error,
    happens: "Secrets of the flow go to the webhook: the form (`flow.ui`) holds its CSRF token, \
              `flow.session_token_exchange_code` stands for a session.",
    mend: "Name what you need of the flow: `{ id: ctx.flow.id, type: ctx.flow.type }`.",
    claim: "H14; selfservice/flow/*/flow.go",
};

/// The payload of somebody's own form.
pub(crate) static TRANSIENT_PAYLOAD: Rule = Rule {
    name: "transient-payload-level",
    severity: Severity::Error,
    happens: "There is no `transient_payload` at this level, though Ory's document long said so: \
              it is in `ctx.flow`. The template fails, and with it the flow; read with `std.get` \
              it is always the default.",
    mend: "Write `std.get(ctx.flow, 'transient_payload', {})`.",
    claim: "H11; selfservice/hook/web_hook.go, templateContext; tests/real/kratos/ctx.rs",
};

/// Something that Kratos never tells this hook.
pub(crate) static NO_SUCH_FIELD: Rule = Rule {
    name: "no-such-field",
    severity: Severity::Error,
    happens: "The field is never in this hook's ctx: the template fails with \"Field does not \
              exist\", and the flow with it, unless the answer is ignored; then nothing is sent.",
    mend: "Read a field that is there, or move the hook to where the field is.",
    claim: "H3, H4; selfservice/hook/web_hook.go, templateContext; tests/real/kratos/ctx.rs",
};

/// Something that Kratos tells only at times.
pub(crate) static FIELD_AT_TIMES: Rule = Rule {
    name: "field-at-times",
    severity: Severity::Warning,
    happens: "The field is missing for some people, and the template then fails with \"Field does \
              not exist\", and the flow with it, unless the answer is ignored; then nothing is \
              sent.",
    mend: "Read it with `std.get(OBJECT, 'FIELD', DEFAULT)`, or ask `std.objectHas` first.",
    claim: "H11; selfservice/flow/*/flow.go, omitempty; ory/kratos#4609",
};

/// Checks what is read and what is sent on.
pub(crate) fn check(reading: &Reading, hook: &Hook, path: &str, found: &mut Findings) {
    for forward in &reading.forwards {
        if let Some(rule) = leak(&forward.path) {
            found.add_at(rule, path, forward.place, format!("It sends `{}`.", forward.path));
        }
    }
    for read in &reading.reads {
        if is_misplaced_payload(&read.path) {
            let detail = format!("It reads `{}`.", read.path);
            found.add_at(&TRANSIENT_PAYLOAD, path, read.place, detail);
        }
    }
    if let Some(shape) = Shape::of_ctx(hook.list, hook.response()) {
        for read in &reading.reads {
            field(read, &shape, hook, path, found);
        }
    }
}

fn leak(path: &Path) -> Option<&'static Rule> {
    let is_all = |steps: &[Step]| steps.is_empty() || steps == [Step::Some];
    if is_all(path.steps()) {
        Some(&WHOLE_CTX)
    } else if path.is(&["request_cookies"]) || is_some_of(path, "request_cookies") {
        Some(&COOKIES)
    } else if path.is(&["flow"])
        || is_some_of(path, "flow")
        || path.is(&["flow", "ui"])
        || path.is_within(&["flow", "ui", "nodes"])
        || path.is_within(&["flow", "session_token_exchange_code"])
    {
        Some(&FORM)
    } else {
        None
    }
}

/// All values of an object, one by one.
fn is_some_of(path: &Path, key: &str) -> bool {
    path.is_within(&[key]) && path.steps()[1..] == [Step::Some]
}

fn is_misplaced_payload(path: &Path) -> bool {
    ["identity", "session"].iter().any(|at| path.is(&[at, "transient_payload"]))
        || path.is(&["transient_payload"])
}

/// Whether the last step of what is read is there; those before it are reads of their own.
fn field(read: &Read, ctx: &Shape, hook: &Hook, path: &str, found: &mut Findings) {
    let Some((Step::Key(last), before)) = read.path.steps().split_last() else { return };
    let Some(shape) = before.iter().try_fold(ctx, step) else { return };
    let Shape::Object(_) = shape else { return };
    if read.guarded || is_misplaced_payload(&read.path) {
        return;
    }
    let what = &read.path;
    match shape.field(last).map(|field| field.presence) {
        Some(Presence::Always) => {}
        Some(Presence::AtTimes) => {
            let why = at_times(hook.list.flow(), last);
            found.add_at(&FIELD_AT_TIMES, path, read.place, format!("It reads `{what}`.{why}"));
        }
        None => {
            let why = never(hook, last);
            found.add_at(&NO_SUCH_FIELD, path, read.place, format!("It reads `{what}`.{why}"));
        }
    }
}

fn step<'s>(shape: &'s Shape, step: &Step) -> Option<&'s Shape> {
    match (shape, step) {
        (_, Step::Key(name)) => shape.field(name).map(|field| &field.shape),
        (Shape::Array(element), Step::Some) => Some(element),
        (_, Step::Some) => None,
    }
}

fn at_times(flow: Flow, field: &str) -> &'static str {
    match (flow, field) {
        (Flow::Settings, "transient_payload") => {
            " In settings, Kratos loses the payload of every method but `oidc`."
        }
        (_, "transient_payload") => " It is there only if the form was sent with one.",
        (_, "verifiable_addresses" | "recovery_addresses") => {
            " Somebody without such an address has none, by social sign-in for example; the \
             address that you know of is in the traits."
        }
        _ => "",
    }
}

fn never(hook: &Hook, field: &str) -> String {
    let is_start = hook.list.moment(hook.response()) == Some(Moment::Start);
    match field {
        "metadata_admin" | "credentials" => {
            " Kratos takes `metadata_admin` and `credentials` out of every ctx.".to_owned()
        }
        "identity" if is_start => {
            let after = HookList::After(hook.list.flow());
            format!(" Before the flow nobody is known; `{after}` and the like know an identity.")
        }
        "recipient" | "greeting_name" | "mail" => format!(
            " The functions of this bundle add `{field}` for their own templates; Kratos does not \
             know it."
        ),
        "session" => " Only login (after) and settings tell the session.".to_owned(),
        _ => String::new(),
    }
}
