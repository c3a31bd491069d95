//! What happens to the answer of a webhook.

use crate::{
    Example, Findings, Rule, Severity,
    hook::Hook,
    kratos::{Flow, HookResponse, Moment},
    vendor::Vendor,
};

/// Two settings that exclude each other.
pub(crate) static IGNORE_WITH_PARSE: Rule = Rule {
    name: "ignore-with-parse",
    severity: Severity::Error,
    title: "A webhook both ignores and reads the response",
    description: "Kratos rejects the configuration, or fails every flow that reaches the hook: \
                  `response.ignore` excludes `response.parse` and `can_interrupt`.",
    help: "Keep only `response.ignore` for a webhook that must not stop a flow, and only \
           `response.parse` for one that may.",
    example: Some(Example::config(
        "response: {ignore: true, parse: true}",
        "response: {ignore: true}",
    )),
    source: "docs/kratos.md (ignore-excludes-parse); ory/kratos embedx/config.schema.json, selfServiceWebHook; \
             ory/kratos selfservice/hook/web_hook.go",
};

/// A vendor that people wait for.
pub(crate) static BREAKS_SIGN_UP: Rule = Rule {
    name: "breaks-sign-up",
    severity: Severity::Error,
    title: "A flow waits for a vendor and fails with it",
    description: "People wait up to 93 seconds for the vendor, and see every failure of it. The \
                  account is created, they see an error, and when they try again they are told \
                  that the account exists.",
    help: "Set `response: {ignore: true}`. Better, call a function that retries what the vendor \
           does not accept.",
    example: Some(Example::config(
        r"
            url: https://api.segment.io/v1/identify
            response: {ignore: false}
        ",
        "url: https://segment-identify.example.com/",
    )),
    source: "docs/kratos.md (retry-delays, failure-after-saving); ory/kratos#2550; tests/real/kratos/hook_answers.rs",
};

/// Another service that people wait for without need.
pub(crate) static FAILS_AFTER_SAVING: Rule = Rule {
    name: "fails-after-saving",
    severity: Severity::Warning,
    title: "A webhook can fail a flow whose identity is already saved",
    description: "Kratos saves the identity, or the verified address, before it calls the webhook, \
                  and a failure of the webhook still fails the flow: people see a system error for \
                  something that was done.",
    help: "Set `response: {ignore: true}`. If the webhook is meant to stop people in a registration \
           or in settings, set `response: {parse: true}`; Kratos then calls it before it saves the \
           identity.",
    example: Some(Example::config("response: {ignore: false}", "response: {ignore: true}")),
    source: "docs/kratos.md (failure-after-saving, verification-after); tests/real/kratos/hook_answers.rs",
};

/// A vendor whose answer Kratos would parse as a reply.
pub(crate) static PARSE_AT_VENDOR: Rule = Rule {
    name: "parse-at-vendor",
    severity: Severity::Error,
    title: "Kratos parses the response of a vendor",
    description: "Kratos reads the vendor's response as if it were an Ory reply, and fails the \
                  flow if it is not. In a registration it calls before the identity is saved, so \
                  the vendor receives people who may never exist, all with the same id of zeros.",
    help: "Set `response: {ignore: true}`, and remove `parse` and `can_interrupt`.",
    example: Some(Example::config(
        r"
            url: https://api.segment.io/v1/identify
            response: {parse: true}
        ",
        r"
            url: https://segment-identify.example.com/
            response: {ignore: true}
        ",
    )),
    source: "docs/kratos.md (id-before-saving, answers-without-change, refusals-need-a-message); ory/kratos selfservice/hook/web_hook.go; \
             tests/real/kratos/before_saving.rs",
};

