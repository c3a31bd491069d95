//! How Kratos treats the answer to the call of a hook.

/// `config.response` and the older `config.can_interrupt`, both off by default.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct HookResponse {
    /// `response.ignore`: the call runs in the background, and its result is only logged.
    pub ignore: bool,
    /// `response.parse`: the answer may change the identity or stop the flow.
    pub parse: bool,
    /// `can_interrupt`: the answer may stop the flow. Ory recommends `response.parse` instead.
    pub can_interrupt: bool,
}

impl HookResponse {
    /// The flow does not wait.
    pub const IGNORED: Self = Self { ignore: true, parse: false, can_interrupt: false };
    /// The answer is parsed.
    pub const PARSED: Self = Self { ignore: false, parse: true, can_interrupt: false };

    /// Whether the answer may stop the flow; such a hook is called before the identity is saved.
    ///
    /// Source: `selfservice/hook/web_hook.go`, the hooks named `…PrePersistHook`.
    pub fn is_read(self) -> bool {
        self.parse || self.can_interrupt
    }

    /// Whether Kratos rejects the combination, at its start or when the hook should run.
    ///
    /// Source: `embedx/config.schema.json`, `selfServiceWebHook`; `web_hook.go`, `execute`.
    pub fn contradicts_itself(self) -> bool {
        self.ignore && self.is_read()
    }

    /// Whether the person waits for the call, all three attempts of it.
    ///
    /// Source: `selfservice/hook/web_hook.go`, `execute`.
    pub fn makes_wait(self) -> bool {
        !self.ignore
    }

    /// Whether any failure of the call fails the flow: the person sees a system error, in a
    /// registration after the account was created. A retry fails with "exists already".
    ///
    /// Measured: `tests/real/kratos/hook_answers.rs`.
    pub fn breaks_the_flow_by_accident(self) -> bool {
        !self.ignore && !self.is_read()
    }
}
