//! Lists of hooks, and which of them Kratos uses.

use std::fmt;

use super::{Flow, HookResponse, Method, Moment};

/// One list of hooks in the configuration.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum HookList {
    /// `<flow>.before.hooks`.
    Before(Flow),
    /// `<flow>.after.hooks`: apparently for all methods. Kratos uses it only if the method has no
    /// list of its own, or an empty one: any hook there overrides it, even `session`.
    ///
    /// Source: `driver/registry_default_registration.go`, `_login.go`, `_settings.go`.
    /// Measured: `tests/real/kratos/hook_lists.rs`.
    After(Flow),
    /// `<flow>.after.<method>.hooks`.
    AfterMethod(Flow, Method),
}

impl HookList {
    /// All lists that Kratos knows for a flow.
    pub fn of(flow: Flow) -> impl Iterator<Item = Self> {
        let methods = flow.methods().iter().map(move |method| Self::AfterMethod(flow, *method));
        [Self::Before(flow), Self::After(flow)].into_iter().chain(methods)
    }

    /// The flow that runs it.
    pub fn flow(self) -> Flow {
        match self {
            Self::Before(flow) | Self::After(flow) | Self::AfterMethod(flow, _) => flow,
        }
    }

    /// Its method, if it is the list of one.
    pub fn method(self) -> Option<Method> {
        match self {
            Self::AfterMethod(_, method) => Some(method),
            Self::Before(_) | Self::After(_) => None,
        }
    }

    /// When a hook with this response is called from this list. `None` means never: hooks that run
    /// before the identity is saved are used only in the list of the method.
    ///
    /// Source: `driver/registry_default_registration.go` and `_settings.go`,
    /// `Post…PrePersistHooks`. Measured: `tests/real/kratos/hook_lists.rs`.
    pub fn moment(self, response: HookResponse) -> Option<Moment> {
        let before_saving = response.is_read() && self.flow().saves_what_hooks_answer();
        match self {
            Self::Before(_) => Some(Moment::Start),
            Self::After(_) if before_saving => None,
            Self::AfterMethod(..) if before_saving => Some(Moment::BeforeSave),
            Self::After(_) | Self::AfterMethod(..) => Some(Moment::AfterSave),
        }
    }

    /// Its keys from the root of the configuration.
    pub fn keys(self) -> Vec<&'static str> {
        let mut keys = vec!["selfservice", "flows", self.flow().name()];
        keys.push(if matches!(self, Self::Before(_)) { "before" } else { "after" });
        keys.extend(self.method().map(Method::name));
        keys.push("hooks");
        keys
    }

    /// Its path in the form that `ory patch identity-config` expects.
    pub fn pointer(self) -> String {
        format!("/{}", self.keys().join("/"))
    }
}

/// Its path in readable form.
impl fmt::Display for HookList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.keys().join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hook_list_has_a_path_and_a_pointer() {
        let list = HookList::AfterMethod(Flow::Registration, Method::LookupSecret);
        assert_eq!(list.to_string(), "selfservice.flows.registration.after.lookup_secret.hooks");
        assert_eq!(list.pointer(), "/selfservice/flows/registration/after/lookup_secret/hooks");
        assert_eq!(
            HookList::Before(Flow::Login).to_string(),
            "selfservice.flows.login.before.hooks"
        );
    }

    /// As measured by `tests/real/kratos/hook_lists.rs` and `before_saving.rs`.
    #[test]
    fn hook_call_time() {
        use Flow::{Login, Recovery, Registration, Settings};
        let plain = HookResponse::default();
        let password = |flow| HookList::AfterMethod(flow, Method::Password);
        let table = [
            (password(Registration), plain, Some(Moment::AfterSave)),
            (password(Registration), HookResponse::IGNORED, Some(Moment::AfterSave)),
            (password(Registration), HookResponse::PARSED, Some(Moment::BeforeSave)),
            (password(Settings), HookResponse::PARSED, Some(Moment::BeforeSave)),
            (password(Login), HookResponse::PARSED, Some(Moment::AfterSave)),
            (HookList::After(Registration), plain, Some(Moment::AfterSave)),
            (HookList::After(Registration), HookResponse::PARSED, None),
            (HookList::After(Settings), HookResponse::PARSED, None),
            (HookList::After(Login), HookResponse::PARSED, Some(Moment::AfterSave)),
            (HookList::After(Recovery), HookResponse::PARSED, Some(Moment::AfterSave)),
            (HookList::Before(Registration), HookResponse::PARSED, Some(Moment::Start)),
        ];
        for (list, response, moment) in table {
            assert_eq!(list.moment(response), moment, "{list} {response:?}");
        }
        let interrupting = HookResponse { can_interrupt: true, ..plain };
        assert_eq!(password(Registration).moment(interrupting), Some(Moment::BeforeSave));
    }
}
