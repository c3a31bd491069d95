//! A vendor's API key, and the mistakes people make with one.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::{Cached, LOOK_UP_PAUSE, SecretError, field, is_placeholder, object_field};
use crate::mailchimp;

/// The product a key is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Product {
    /// Mailchimp Transactional.
    Mandrill,
    /// Segment, by its write key.
    Segment,
    /// Ory's admin API.
    Ory,
    /// Mailchimp Marketing, whose key people confuse with Mandrill's.
    Mailchimp,
    /// One whose keys have no known shape, by the words that name such a key: `a token of the CRM`.
    Other(&'static str),
}

impl Product {
    /// The only product that the key's shape fits; `None` if the shape says nothing.
    ///
    /// Mailchimp's keys end in the data centre (`…-us6`), Mandrill's newer ones begin with
    /// `md-`, Ory's tokens with `ory_`.
    fn of(key: &str) -> Option<Self> {
        if mailchimp::is_key(key) {
            Some(Self::Mailchimp)
        } else if key.starts_with("md-") {
            Some(Self::Mandrill)
        } else if key.starts_with("ory_") {
            Some(Self::Ory)
        } else {
            None
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Mandrill => "a Mandrill key",
            Self::Segment => "a Segment write key",
            Self::Ory => "an Ory token",
            Self::Mailchimp => "a Mailchimp Marketing key",
            Self::Other(name) => name,
        }
    }
}

/// A key that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyProblem {
    /// The secret is not available at the moment.
    #[error("cannot read the API key")]
    Unreachable(#[source] SecretError),
    /// The secret does not exist, or we may not read it.
    #[error("cannot read the API key: {0}")]
    Refused(String),
    /// The secret holds no key.
    #[error("the secret has no `{0}`")]
    Missing(&'static str),
    /// Nobody has filled in the key yet.
    #[error("the secret is still a placeholder")]
    Placeholder,
    /// The key is another product's.
    #[error("the secret contains {found}, expected {wanted}")]
    WrongProduct {
        /// What the key is.
        found: &'static str,
        /// What it should be.
        wanted: &'static str,
    },
    /// A Mailchimp Marketing key that does not say where it is to be sent.
    #[error(
        "the secret contains no Mailchimp Marketing key: those end in the data center, for example …-us6"
    )]
    NoDataCenter,
}

impl KeyProblem {
    /// Whether another value of the secret would fix it.
    fn is_of_the_value(&self) -> bool {
        match self {
            Self::Missing(_)
            | Self::Placeholder
            | Self::WrongProduct { .. }
            | Self::NoDataCenter => true,
            Self::Unreachable(_) | Self::Refused(_) => false,
        }
    }
}

/// The key of one vendor, read from a secret.
pub struct ApiKey {
    secret: Option<Cached>,
    field: KeyField,
    product: Product,
}

/// Where in a secret a key is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyField {
    /// In one field, or the secret is the key itself.
    One(&'static str),
    /// `username` and `password`, with a colon between them, as in basic authentication (RFC 7617).
    Basic,
}

impl From<&'static str> for KeyField {
    fn from(field: &'static str) -> Self {
        Self::One(field)
    }
}

impl KeyField {
    fn read(self, secret: &SecretString) -> Result<SecretString, KeyProblem> {
        match self {
            Self::One(name) => field(secret, name).ok_or(KeyProblem::Missing(name)),
            Self::Basic => {
                let part = |name| object_field(secret, name).ok_or(KeyProblem::Missing(name));
                let [user, password] = [part("username")?, part("password")?];
                if [&user, &password].iter().any(|part| is_placeholder(part.expose_secret())) {
                    return Err(KeyProblem::Placeholder);
                }
                Ok(format!("{}:{}", user.expose_secret(), password.expose_secret()).into())
            }
        }
    }
}

impl ApiKey {
    /// The key of `product`, in the field of `secret` that [`KeyField`] names.
    pub fn new(secret: Cached, field: impl Into<KeyField>, product: Product) -> Self {
        Self { secret: Some(secret), field: field.into(), product }
    }

    /// An empty key, for a service that asks for none.
    pub fn none(product: Product) -> Self {
        Self { secret: None, field: KeyField::One(""), product }
    }

    /// The cached secret, to be fetched in advance, if there is one.
    pub fn secret(&self) -> Option<&Cached> {
        self.secret.as_ref()
    }

    /// The key. If the secret holds no usable one, somebody may have just filled it in: it is
    /// looked up again, at most once per [`LOOK_UP_PAUSE`].
    ///
    /// # Errors
    /// Why there is no usable key.
    pub async fn get(&self) -> Result<SecretString, KeyProblem> {
        let Some(secret) = &self.secret else { return Ok(SecretString::default()) };
        match self.read(secret.get().await) {
            Err(problem) if problem.is_of_the_value() => {
                self.read(secret.refresh(LOOK_UP_PAUSE).await)
            }
            read => read,
        }
    }

    /// The key fetched again: the vendor has just rejected the one we had.
    pub async fn fresh(&self) -> Result<SecretString, KeyProblem> {
        match &self.secret {
            Some(secret) => self.read(secret.refresh(Duration::ZERO).await),
            None => Ok(SecretString::default()),
        }
    }

