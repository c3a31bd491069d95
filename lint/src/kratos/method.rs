//! Methods: how a person completes a flow.

use std::{fmt, str::FromStr};

use super::{UnknownName, named};

/// A method that may have its own hooks, see [`Flow::methods`](super::Flow::methods).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Method {
    /// A password.
    Password,
    /// Social sign-in.
    Oidc,
    /// Sign-in with a company directory; only in Ory Network and the enterprise edition.
    Saml,
    /// A code by mail or text message.
    Code,
    /// A passkey.
    Passkey,
    /// A security key.
    Webauthn,
    /// An authenticator app, as a second factor.
    Totp,
    /// Recovery codes, as a second factor.
    LookupSecret,
    /// Changing traits.
    Profile,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Password,
        Self::Oidc,
        Self::Saml,
        Self::Code,
        Self::Passkey,
        Self::Webauthn,
        Self::Totp,
        Self::LookupSecret,
        Self::Profile,
    ];

    /// Its key under `after` and under `selfservice.methods`, and its word in the `hook` tag.
    pub fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Oidc => "oidc",
            Self::Saml => "saml",
            Self::Code => "code",
            Self::Passkey => "passkey",
            Self::Webauthn => "webauthn",
            Self::Totp => "totp",
            Self::LookupSecret => "lookup_secret",
            Self::Profile => "profile",
        }
    }

    /// Whether it is on by default. `code` is, but only for verification and recovery: to sign up
    /// or in with it requires `passwordless_enabled`.
    ///
    /// Source: `driver/config/config.go`, `SelfServiceStrategy`.
    pub fn is_on_by_default(self) -> bool {
        matches!(self, Self::Password | Self::Profile)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Method {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        named(name, "method", &Self::ALL, Self::name)
    }
}
