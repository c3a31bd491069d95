//! When Kratos calls a hook.

/// When a hook is called, relative to the identity.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Moment {
    /// When the flow is created and its form is first shown, before any input.
    Start,
    /// The form is submitted and the identity is not saved yet. It may never be: in a registration
    /// the hook runs before Kratos looks for an account with that address, and its identity has the
    /// id `00000000-0000-0000-0000-000000000000`.
    ///
    /// Measured: `tests/real/kratos/before_saving.rs`.
    BeforeSave,
    /// The identity is saved.
    AfterSave,
}

impl Moment {
    /// Its word in the `hook` tag, where it has one.
    pub fn when(self) -> Option<&'static str> {
        match self {
            Self::Start => None,
            Self::BeforeSave => Some("before_save"),
            Self::AfterSave => Some("after_save"),
        }
    }
}