/// A reply that changes nothing.
pub(crate) static PARSE_SAVES_NOTHING: Rule = Rule {
    name: "parse-saves-nothing",
    severity: Severity::Warning,
    title: "A webhook has `response.parse` where no answer is saved",
    description: "The answer can stop the flow, but it cannot change the identity: after a login, a \
                  recovery or a verification, Kratos does not save an `identity` in the answer, and \
                  before a flow there is none. Only the webhooks of a method in registration and \
                  settings can change an identity.",
    help: "To change the identity, use the admin API, or a webhook after registration or settings. \
           If the webhook is only meant to stop people, this is right: ignore this warning. With \
           `can_interrupt`, it is only a note. After a verification the webhook stops nobody: the \
           address is verified by then.",
    example: Some(Example::flows(
        r"
            recovery:
              enabled: true
              after:
                hooks:
                  - hook: web_hook
                    config: {url: https://example.com/, method: POST, response: {parse: true}}
        ",
        r"
            recovery:
              enabled: true
              after:
                hooks:
                  - hook: web_hook
                    config: {url: https://example.com/, method: POST, response: {ignore: true}}
        ",
    )),
    source: "docs/kratos.md (parse-saves); ory/kratos selfservice/hook/web_hook.go, parseWebhookResponse",
};

/// A deprecated name.
pub(crate) static CAN_INTERRUPT: Rule = Rule {
    name: "can-interrupt",
    severity: Severity::Warning,
    title: "A webhook uses `can_interrupt`",
    description: "`can_interrupt` is deprecated. Without `response.parse`, a response can stop the \
                  flow but cannot change the identity.",
    help: "Remove `can_interrupt`. If Kratos is to read the response, set `response: {parse: true}`.",
    example: Some(Example::config("can_interrupt: true", "response: {parse: true}")),
    source: "docs/kratos.md (ignore-excludes-parse); ory/kratos embedx/config.schema.json, selfServiceWebHook",
};

/// Checks what the answer of a webhook can do.
pub(crate) fn check(hook: &Hook, found: &mut Findings) {
    let Some(web) = &hook.web else { return };
    let response = web.response;
    let path = hook.part("response");
    if response.can_interrupt {
        let why = if response.parse {
            "`response.parse` is set, too, and is enough: remove `can_interrupt`."
        } else {
            ""
        };
        found.add(&CAN_INTERRUPT, hook.part("can_interrupt"), why);
    }
    if response.contradicts_itself() {
        found.add(&IGNORE_WITH_PARSE, path, contradiction(response));
        return;
    }
    let moment = hook.list.moment(response);
    let flow = hook.list.flow();
    let calls =
        |vendor: Vendor| vendor.detail(&format!("The webhook calls {} directly.", vendor.name()));
    match Vendor::of_url(web.url()) {
        Some(vendor) if response.is_read() => {
            found.add(&PARSE_AT_VENDOR, path, calls(vendor));
        }
        Some(vendor) if response.breaks_the_flow_by_accident() => {
            found.add(&BREAKS_SIGN_UP, path, calls(vendor));
        }
        None if response.breaks_the_flow_by_accident()
            && moment == Some(Moment::AfterSave)
            && (flow.saves_what_hooks_answer() || flow == Flow::Verification) =>
        {
            found.add(&FAILS_AFTER_SAVING, path, "");
        }
        None if response.parse && matches!(moment, Some(Moment::Start | Moment::AfterSave)) => {
            saves_nothing(hook, path, found);
        }
        _ => {}
    }
}

/// The keys of a response that is both ignored and read.
fn contradiction(response: HookResponse) -> &'static str {
    match (response.parse, response.can_interrupt) {
        (true, true) => {
            "`response.ignore` is set, and so are `response.parse` and `can_interrupt`."
        }
        (true, false) => "`response.ignore` and `response.parse` are set.",
        (false, _) => "`response.ignore` and `can_interrupt` are set.",
    }
}

/// Whoever sets `can_interrupt` too wants to stop people, which works: a note is enough then.
fn saves_nothing(hook: &Hook, path: String, found: &mut Findings) {
    let response = hook.response();
    if response.can_interrupt {
        let note =
            "an `identity` in the answer is not saved here: the answer can only stop the flow";
        found.note(path, note);
    } else {
        let done = too_late(hook.list.flow(), hook.list.moment(response));
        found.add(&PARSE_SAVES_NOTHING, path, done);
    }
}

/// What was done before the webhook is called.
fn too_late(flow: Flow, moment: Option<Moment>) -> &'static str {
    if flow == Flow::Verification && moment == Some(Moment::AfterSave) {
        "The address is verified by then. The webhook can make people see an error, but it cannot \
         keep them from being verified."
    } else {
        ""
    }
}
