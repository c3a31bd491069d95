//! Lists of hooks: which of them Kratos uses.

use crate::{
    Configuration, Example, Findings, Rule, Severity,
    hook::Hook,
    kratos::{Flow, HookList, Method},
    methods::Methods,
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
    source: "docs/kratos.md H1; ory/kratos \
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
    source: "docs/kratos.md H2; ory/kratos driver/registry_default_{registration,settings}.go; \
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
    description: "The flow is disabled, so its hooks never run.",
    help: "Set `enabled: true` for the flow, or remove the hooks.",
    example: Some(Example::flows(
        r"
            verification:
              after:
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

/// Something that is not a hook, or not a list of hooks.
pub(crate) static SHAPE: Rule = Rule {
    name: "shape",
    severity: Severity::Error,
    title: "Hooks do not have the form that Kratos expects",
    description: "Kratos rejects the configuration.",
    help: "Write a list of hooks as in the Ory reference: `{hook: web_hook, config: {url, method, \
           body, …}}`.",
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
    source: "ory/kratos embedx/config.schema.json, selfServiceWebHook",
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

/// Checks the places of hooks.
pub(crate) fn check(
    configuration: &Configuration,
    hooks: &[Hook],
    methods: &Methods<'_>,
    found: &mut Findings,
) {
    for hook in hooks {
        if !KNOWN_HOOKS.contains(&hook.name.as_str()) {
            found.add(&UNKNOWN_HOOK, &hook.path, format!("The hook is named `{}`.", hook.name));
        }
        if is_never_called(hook) {
            found.add(&PARSE_ON_GLOBAL, &hook.path, "");
        } else if hook.list == HookList::After(hook.list.flow()) {
            shadowed(hook, hooks, methods, found);
        }
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

fn is_never_called(hook: &Hook) -> bool {
    hook.web.as_ref().is_some_and(|web| hook.list.moment(web.response()).is_none())
}

fn shadowed(hook: &Hook, hooks: &[Hook], methods: &Methods<'_>, found: &mut Findings) {
    let flow = hook.list.flow();
    let own = |method: Method| {
        hooks.iter().filter(move |other| other.list == HookList::AfterMethod(flow, method))
    };
    let silences = |method: &Method| {
        methods.may_be_on(flow, *method)
            && own(*method).next().is_some()
            && !own(*method).any(|other| is_same(hook, other))
    };
    let silent: Vec<_> = flow.methods().iter().copied().filter(silences).collect();
    if !silent.is_empty() {
        let lists = silent.iter().map(|method| {
            let names: Vec<_> = own(*method).map(|other| other.name.as_str()).collect();
            format!("`{method}` has its own list: {}.", names.join(", "))
        });
        found.add(&SHADOWED, &hook.path, lists.collect::<Vec<_>>().join(" "));
    }
}

/// Whether two hooks do the same: webhooks do if they call the same URL.
pub(crate) fn is_same(one: &Hook, other: &Hook) -> bool {
    let url = |hook: &Hook| hook.web.as_ref().map(|web| web.url.clone());
    one.name == other.name && url(one) == url(other)
}

/// Source: ory/kratos `embedx/config.schema.json`, the defaults.
fn is_enabled(configuration: &Configuration, flow: Flow) -> bool {
    let default = match flow {
        Flow::Registration | Flow::Login | Flow::Settings => true,
        Flow::Verification | Flow::Recovery => false,
    };
    let set = configuration.at(&["selfservice", "flows", flow.name(), "enabled"]);
    set.and_then(serde_json::Value::as_bool).unwrap_or(default)
}

/// The lists of a flow, as a hint when an unknown one is found.
pub(crate) fn known_lists(flow: Flow) -> String {
    let lists: Vec<_> = HookList::of(flow).map(|list| format!("`{list}`")).collect();
    format!("Available lists: {}.", lists.join(", "))
}
