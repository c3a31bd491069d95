//! What the secret of a relay has to be, for an operator who checks it before there is a call.

use http::HeaderMap;
use secrecy::SecretString;
use shared::secrets::KeyField;

use crate::{
    auth::{self, Auth, SecretFault},
    origin::Origin,
    signature,
};

/// A way to authenticate, as `RELAY_AUTH` or a preset names it.
#[derive(Clone, Debug)]
pub struct Credential(Auth);

impl Credential {
    /// The one that this text names, if it names one.
    pub fn of(auth: &str) -> Option<Self> {
        Auth::parse(auth).map(Self)
    }

    /// Where in the secret it is; `None`: the vendor asks for none.
    pub fn field(&self) -> Option<KeyField> {
        self.0.field()
    }

    /// Checks that a call can be made with what is there. The vendor may refuse it all the same.
    ///
    /// # Errors
    /// What is wrong with it, without its value.
    pub fn check(&self, secret: &SecretString, origin: &Origin) -> Result<(), SecretFault> {
        match &self.0 {
            Auth::Path => auth::path(secret, origin).map(drop),
            Auth::Signature => signature::check(secret),
            other => auth::add_header(other, secret, &mut HeaderMap::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_is_checked_as_a_call_would_use_it() {
        use SecretFault::{EmptyPath, NoHeader, NoPath, NoSigningKey, OtherHost};
        let origin = Origin::parse("https://hooks.slack.com", false).unwrap();
        let checked = |auth: &str, secret: &str| {
            Credential::of(auth).unwrap().check(&secret.to_owned().into(), &origin).err()
        };
        for auth in ["bearer", "header:x-key"] {
            assert_eq!(checked(auth, "a-key"), None, "{auth}");
            assert_eq!(checked(auth, "a\nkey"), Some(NoHeader), "{auth}");
        }
        assert_eq!(checked("path", "https://hooks.slack.com/services/T/B/X"), None);
        assert_eq!(checked("path", "services/T/B/X"), None);
        assert_eq!(checked("path", "https://other.example/services/T/B/X"), Some(OtherHost));
        assert!(matches!(checked("path", "/services/../X"), Some(NoPath(_))));
        assert_eq!(checked("path", "https://hooks.slack.com"), Some(EmptyPath));
        assert_eq!(checked("signature", "whsec_U0VDUkVULVNFQ1JFVC1TRUNSRVQ="), None);
        assert_eq!(checked("signature", "not-base64"), Some(NoSigningKey));
        for auth in ["basic", "query:key", "body:/key", "none"] {
            assert_eq!(checked(auth, "anything"), None, "{auth}");
        }
        assert!(Credential::of("token").is_none());
    }
}
