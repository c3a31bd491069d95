//! Webhooks beside `verify_new_address`, which defers a change of address.

use crate::{
    Example, Findings, Rule, Severity,
    hook::Hook,
    kratos::{Flow, HookList, Method},
    template::Reading,
};

/// A webhook that does not hear of a deferred change, or hears of it wrongly.
pub(crate) static DEFERRED_CHANGE: Rule = Rule {
    name: "deferred-change",
    severity: Severity::Warning,
    title: "A webhook beside `verify_new_address` misses a change of address",
    description: "With `verify_new_address`, a new address is saved only when it is verified, in \
                  the verification flow. Then Kratos calls only the settings webhooks without \
                  `response.parse`, and `ctx.session.identity` already has the new address, so \
                  that a template that compares finds no change.",
    help: "React to a new address in `selfservice.flows.verification.after.hooks`. Its webhooks \
           receive the verified address.",
    example: Some(Example::flows(
        r"
            settings:
              after:
                profile:
                  hooks:
                    - hook: web_hook
                      config:
                        url: https://example.com/
                        method: POST
                        body: base64://ZnVuY3Rpb24oY3R4KSB7IGlkOiBjdHguaWRlbnRpdHkuaWQgfQ==
                        response: {parse: true}
                    - hook: verify_new_address
        ",
        r"
            settings:
              after:
                profile:
                  hooks:
                    - hook: verify_new_address
            verification:
              enabled: true
              after:
                hooks:
                  - hook: web_hook
                    config:
                      url: https://example.com/
                      method: POST
                      body: base64://ZnVuY3Rpb24oY3R4KSB7IGlkOiBjdHguaWRlbnRpdHkuaWQgfQ==
                      response: {ignore: true}
        ",
    )),
    source: "docs/kratos.md, What changes after v26.2.0; ory/kratos \
             selfservice/hook/verify_new_address.go; ory/kratos selfservice/flow/settings/hook.go, \
             ApplyPendingTraitsChange",
};

/// Checks the list of the only method that changes an address.
pub(crate) fn check(hooks: &[Hook], found: &mut Findings) {
    let list = HookList::AfterMethod(Flow::Settings, Method::Profile);
    let hooks: Vec<_> = hooks.iter().filter(|hook| hook.list == list).collect();
    let Some(deferring) = hooks.iter().position(|hook| hook.name == "verify_new_address") else {
        return;
    };
    for (position, hook) in hooks.iter().enumerate().filter(|(_, hook)| hook.web.is_some()) {
        if hook.response().is_read() {
            let why = if position < deferring {
                "It is asked about the proposed address, and never hears whether that was verified."
            } else {
                "`verify_new_address` ends the flow before it: it never hears of a new address."
            };
            found.add(&DEFERRED_CHANGE, hook.part("response"), why);
        } else if let Some(reading) = &hook.reading {
            compares(reading, &hook.part("body"), found);
        }
    }
}

/// A template that looks at the traits before the change.
fn compares(reading: &Reading, path: &str, found: &mut Findings) {
    let reads = reading.reads.iter().map(|read| (&read.path, read.place));
    let sends = reading.forwards.iter().map(|forward| (&forward.path, forward.place));
    let before = &["session", "identity"];
    let first = reads
        .filter(|(path, _)| path.is(&["session", "identity", "traits"]))
        .chain(sends.filter(|(path, _)| path.is(before)))
        .next();
    if let Some((what, place)) = first {
        let detail = format!("`{what}` has the new address already when it is verified.");
        found.add_at(&DEFERRED_CHANGE, path, place, detail);
    }
}
