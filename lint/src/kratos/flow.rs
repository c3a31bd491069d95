//! Self-service flows.

use std::{fmt, str::FromStr};

use super::{Method, UnknownName, named};

/// A self-service flow that runs hooks.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Flow {
    /// Signing up.
    Registration,
    /// Signing in.
    Login,
    /// Changing traits or credentials.
    Settings,
    /// Proving ownership of an address.
    Verification,
    /// Getting back into an account.
    Recovery,
}

impl Flow {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Registration, Self::Login, Self::Settings, Self::Verification, Self::Recovery];

    /// Its key under `selfservice.flows`, and its word in the `hook` tag.
    pub fn name(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::Login => "login",
            Self::Settings => "settings",
            Self::Verification => "verification",
            Self::Recovery => "recovery",
        }
    }

    /// The methods that may have their own list under `after`; none for verification and recovery,
    /// whose only list is `after.hooks`.
    ///
    /// Source: `embedx/config.schema.json`, `selfServiceAfter…`. `saml` is missing there: it is a
    /// method of Ory Network and Ory's enterprise edition only.
    pub fn methods(self) -> &'static [Method] {
        use Method::{Code, LookupSecret, Oidc, Passkey, Password, Profile, Saml, Totp, Webauthn};
        match self {
            Self::Registration => &[Password, Oidc, Code, Passkey, Webauthn, Saml],
            Self::Login => &[Password, Oidc, Code, Passkey, Webauthn, Totp, LookupSecret, Saml],
            Self::Settings => {
                &[Profile, Password, Oidc, Passkey, Webauthn, Totp, LookupSecret, Saml]
            }
            Self::Verification | Self::Recovery => &[],
        }
    }

    /// Whether a hook with `parse` is called before the identity is saved, and its answer can
    /// change the identity. In the other flows `parse` only decides whether the answer is read.
    ///
    /// Source: `selfservice/hook/web_hook.go`, the hooks named `…PrePersistHook`; Ory's
    /// documentation: "only possible during the registration and settings flows".
    pub fn saves_what_hooks_answer(self) -> bool {
        matches!(self, Self::Registration | Self::Settings)
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Flow {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        named(name, "flow", &Self::ALL, Self::name)
    }
}
