//! Lists of hooks: which of them Kratos looks at.

use crate::{
    Configuration, Findings, Rule, Severity,
    hook::Hook,
    kratos::{Flow, HookList, Method},
    methods::Methods,
};

/// A list for all methods that a method's own list silences.
pub(crate) static SHADOWED: Rule = Rule {
    name: "shadowed",
    severity: Severity::Error,
    happens: "The hook never runs for the methods named here. Kratos looks at `after.hooks` only \
              where the method has no list of its own; any hook in that list silences all of \
              `after.hooks`, the built-in `session` hook too.",
    mend: "Put the hook into the list of each of these methods, and out of `after.hooks`.",
    claim: "H1; driver/registry_default_{registration,login,settings}.go; \
            tests/real/kratos/hook_lists.rs",
};

/// A hook to be called before saving, where Kratos does not look for one.
pub(crate) static PARSE_ON_GLOBAL: Rule = Rule {
    name: "parse-on-global",
    severity: Severity::Error,
    happens: "The hook never runs at all. Hooks with `response.parse` (or `can_interrupt`) run \
              before the identity is saved, and for those Kratos looks only into the lists of the \
              methods.",
    mend: "Put the hook into `after.<method>.hooks` of every method that people use.",
    claim: "H2; driver/registry_default_{registration,settings}.go; \
            tests/real/kratos/hook_lists.rs",
};

/// A list that Kratos does not know.
pub(crate) static UNKNOWN_LIST: Rule = Rule {
    name: "unknown-list",
    severity: Severity::Error,
    happens: "Kratos has no such method in this flow: it refuses the configuration, or never \
              looks at the list.",
    mend: "Move the hooks to a list that there is.",
    claim: "embedx/config.schema.json, selfServiceAfter…",
};

/// Hooks of a flow that nobody can take.
pub(crate) static FLOW_OFF: Rule = Rule {
    name: "flow-off",
    severity: Severity::Warning,
    happens: "The flow is off, so its hooks never run.",
    mend: "Set `enabled: true` for the flow, or take the hooks out.",
    claim: "embedx/config.schema.json, selfservice.flows",
};

/// A hook that Kratos does not know.
pub(crate) static UNKNOWN_HOOK: Rule = Rule {
    name: "unknown-hook",
    severity: Severity::Error,
    happens: "Kratos knows no hook of this name: it refuses the configuration, or logs a warning \
              and leaves the hook out.",
    mend: "A webhook is named `web_hook`.",
    claim: "driver/registry_default_hooks.go, getHooks",
};

/// Something that is no hook, or no list of them.
pub(crate) static SHAPE: Rule = Rule {
    name: "shape",
    severity: Severity::Error,
    happens: "Kratos refuses the configuration.",
    mend: "Write it as Ory's reference has it: a list of `{hook: web_hook, config: {url, method, \
           body, …}}`.",
    claim: "embedx/config.schema.json, selfServiceWebHook",
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

/// Checks where hooks stand.
pub(crate) fn check(
    configuration: &Configuration,
    hooks: &[Hook],
    methods: &Methods<'_>,
    found: &mut Findings,
) {
    for hook in hooks {
        if !KNOWN_HOOKS.contains(&hook.name.as_str()) {
            found.add(&UNKNOWN_HOOK, &hook.path, format!("It is named `{}`.", hook.name));
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
            found.add(&FLOW_OFF, path, format!("A webhook is at `{}`.", first.path));
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
            format!("`{method}` has a list of its own: {}.", names.join(", "))
        });
        found.add(&SHADOWED, &hook.path, lists.collect::<Vec<_>>().join(" "));
    }
}

/// Whether they do the same: a webhook calls the same URL.
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

/// What there is, told where something else was found.
pub(crate) fn known_lists(flow: Flow) -> String {
    let lists: Vec<_> = HookList::of(flow).map(|list| format!("`{list}`")).collect();
    format!("There are: {}.", lists.join(", "))
}
