//! What a template reads from `ctx`.

use crate::{
    Example, Findings, Rule, Severity,
    kratos::{Flow, Headers, HookList, HookPlace, Method, Moment, Presence, Shape, canonical},
    template::{Path, Read, Reading, Step, Use},
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
    source: "docs/kratos.md (secrets-in-ctx); ory/kratos selfservice/hook/web_hook.go, cookies; \
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
    source: "docs/kratos.md (secrets-in-ctx); ory/kratos selfservice/hook/web_hook.go, cookies; \
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
    source: "docs/kratos.md (secrets-in-ctx); ory/kratos selfservice/flow/*/flow.go",
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
    source: "docs/kratos.md (payload-in-flow); ory/kratos selfservice/hook/web_hook.go, templateContext; \
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
    source: "docs/kratos.md (id-before-saving, hidden-fields, header-allowlist, before-the-form); ory/kratos selfservice/hook/web_hook.go, \
             templateContext; tests/real/kratos/ctx.rs",
};

/// A value that Kratos passes only sometimes.
pub(crate) static FIELD_AT_TIMES: Rule = Rule {
    name: "field-at-times",
    severity: Severity::Warning,
    title: "A template reads a field that may be missing or null",
    description: "For people without the field, the template fails with \"Field does not exist\" \
                  and the flow fails with it. The same happens if a field of null is read. If the \
                  response is ignored, nothing is sent.",
    help: "Use `std.get(OBJECT, 'FIELD', DEFAULT)`, or check `std.objectHas` first. Compare an \
           object that may be null with null before you read its fields.",
    example: Some(Example::template(
        "function(ctx) { back: ctx.flow.return_to }",
        "function(ctx) { back: std.get(ctx.flow, 'return_to', null) }",
    )),
    source: "docs/kratos.md (payload-in-flow, before-the-form, null-fields); ory/kratos selfservice/flow/*/flow.go, omitempty; \
             ory/kratos#4609",
};

/// Checks what is read and what is sent on.
pub(crate) fn check(
    reading: &Reading,
    hook: HookPlace,
    headers: Option<&Headers>,
    path: &str,
    found: &mut Findings,
) {
    check_sent(reading, path, found);
    for read in &reading.reads {
        if is_misplaced_payload(&read.path) {
            let detail = format!("The template reads `{}`.", read.path);
            found.add_at(&TRANSIENT_PAYLOAD, path, read.place, detail);
        }
    }
    let Some(shape) = Shape::of_ctx(hook.list, hook.response, headers) else { return };
    for read in &reading.reads {
        field(read, &shape, hook, headers, path, found);
    }
    for one in reading.uses.iter().filter(|one| !one.guarded) {
        of_null(one, &shape, hook, path, found);
    }
}

/// Checks what is sent on, which does not depend on the hook.
pub(crate) fn check_sent(reading: &Reading, path: &str, found: &mut Findings) {
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
}

fn leak(path: &Path) -> Option<&'static Rule> {
    if path.is(&[]) || path.is_all_of(&[], "request_cookies") || path.is_all_of(&[], "flow") {
        Some(&WHOLE_CTX)
    } else if path.is(&["request_cookies"])
        || matches!(path.steps(), [Step::Key(of), Step::Some | Step::But(_)] if of == "request_cookies")
    {
        Some(&COOKIES)
    } else if path.is(&["flow"])
        || path.is_all_of(&["flow"], "ui")
        || path.is_all_of(&["flow"], "session_token_exchange_code")
        || path.is(&["flow", "ui"])
        || path.is_within(&["flow", "ui", "nodes"])
        || path.is_within(&["flow", "session_token_exchange_code"])
    {
        Some(&FORM)
    } else {
        None
    }
}

fn is_misplaced_payload(path: &Path) -> bool {
    ["identity", "session"].iter().any(|at| path.is(&[at, "transient_payload"]))
        || path.is(&["transient_payload"])
}

/// Whether the last key of a path is present; the keys before it are separate reads.
fn field(
    read: &Read,
    ctx: &Shape,
    hook: HookPlace,
    headers: Option<&Headers>,
    path: &str,
    found: &mut Findings,
) {
    let Some((Step::Key(last), before)) = read.path.steps().split_last() else { return };
    let Some(shape) = before.iter().try_fold(ctx, step) else { return };
    if read.guarded || is_misplaced_payload(&read.path) {
        return;
    }
    let presence = match shape {
        Shape::Any | Shape::Array(_) => return,
        Shape::Map => Some(Presence::AtTimes),
        Shape::Object(_) => shape.field(last).map(|field| field.presence),
    };
    let is_header = read.path.is_within(&["request_headers"]);
    let (rule, why) = match presence {
        Some(Presence::Always) => return,
        Some(Presence::AtTimes) if is_header => (&FIELD_AT_TIMES, header_at_times(headers, last)),
        Some(Presence::AtTimes) => (&FIELD_AT_TIMES, at_times(hook.list, &read.path, last)),
        None if is_header => (&NO_SUCH_FIELD, no_header(shape, last)),
        None => (&NO_SUCH_FIELD, never(hook, last)),
    };
    found.add_at(rule, path, read.place, format!("The template reads `{}`.{why}", read.path));
}

