//! Lists of hooks: which of them Kratos uses.

use serde_json::Value;

use crate::{
    Configuration, Example, Findings, Rule, Severity,
    hook::Hook,
    kratos::{Flow, HookList, Method},
    methods::Methods,
    placeholder, schema,
};

/// A list for all methods that the list of a method overrides.
pub(crate) static SHADOWED: Rule = Rule {
    name: "shadowed",
    severity: Severity::Error,
    title: "A hook in `after.hooks` is disabled by the list of a method",
    description: "The hook never runs for a method with its own list: Kratos uses `after.hooks` \
                  only for methods without one. Any hook in such a list disables all of \
                  `after.hooks`, including the built-in `session` hook.",
    help: "Move the hook from `after.hooks` to the list of each of these methods.",
    example: Some(Example::flows(
        r"
            registration:
              after:
                hooks:
                  - hook: web_hook
                    config: {url: https://example.com/, method: POST, response: {ignore: true}}
                password:
                  hooks:
                    - hook: session
        ",
        r"
            registration:
              after:
                password:
                  hooks:
                    - hook: web_hook
                      config: {url: https://example.com/, method: POST, response: {ignore: true}}
                    - hook: session
        ",
    )),
    source: "docs/kratos.md (own-list-wins); ory/kratos \
             driver/registry_default_{registration,login,settings}.go; \
             tests/real/kratos/hook_lists.rs",
};

/// A hook that should run before the identity is saved, in a list that Kratos does not use then.
pub(crate) static PARSE_ON_GLOBAL: Rule = Rule {
    name: "parse-on-global",
    severity: Severity::Error,
    title: "A hook in `after.hooks` has `response.parse` or `can_interrupt`",
    description: "The hook never runs. Hooks with `response.parse` or `can_interrupt` run before \
                  the identity is saved, and for those Kratos reads only the lists of the methods.",
    help: "Move the hook to `after.<method>.hooks` of every method that people use.",
    example: Some(Example::flows(
        r"
            registration:
              after:
                hooks:
                  - hook: web_hook
                    config: {url: https://example.com/, method: POST, response: {parse: true}}
        ",
        r"
            registration:
              after:
                password:
                  hooks:
                    - hook: web_hook
                      config: {url: https://example.com/, method: POST, response: {parse: true}}
        ",
    )),
    source: "docs/kratos.md (parse-needs-own-list); ory/kratos driver/registry_default_{registration,settings}.go; \
             tests/real/kratos/hook_lists.rs",
};

/// A list that Kratos does not know.
pub(crate) static UNKNOWN_LIST: Rule = Rule {
    name: "unknown-list",
    severity: Severity::Error,
    title: "A list of hooks belongs to a method that the flow does not have",
    description: "Kratos rejects the configuration or ignores the list.",
    help: "Move the hooks to a list of this flow.",
    example: Some(Example::flows(
        r"
            registration:
              after:
                google:
                  hooks: [{hook: session}]
        ",
        r"
            registration:
              after:
                oidc:
                  hooks: [{hook: session}]
        ",
    )),
    source: "ory/kratos embedx/config.schema.json, selfServiceAfter…",
};

/// Hooks of a flow that is not available.
pub(crate) static FLOW_OFF: Rule = Rule {
    name: "flow-off",
    severity: Severity::Warning,
    title: "A disabled flow has webhooks",
    description: "The flow is disabled, so its hooks never run. In a part of a \
                  configuration, without `identity`, `methods` and `default_browser_return_url`, \
                  only `enabled: false` is reported.",
    help: "Set `enabled: true` for the flow, or remove the hooks.",
    example: Some(Example::selfservice(
        r"
            default_browser_return_url: https://example.com/
            flows:
              verification:
                after:
                  hooks:
                    - hook: web_hook
                      config: {url: https://example.com/, method: POST, response: {ignore: true}}
        ",
        r"
            default_browser_return_url: https://example.com/
            flows:
              verification:
                enabled: true
                after:
                  hooks:
                    - hook: web_hook
                      config: {url: https://example.com/, method: POST, response: {ignore: true}}
        ",
    )),
    source: "ory/kratos embedx/config.schema.json, selfservice.flows",
};

/// A hook that Kratos does not know.
pub(crate) static UNKNOWN_HOOK: Rule = Rule {
    name: "unknown-hook",
    severity: Severity::Error,
    title: "The name of a hook is unknown",
    description: "Kratos has no hook with this name. It rejects the configuration, or logs a \
                  warning and ignores the hook.",
    help: "Correct the name. A webhook is named `web_hook`.",
    example: Some(Example::flows(
        r"
            registration:
              after:
                password:
                  hooks: [{hook: webhook}]
        ",
        r"
            registration:
              after:
                password:
                  hooks: [{hook: session}]
        ",
    )),
    source: "ory/kratos driver/registry_default_hooks.go, getHooks",
};

/// A webhook before most verifications, it seems.
pub(crate) static BEFORE_VERIFICATION: Rule = Rule {
    name: "before-verification",
    severity: Severity::Warning,
    title: "A webhook before the verification flow rarely runs",
    description: "The webhook runs only if somebody opens the verification by its own URL. \
                  Verifications that Kratos starts itself have no `before` hooks: after a \
                  registration, after a change of address, and for a login that requires a verified \
                  address.",
    help: "Move the webhook to `registration.after`, to `settings.after`, or to \
           `verification.after`, which runs for every verification.",
    example: Some(Example::flows(
        r"
            verification:
              enabled: true
              before:
                hooks:
                  - hook: web_hook
                    config: {url: https://example.com/, method: POST, response: {ignore: true}}
        ",
        r"
            verification:
              enabled: true
              after:
                hooks:
                  - hook: web_hook
                    config: {url: https://example.com/, method: POST, response: {ignore: true}}
        ",
    )),
    source: "docs/kratos.md (before-hooks); ory/kratos selfservice/flow/verification/flow.go, \
             NewPostHookFlow; ory/kratos#4110",
};

/// Something in a flow or a hook that Kratos does not accept.
pub(crate) static SHAPE: Rule = Rule {
    name: "shape",
    severity: Severity::Error,
    title: "A flow or a hook does not have the form that Kratos expects",
    description: "Kratos rejects the configuration.",
    help: "Remove keys that Kratos does not know: only registration, recovery and verification have \
           `enabled`, and a webhook has no timeout and no number of retries. Write hooks as a list, \
           as in the Ory reference: `{hook: web_hook, config: {url, method, body, …}}`.",
    example: Some(Example::flows(
        r"
            registration:
              after:
                password:
                  hooks: {hook: session}
        ",
        r"
            registration:
              after:
                password:
                  hooks: [{hook: session}]
        ",
    )),
    source: "docs/kratos.md (known-keys); ory/kratos embedx/config.schema.json, selfServiceWebHook",
};

/// Source: ory/kratos `selfservice/hook/hooks.go`, and older versions of it.
const KNOWN_HOOKS: [&str; 10] = [
    "web_hook",
    "session",
    "revoke_active_sessions",
    "require_verified_address",
    "verification",
    "show_verification_ui",
    "verify_new_address",
    "notify_previous_addresses",
    "two_step_registration",
    "b2b_sso",
];

/// Hooks of which it is not known which lists may have them.
const ANYWHERE: [&str; 3] = ["web_hook", "two_step_registration", "b2b_sso"];

/// Whether Kratos has a hook with this name.
pub(crate) fn is_known(name: &str) -> bool {
    KNOWN_HOOKS.contains(&name)
}

/// Checks the places of hooks.
pub(crate) fn check(
    configuration: &Configuration,
    hooks: &[Hook],
    methods: &Methods<'_>,
    found: &mut Findings,
) {
    for hook in hooks {
        if is_known(&hook.name) {
            misplaced(hook, found);
        } else {
            found.add(&UNKNOWN_HOOK, &hook.path, format!("The hook is named `{}`.", hook.name));
        }
        if hook.list == HookList::Before(Flow::Verification) && hook.web.is_some() {
            found.add(&BEFORE_VERIFICATION, &hook.path, "");
        }
        if is_never_called(hook) {
            found.add(&PARSE_ON_GLOBAL, &hook.path, "");
        } else if hook.list == HookList::After(hook.list.flow()) {
            shadowed(hook, hooks, methods, found);
        }
    }
    if !configuration.kind.is_whole() {
        return;
    }
    for flow in Flow::ALL {
        let mut of_flow = hooks.iter().filter(|hook| hook.list.flow() == flow);
        if let Some(first) = of_flow.find(|hook| hook.web.is_some())
            && !is_enabled(configuration, flow)
        {
            let path = configuration.path(&format!("selfservice.flows.{flow}"));
            found.add(&FLOW_OFF, path, format!("The first webhook is `{}`.", first.path));
        }
    }
}

/// A hook of another list.
fn misplaced(hook: &Hook, found: &mut Findings) {
    let Some(others) = schema::hooks_of(hook.list) else { return };
    if !ANYWHERE.contains(&&*hook.name) && !others.contains(&&*hook.name) {
        let known = ["web_hook"].iter().chain(others).map(|name| format!("`{name}`"));
        let known = known.collect::<Vec<_>>().join(", ");
        let detail = format!("Kratos has no `{}` in this list, only {known}.", hook.name);
        found.add(&SHAPE, &hook.path, detail);
    }
}

fn is_never_called(hook: &Hook) -> bool {
    hook.web.as_ref().is_some_and(|web| hook.list.moment(web.response).is_none())
}

fn shadowed(hook: &Hook, hooks: &[Hook], methods: &Methods<'_>, found: &mut Findings) {
    let silent = silencing(hook, hooks, methods);
    if !silent.is_empty() {
        let lists = silent.iter().map(|method| {
            let own = own_hooks(hook.list.flow(), *method, hooks);
            let names: Vec<_> = own.map(|other| other.name.as_str()).collect();
            format!("`{method}` has its own list: {}.", names.join(", "))
        });
        found.add(&SHADOWED, &hook.path, lists.collect::<Vec<_>>().join(" "));
    }
}

/// The methods whose own lists keep a hook in the list for all methods from running.
pub(crate) fn silencing(hook: &Hook, hooks: &[Hook], methods: &Methods<'_>) -> Vec<Method> {
    let flow = hook.list.flow();
    let own = |method: Method| own_hooks(flow, method, hooks);
    let silences = |method: &Method| {
        methods.may_be_on(flow, *method)
            && own(*method).next().is_some()
            && !own(*method).any(|other| is_same(hook, other))
    };
    flow.methods().iter().copied().filter(silences).collect()
}

fn own_hooks(flow: Flow, method: Method, hooks: &[Hook]) -> impl Iterator<Item = &Hook> {
    hooks.iter().filter(move |hook| hook.list == HookList::AfterMethod(flow, method))
}

/// Whether two hooks do the same: webhooks do if they call the same URL. A URL that is not known may
/// be any.
pub(crate) fn is_same(one: &Hook, other: &Hook) -> bool {
    if one.name == other.name && (one.unknown.has("url") || other.unknown.has("url")) {
        return true;
    }
    let url = |hook: &Hook| hook.web.as_ref().and_then(|web| web.url.clone());
    one.name == other.name && url(one) == url(other)
}

/// Whether this is a part that is merged with another, which may enable the flow: Kratos requires
/// two of these keys, and hardly anybody does without the third.
///
/// Source: ory/kratos `embedx/config.schema.json`, `required`.
fn is_fragment(configuration: &Configuration) -> bool {
    let of_a_whole: [&[&str]; 3] = [
        &["identity"],
        &["selfservice", "default_browser_return_url"],
        &["selfservice", "methods"],
    ];
    of_a_whole.iter().all(|keys| configuration.at(keys).is_none())
}

/// Whether a flow is available, or may be by another part of the configuration.
///
/// Source: ory/kratos `embedx/config.schema.json`, the defaults.
fn is_enabled(configuration: &Configuration, flow: Flow) -> bool {
    let default = match flow {
        Flow::Registration | Flow::Login | Flow::Settings => true,
        Flow::Verification | Flow::Recovery => false,
    };
    let set = configuration.at(&["selfservice", "flows", flow.name(), "enabled"]);
    let is_set_later = set.and_then(Value::as_str).is_some_and(placeholder::is_in);
    let default = default || is_fragment(configuration);
    is_set_later || set.and_then(Value::as_bool).unwrap_or(default)
}

/// The lists of a flow, as a hint when an unknown one is found.
pub(crate) fn known_lists(flow: Flow) -> String {
    let lists: Vec<_> = HookList::of(flow).map(|list| format!("`{list}`")).collect();
    format!("Available lists: {}.", lists.join(", "))
}