    fn read(
        &self,
        secret: Result<super::Versions, SecretError>,
    ) -> Result<SecretString, KeyProblem> {
        let secret = secret.map_err(|error| match error {
            SecretError::Refused(reason) => KeyProblem::Refused(reason),
            unreachable @ SecretError::Unreachable(_) => KeyProblem::Unreachable(unreachable),
        })?;
        let key = self.field.read(&secret.current)?;
        if is_placeholder(key.expose_secret()) {
            return Err(KeyProblem::Placeholder);
        }
        match Product::of(key.expose_secret()) {
            Some(found) if found != self.product => {
                Err(KeyProblem::WrongProduct { found: found.name(), wanted: self.product.name() })
            }
            _ if self.product == Product::Mailchimp
                && mailchimp::data_center(key.expose_secret()).is_none() =>
            {
                Err(KeyProblem::NoDataCenter)
            }
            _ => Ok(key),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use time::macros::datetime;
    use tokio::time::advance;

    use super::{
        super::{MemorySecrets, Ttl},
        *,
    };
    use crate::clock::{SystemClock, VirtualClock};

    /// The store is asked once to begin with, once more for the value, and then left alone.
    #[tokio::test(start_paused = true)]
    async fn key_that_replaces_a_placeholder_is_found_within_the_pause() {
        for unfit in ["replace-me", r#"{"write_key":"x"}"#, "md-a-key-of-another-product"] {
            let store = Arc::new(MemorySecrets::default());
            store.put("s", unfit);
            let clock = Arc::new(VirtualClock::starting_at(datetime!(2026-01-01 00:00 UTC)));
            let ttl = Ttl(Duration::from_mins(5));
            let secret = Cached::current("s".to_owned(), store.clone(), clock, ttl);
            let key = ApiKey::new(secret, "api_key", Product::Ory);
            for _ in 0..5 {
                assert!(key.get().await.is_err(), "{unfit}");
            }
            assert_eq!(store.fetches(), 2, "{unfit}");
            store.put("s", "a-token-of-ory-s");
            advance(LOOK_UP_PAUSE).await;
            assert!(key.get().await.is_ok(), "{unfit}");
        }
    }

    async fn key(product: Product, secret: &str) -> Result<String, String> {
        let store = Arc::new(MemorySecrets::default());
        store.put("s", secret);
        let ttl = Ttl(Duration::from_mins(5));
        let secret = Cached::current("s".to_owned(), store, Arc::new(SystemClock), ttl);
        let key = ApiKey::new(secret, "api_key", product).get().await;
        key.map(|key| key.expose_secret().to_owned()).map_err(|problem| problem.to_string())
    }

    #[tokio::test]
    async fn wrong_type_of_key_is_named_by_kind() {
        use Product::{Mailchimp, Mandrill, Ory, Other, Segment};
        let marketing = "0123456789abcdef0123456789abcdef-us6";
        let table = [
            (Mandrill, marketing, Err("a Mailchimp Marketing key")),
            (Segment, marketing, Err("a Mailchimp Marketing key")),
            (Mandrill, "ory_pat_abcdef", Err("an Ory token")),
            (Segment, "md-abcdefghijklmnopqrstuv", Err("a Mandrill key")),
            (Ory, "md-abcdefghijklmnopqrstuv", Err("a Mandrill key")),
            (Mandrill, "replace-me", Err("placeholder")),
            (Mandrill, r#"{"api_key":"replace-me"}"#, Err("placeholder")),
            (Mandrill, r#"{"api_key":"YOUR-MANDRILL-KEY"}"#, Err("placeholder")),
            (Segment, "YOUR-SEGMENT-WRITE-KEY", Err("placeholder")),
            (Ory, "your-ory-token", Err("placeholder")),
            (Mandrill, r#"{"write_key":"x"}"#, Err("has no `api_key`")),
            (Mandrill, "md-abcdefghijklmnopqrstuv", Ok("md-abcdefghijklmnopqrstuv")),
            (Mandrill, "0123456789abcdefghijkl", Ok("0123456789abcdefghijkl")),
            (Mandrill, "key-usual", Ok("key-usual")),
            (Ory, "ory_apikey_abc", Ok("ory_apikey_abc")),
            (Other("a token of the CRM"), "ory_pat_abcdef", Err("an Ory token")),
            (Other("a token of the CRM"), "any-other", Ok("any-other")),
            (Mailchimp, marketing, Ok(marketing)),
            (
                Mailchimp,
                "0123456789abcdef0123456789abcdef-eu1",
                Ok("0123456789abcdef0123456789abcdef-eu1"),
            ),
            (Mailchimp, "md-abcdefghijklmnopqrstuv", Err("a Mandrill key")),
            (Mailchimp, "0123456789abcdefghijkl", Err("data center")),
            (Mailchimp, "replace-me", Err("placeholder")),
        ];
        for (product, secret, expected) in table {
            match (key(product, secret).await, expected) {
                (Ok(key), Ok(wanted)) => assert_eq!(key, wanted),
                (Err(error), Err(part)) => {
                    assert!(error.contains(part), "{error}");
                    assert!(!error.contains(secret), "the value is shown: {error}");
                }
                (got, wanted) => panic!("{secret}: {got:?}, wanted {wanted:?}"),
            }
        }
    }
}
