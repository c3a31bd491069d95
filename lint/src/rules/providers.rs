//! Providers of social sign-in that change identities.

use serde_json::Value;

use crate::{
    Configuration, Findings, Rule, Severity,
    hook::Hook,
    kratos::{Flow, HookList, Method, Moment},
    methods::Methods,
};

/// A change of an identity of which no webhook hears.
pub(crate) static UPDATE_ON_LOGIN: Rule = Rule {
    name: "update-on-login",
    severity: Severity::Warning,
    title: "A provider changes identities at a login without a webhook",
    description: "With `update_identity_on_login: automatic`, Kratos saves the traits that the \
                  provider sends at every login. Only the login hooks run then: the webhooks after \
                  registration and settings do not hear of the change.",
    help: "Add the webhook to `selfservice.flows.login.after.oidc.hooks`, or set \
           `update_identity_on_login: never`.",
    example: None,
    source: "docs/kratos.md (update-on-login); ory/kratos selfservice/strategy/oidc/strategy_login.go, \
             UpdateIdentityFromClaims",
};

/// Checks the providers of a configuration.
pub(crate) fn check(
    configuration: &Configuration,
    hooks: &[Hook],
    methods: &Methods<'_>,
    found: &mut Findings,
) {
    let keys = ["selfservice", "methods", "oidc", "config", "providers"];
    let providers = configuration.at(&keys).and_then(Value::as_array);
    let is_unheard = methods.is_on(Flow::Login, Method::Oidc)
        && hears_of_changes(hooks)
        && !hears_of_logins(hooks);
    for (position, provider) in providers.into_iter().flatten().enumerate().filter(|_| is_unheard) {
        let update = provider.get("update_identity_on_login").and_then(Value::as_str);
        if update == Some("automatic") {
            let path = format!("{}[{position}].update_identity_on_login", keys.join("."));
            found.add(&UPDATE_ON_LOGIN, configuration.path(&path), "");
        }
    }
}

/// Whether a webhook hears of new or changed identities.
fn hears_of_changes(hooks: &[Hook]) -> bool {
    hooks.iter().any(|hook| {
        hook.web.is_some()
            && hook.list.flow().saves_what_hooks_answer()
            && hook.list.moment(hook.response()) == Some(Moment::AfterSave)
    })
}

/// Whether a webhook runs after a social login. The list for all methods counts if the method has
/// none.
fn hears_of_logins(hooks: &[Hook]) -> bool {
    let of = |list| hooks.iter().filter(move |hook| hook.list == list);
    let own = HookList::AfterMethod(Flow::Login, Method::Oidc);
    let list = if of(own).next().is_some() { own } else { HookList::After(Flow::Login) };
    of(list).any(|hook| hook.web.is_some())
}