/// A part of ctx that is null at times, where null is an error.
fn of_null(one: &Use, ctx: &Shape, hook: HookPlace, path: &str, found: &mut Findings) {
    let Some((Step::Key(last), before)) = one.path.steps().split_last() else { return };
    let shape = before.iter().try_fold(ctx, step);
    if shape.and_then(|shape| shape.field(last)).is_some_and(|field| field.may_be_null) {
        let why = match last.as_str() {
            "metadata_public"
                if hook.list == HookList::AfterMethod(Flow::Registration, Method::Oidc) =>
            {
                "unless the Jsonnet mapper of the provider writes it"
            }
            "metadata_public" => "until a mapper, a webhook or an administrator has written it",
            _ => "at times",
        };
        let detail = format!(
            "The template looks into `{}`, which is null {why}. Compare it with null first: \
             `std.get` and `std.objectHas` fail on null too.",
            one.path
        );
        found.add_at(&FIELD_AT_TIMES, path, one.place, detail);
    }
}

fn step<'s>(shape: &'s Shape, step: &Step) -> Option<&'s Shape> {
    match (shape, step) {
        (_, Step::Key(name)) => shape.field(name).map(|field| &field.shape),
        (Shape::Array(element), Step::Some) => Some(element),
        (_, Step::Some | Step::But(_)) => None,
    }
}

fn header_at_times(headers: Option<&Headers>, name: &str) -> String {
    if headers.is_some_and(|headers| headers.allows(name)) {
        " A client need not send this header.".to_owned()
    } else {
        " Only Ory Network passes this header.".to_owned()
    }
}

fn at_times(list: HookList, path: &Path, field: &str) -> String {
    let why = match (list.flow(), field) {
        _ if path.is_within(&["request_cookies"]) => " Only some people have this cookie.",
        (Flow::Settings, "transient_payload") => {
            " In settings, Kratos drops the payload for every method except `oidc`."
        }
        (_, "transient_payload") => " It exists only if the form was submitted with one.",
        (_, "verifiable_addresses" | "recovery_addresses") => {
            " People without such an address do not have it, for example after social sign-in. \
             The traits hold the address that they entered."
        }
        (Flow::Registration, "active")
            if matches!(
                list.method(),
                Some(Method::Password | Method::Passkey | Method::Webauthn)
            ) =>
        {
            " It is almost never there in this list: no registration with this method sets it. Only \
             an earlier attempt with a code or a provider leaves it in the flow. Name the method in \
             the template instead."
        }
        (Flow::Registration | Flow::Settings, "active") => {
            " Kratos sets it for a code and for social sign-in in a browser only."
        }
        (Flow::Login, "active") => {
            " Native apps that sign in with a token of a provider do not have it."
        }
        _ => "",
    };
    why.to_owned()
}

/// Why a header is never there.
fn no_header(headers: &Shape, name: &str) -> String {
    let spelled = canonical(name);
    if spelled != name && headers.field(&spelled).is_some() {
        return format!(" Kratos spells the header `{spelled}`.");
    }
    format!(
        " Kratos filters this header out. To pass it, add `{spelled}` to \
         `clients.web_hook.header_allowlist`{}.",
        if spelled == name { String::new() } else { format!(" and read it as `{spelled}`") }
    )
}

fn never(hook: HookPlace, field: &str) -> String {
    let flow = hook.list.flow();
    let is_start = hook.list.moment(hook.response) == Some(Moment::Start);
    match field {
        "metadata_admin" | "credentials" => {
            " Kratos removes `metadata_admin` and `credentials` from every ctx.".to_owned()
        }
        "identity" if is_start => {
            let after = HookList::After(flow);
            format!(" Before the flow there is no identity. Use `{after}` or the list of a method.")
        }
        "transient_payload" | "active" | "continue_with" if is_start => {
            let list = if flow.methods().is_empty() { "after" } else { "after.<method>" };
            let parse = if flow.methods().is_empty() { "" } else { " with `parse: true`" };
            format!(
                " Before the flow nobody has submitted a form. Move the hook to \
                 `selfservice.flows.{flow}.{list}.hooks`{parse}."
            )
        }
        "recipient" | "greeting_name" | "mail" => format!(
            " The functions of this project add `{field}` for their own templates; Kratos' webhooks \
             do not have it."
        ),
        "session" => " Only hooks after login and settings have the session.".to_owned(),
        _ => String::new(),
    }
}
