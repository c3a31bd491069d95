//! What a template reads from `ctx`.

use crate::{
    Example, Findings, Rule, Severity,
    hook::Hook,
    kratos::{Flow, HookList, Moment, Presence, Shape},
    template::{Path, Read, Reading, Step},
};

/// All of `ctx`.
pub(crate) static WHOLE_CTX: Rule = Rule {
    name: "whole-ctx",
    severity: Severity::Error,
    title: "A template sends all of `ctx`",
    description: "The webhook receives everything, including live session cookies and the CSRF \
                  token of the form. Everyone who can read the logs of the webhook can take over \
                  accounts.",
    help: "Name the fields that you need, as `shared/forward.jsonnet` does.",
    example: Some(Example::template(
        "function(ctx) ctx",
        "function(ctx) { id: ctx.identity.id, email: ctx.identity.traits.email }",
    )),
    source: "docs/kratos.md H14; ory/kratos selfservice/hook/web_hook.go, cookies; \
             tests/real/kratos/settings.rs",
};

/// Cookies.
pub(crate) static COOKIES: Rule = Rule {
    name: "cookies",
    severity: Severity::Error,
    title: "A template sends session cookies",
    description: "The webhook receives session cookies: Kratos filters headers but not cookies. \
                  Everyone who can read the logs of the webhook can take over accounts.",
    help: "Remove `request_cookies`. If you need one cookie, name it: \
           `std.get(ctx.request_cookies, 'NAME')`.",
    example: Some(Example::template(
        "function(ctx) { id: ctx.identity.id, cookies: ctx.request_cookies }",
        "function(ctx) { id: ctx.identity.id, theme: std.get(ctx.request_cookies, 'theme') }",
    )),
    source: "docs/kratos.md H14; ory/kratos selfservice/hook/web_hook.go, cookies; \
             tests/real/kratos/settings.rs",
};

/// The internal context of a flow.
pub(crate) static FORM: Rule = Rule {
    name: "flow-secrets",
    severity: Severity::Error,
    title: "A template sends secrets of the flow",
    description: "The form (`flow.ui`) holds a CSRF token, and `flow.session_token_exchange_code` \
                  can be exchanged for a session.",
    help: "Name the fields that you need: `{ id: ctx.flow.id, type: ctx.flow.type }`.",
    example: Some(Example::template(
        "function(ctx) { flow: ctx.flow }",
        "function(ctx) { flow: { id: ctx.flow.id, type: ctx.flow.type } }",
    )),
    source: "docs/kratos.md H14; ory/kratos selfservice/flow/*/flow.go",
};

/// The payload of a custom form.
pub(crate) static TRANSIENT_PAYLOAD: Rule = Rule {
    name: "transient-payload-level",
    severity: Severity::Error,
    title: "A template reads `transient_payload` at the wrong level",
    description: "`transient_payload` is in `ctx.flow`; the Ory documentation long said otherwise. \
                  The template fails, and the flow with it. If it is read with `std.get`, the \
                  result is always the default.",
    help: "Use `std.get(ctx.flow, 'transient_payload', {})`.",
    example: Some(Example::template(
        "function(ctx) { payload: ctx.transient_payload }",
        "function(ctx) { payload: std.get(ctx.flow, 'transient_payload', {}) }",
    )),
    source: "docs/kratos.md H11; ory/kratos selfservice/hook/web_hook.go, templateContext; \
             tests/real/kratos/ctx.rs",
};

/// A value that Kratos never passes to this hook.
pub(crate) static NO_SUCH_FIELD: Rule = Rule {
    name: "no-such-field",
    severity: Severity::Error,
    title: "A template reads a field that this hook never has",
    description: "The template fails with \"Field does not exist\" and the flow fails with it. If \
                  the response is ignored, nothing is sent.",
    help: "Read a field that exists, or move the hook to where the field exists.",
    example: Some(Example::template(
        "function(ctx) { session: ctx.session.id }",
        "function(ctx) { id: ctx.identity.id }",
    )),
    source: "docs/kratos.md H3, H4; ory/kratos selfservice/hook/web_hook.go, templateContext; \
             tests/real/kratos/ctx.rs",
};

/// A value that Kratos passes only sometimes.
pub(crate) static FIELD_AT_TIMES: Rule = Rule {
    name: "field-at-times",
    severity: Severity::Warning,
    title: "A template reads a field that is sometimes missing",
    description: "For people without the field, the template fails with \"Field does not exist\" \
                  and the flow fails with it. If the response is ignored, nothing is sent.",
    help: "Use `std.get(OBJECT, 'FIELD', DEFAULT)`, or check `std.objectHas` first.",
    example: Some(Example::template(
        "function(ctx) { back: ctx.flow.return_to }",
        "function(ctx) { back: std.get(ctx.flow, 'return_to', null) }",
    )),
    source: "docs/kratos.md H11; ory/kratos selfservice/flow/*/flow.go, omitempty; ory/kratos#4609",
};

/// Checks what is read and what is sent on.
pub(crate) fn check(reading: &Reading, hook: &Hook, path: &str, found: &mut Findings) {
    for forward in &reading.forwards {
        if let Some(rule) = leak(&forward.path) {
            found.add_at(
                rule,
                path,
                forward.place,
                format!("The template sends `{}`.", forward.path),
            );
        }
    }
    for read in &reading.reads {
        if is_misplaced_payload(&read.path) {
            let detail = format!("The template reads `{}`.", read.path);
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

/// Whether the last key of a path is present; the keys before it are separate reads.
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
            found.add_at(
                &FIELD_AT_TIMES,
                path,
                read.place,
                format!("The template reads `{what}`.{why}"),
            );
        }
        None => {
            let why = never(hook, last);
            found.add_at(
                &NO_SUCH_FIELD,
                path,
                read.place,
                format!("The template reads `{what}`.{why}"),
            );
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
            " In settings, Kratos drops the payload for every method except `oidc`."
        }
        (_, "transient_payload") => " It exists only if the form was submitted with one.",
        (_, "verifiable_addresses" | "recovery_addresses") => {
            " People without such an address do not have it, for example after social sign-in. \
             The traits hold the address that they entered."
        }
        _ => "",
    }
}

fn never(hook: &Hook, field: &str) -> String {
    let is_start = hook.list.moment(hook.response()) == Some(Moment::Start);
    match field {
        "metadata_admin" | "credentials" => {
            " Kratos removes `metadata_admin` and `credentials` from every ctx.".to_owned()
        }
        "identity" if is_start => {
            let after = HookList::After(hook.list.flow());
            format!(" Before the flow there is no identity. Use `{after}` or the list of a method.")
        }
        "recipient" | "greeting_name" | "mail" => format!(
            " The functions of this project add `{field}` for their own templates; Kratos does \
             not have it."
        ),
        "session" => " Only hooks after login and settings have the session.".to_owned(),
        _ => String::new(),
    }
}
