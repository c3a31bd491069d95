//! What Terraform's provider for Ory cannot do.

use std::collections::BTreeMap;

use crate::{Example, Findings, Rule, Severity, terraform::Action};

/// Two webhooks that the provider takes for one.
pub(crate) static SAME_HOOK: Rule = Rule {
    name: "terraform-same-hook",
    severity: Severity::Error,
    title: "Terraform cannot tell two webhooks apart",
    description: "The provider finds a webhook by its list, its URL and its method. It refuses to \
                  create a second one of the same, and changes or deletes the first instead of the \
                  second.",
    help: "Give one of them another URL. A query such as `?parse` is enough.",
    example: Some(Example::terraform(
        r#"
            resource "ory_action" "check" {
              flow           = "registration"
              timing         = "after"
              url            = "https://example.com/"
              response_parse = true
            }

            resource "ory_action" "welcome" {
              flow            = "registration"
              timing          = "after"
              auth_method     = "password"
              url             = "https://example.com/"
              response_ignore = true
            }
        "#,
        r#"
            resource "ory_action" "check" {
              flow           = "registration"
              timing         = "after"
              url            = "https://example.com/?parse"
              body           = "function(ctx) { id: ctx.flow.id }"
              response_parse = true
            }

            resource "ory_action" "welcome" {
              flow            = "registration"
              timing          = "after"
              auth_method     = "password"
              url             = "https://example.com/"
              body            = "function(ctx) { id: ctx.identity.id }"
              response_ignore = true
            }
        "#,
    )),
    source: "ory/terraform-provider-ory internal/resources/action/resource.go, findHookIndex",
};

/// What the provider refuses in a resource.
pub(crate) static ARGUMENT: Rule = Rule {
    name: "terraform-argument",
    severity: Severity::Error,
    title: "An argument of `ory_action` is missing or unknown",
    description: "Terraform refuses the resource, and with it everything that is applied together.",
    help: "Correct the arguments. `ory-actions action --format terraform` prints a resource.",
    example: Some(Example::terraform(
        r#"
            resource "ory_action" "welcome" {
              flow            = "registration"
              timing          = "after"
              url             = "https://example.com/"
              body            = "function(ctx) { id: ctx.identity.id }"
              response_ignore = true

              webhook_auth_type         = "api_key"
              webhook_auth_api_key_name = "Authorization"
            }
        "#,
        r#"
            resource "ory_action" "welcome" {
              flow            = "registration"
              timing          = "after"
              url             = "https://example.com/"
              body            = "function(ctx) { id: ctx.identity.id }"
              response_ignore = true

              webhook_auth_type                    = "api_key"
              webhook_auth_api_key_name            = "Authorization"
              webhook_auth_api_key_value_wo        = var.key
              webhook_auth_api_key_value_wo_version = "1"
              webhook_auth_api_key_in              = "header"
            }
        "#,
    )),
    source: "ory/terraform-provider-ory internal/resources/action/resource.go, Schema and \
             ValidateConfig",
};

/// The arguments of the provider and of Terraform. The last three are those of a webhook that the
/// provider may learn.
const ARGUMENTS: [&str; 31] = [
    "id",
    "project_id",
    "flow",
    "timing",
    "auth_method",
    "url",
    "method",
    "body",
    "response_ignore",
    "response_parse",
    "can_interrupt",
    "webhook_auth_type",
    "webhook_auth_basic_auth_user",
    "webhook_auth_basic_auth_password",
    "webhook_auth_basic_auth_password_wo",
    "webhook_auth_basic_auth_password_wo_version",
    "webhook_auth_api_key_name",
    "webhook_auth_api_key_value",
    "webhook_auth_api_key_value_wo",
    "webhook_auth_api_key_value_wo_version",
    "webhook_auth_api_key_in",
    "count",
    "for_each",
    "depends_on",
    "provider",
    "lifecycle",
    "connection",
    "provisioner",
    "headers",
    "emit_analytics_event",
    "timeouts",
];

/// The arguments that every resource needs.
const REQUIRED: [&str; 3] = ["flow", "timing", "url"];

/// What each kind of authentication needs: one argument of each group.
const OF_API_KEY: [&[&str]; 3] = [
    &["webhook_auth_api_key_name"],
    &["webhook_auth_api_key_value", "webhook_auth_api_key_value_wo"],
    &["webhook_auth_api_key_in"],
];
const OF_BASIC_AUTH: [&[&str]; 2] = [
    &["webhook_auth_basic_auth_user"],
    &["webhook_auth_basic_auth_password", "webhook_auth_basic_auth_password_wo"],
];

/// Checks the arguments of a resource.
pub(crate) fn arguments(action: &Action<'_>, found: &mut Findings) {
    for argument in action.arguments().filter(|argument| !ARGUMENTS.contains(argument)) {
        let path = format!("{}.{argument}", action.address());
        found.add(&ARGUMENT, path, format!("`ory_action` has no argument `{argument}`."));
    }
    for argument in REQUIRED.iter().filter(|argument| !action.has(argument)) {
        found.add(&ARGUMENT, action.address(), format!("`{argument}` is missing."));
    }
    let needed: &[&[&str]] = match action.authentication() {
        Some("api_key") => &OF_API_KEY,
        Some("basic_auth") => &OF_BASIC_AUTH,
        _ => &[],
    };
    for group in needed.iter().filter(|group| !group.iter().any(|name| action.has(name))) {
        let names: Vec<_> = group.iter().map(|name| format!("`{name}`")).collect();
        let detail = format!("{} is missing.", names.join(" or "));
        found.add(&ARGUMENT, action.address(), detail);
    }
}

/// Compares the webhooks of a file with each other, and with those of the other files of its module.
pub(crate) fn check(own: &[Action<'_>], others: &[Action<'_>], found: &mut Findings) {
    let identities = |actions: &[Action<'_>]| -> Vec<_> {
        actions.iter().map(|action| Some((action.identity()?, action.address()))).collect()
    };
    let mut known: BTreeMap<_, _> = identities(others).into_iter().flatten().collect();
    for (identity, address) in identities(own).into_iter().flatten() {
        if let Some(other) = known.get(&identity) {
            let detail = format!("It has the list, URL and method of `{other}`.");
            found.add(&SAME_HOOK, format!("{address}.url"), detail);
        } else {
            known.insert(identity, address);
        }
    }
}
