//! Methods that have no webhook.

use crate::{
    Findings, Rule, Severity,
    hook::Hook,
    kratos::{Flow, HookList, Method},
    methods::Methods,
    rules::lists::is_same,
};

/// A webhook on the list of one method only.
pub(crate) static MISSING_METHOD: Rule = Rule {
    name: "missing-method",
    severity: Severity::Warning,
    title: "A webhook is missing for some methods",
    description: "The webhook does not run for people who use another method: a list applies to \
                  its own method only. Social sign-in is `oidc`. Methods that are only a second \
                  factor do not count, such as `webauthn` without `passwordless`.",
    help: "Add the same webhook to the lists of the other methods. `ory-actions action` prints a \
           command for each.",
    example: None,
    source: "docs/kratos.md (parse-needs-own-list, no-hook-for-admins); ory/kratos driver/registry_default_{registration,login}.go; \
             ory/kratos#4172",
};

/// Checks sign-up and sign-in only: the methods of settings do different things.
pub(crate) fn check(hooks: &[Hook], methods: &Methods<'_>, found: &mut Findings) {
    let mut seen: Vec<&Hook> = Vec::new();
    for hook in hooks.iter().filter(|hook| hook.web.is_some()) {
        let HookList::AfterMethod(flow @ (Flow::Registration | Flow::Login), _) = hook.list else {
            continue;
        };
        let is_alike = |other: &Hook| other.list.flow() == flow && is_same(hook, other);
        if seen.iter().any(|other| is_alike(other)) {
            continue;
        }
        seen.push(hook);
        let lacks = |method: &Method| {
            let list = HookList::AfterMethod(flow, *method);
            methods.is_first_factor(flow, *method)
                && !hooks.iter().any(|other| {
                    // Another rule reports a hook in the list for all methods.
                    is_alike(other) && [list, HookList::After(flow)].contains(&other.list)
                })
        };
        let missing = flow.methods().iter().copied().filter(lacks).map(Method::name);
        let missing: Vec<_> = missing.collect();
        if !missing.is_empty() {
            found.add(&MISSING_METHOD, &hook.path, format!("Missing for: {}.", missing.join(", ")));
        }
    }
}
