//! When in a flow a hook is called.

/// When a hook is called, seen from the identity.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Moment {
    /// When the flow is made and its form first shown: nobody has typed anything.
    Start,
    /// The form is sent and the identity not saved yet. It may never be: in a registration the
    /// hook runs before Kratos looks for somebody of that address, and its identity has the id
    /// `00000000-0000-0000-0000-000000000000`.
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
