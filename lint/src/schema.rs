//! The keys that Kratos' schema knows where hooks are, and which hooks a list may have. Kratos
//! refuses any other key there.
//!
//! Source: ory/kratos `embedx/config.schema.json`, every version since hooks can be webhooks
//! (v0.7), so that keys of older versions count too.

use serde_json::{Map, Value};

use crate::kratos::{Flow, HookList, Method};

/// Below `selfservice.flows`.
pub(crate) const FLOWS: [&str; 7] =
    ["settings", "logout", "registration", "login", "verification", "recovery", "error"];
/// Below `error` and `logout`, which have no hooks.
pub(crate) const WITHOUT_HOOKS: [(&[&str], &[&str]); 3] = [
    (&["error"], &["ui_url"]),
    (&["logout"], &["after", "clear_browser_data"]),
    (&["logout", "after"], &["default_browser_return_url"]),
];
/// Below `before` of a flow.
pub(crate) const BEFORE: [&str; 1] = ["hooks"];
/// Below a method of `after`.
pub(crate) const METHOD: [&str; 2] = ["default_browser_return_url", "hooks"];
/// Below `config` of a webhook.
pub(crate) const CONFIG: [&str; 9] = [
    "id",
    "response",
    "url",
    "method",
    "headers",
    "body",
    "can_interrupt",
    "emit_analytics_event",
    "auth",
];
/// Below `response` of a webhook.
pub(crate) const RESPONSE: [&str; 2] = ["ignore", "parse"];
/// Below `auth` of a webhook.
pub(crate) const AUTH: [&str; 2] = ["type", "config"];

/// Below a flow.
pub(crate) fn of_flow(flow: Flow) -> &'static [&'static str] {
    match flow {
        Flow::Registration => &[
            "enabled",
            "login_hints",
            "ui_url",
            "lifespan",
            "before",
            "after",
            "enable_legacy_one_step",
            "style",
        ],
        Flow::Login => &["ui_url", "lifespan", "style", "before", "after", "password_migration"],
        Flow::Settings => {
            &["ui_url", "lifespan", "privileged_session_max_age", "required_aal", "after", "before"]
        }
        Flow::Verification | Flow::Recovery => &[
            "enabled",
            "ui_url",
            "after",
            "lifespan",
            "before",
            "use",
            "notify_unknown_recipients",
        ],
    }
}

/// Of an entry in a list of hooks.
pub(crate) fn of_hook(name: &str) -> &'static [&'static str] {
    match name {
        "web_hook" | "b2b_sso" | "notify_previous_addresses" => &["hook", "config"],
        _ => &["hook"],
    }
}

/// The keys of a map that are not among the known ones.
pub(crate) fn unknown<'m>(
    map: &'m Map<String, Value>,
    known: &'m [&str],
) -> impl Iterator<Item = &'m str> {
    map.keys().map(String::as_str).filter(|key| !known.contains(key))
}

/// The hooks, other than webhooks, that a list may have. `None`: it is not known which, because
/// Kratos itself does not have the list.
pub(crate) fn hooks_of(list: HookList) -> Option<&'static [&'static str]> {
    use Flow::{Login, Recovery, Registration, Settings};
    match list {
        HookList::AfterMethod(_, Method::Saml) => None,
        HookList::AfterMethod(Registration, _) => Some(&["session", "show_verification_ui"]),
        HookList::AfterMethod(Login, Method::Oidc) => {
            Some(&["revoke_active_sessions", "require_verified_address"])
        }
        HookList::After(Login) | HookList::AfterMethod(Login, _) => Some(&[
            "revoke_active_sessions",
            "require_verified_address",
            "verification",
            "show_verification_ui",
        ]),
        HookList::AfterMethod(Settings, Method::Profile) => {
            Some(&["show_verification_ui", "verify_new_address", "notify_previous_addresses"])
        }
        HookList::AfterMethod(Settings, _) | HookList::After(Recovery) => {
            Some(&["revoke_active_sessions"])
        }
        HookList::Before(_) | HookList::After(_) | HookList::AfterMethod(..) => Some(&[]),
    }
}
