//! Keys and credentials: their source, how long they are cached, and which values are invalid.

mod api_key;
#[cfg(feature = "aws")]
mod aws;
mod cache;
mod memory;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

pub use api_key::{ApiKey, KeyField, KeyProblem, Product};
#[cfg(feature = "aws")]
pub use aws::{ACTION, AwsSecrets};
pub use cache::{Cached, LOOK_UP_PAUSE, Ttl, Versions, prefetch};
pub use memory::MemorySecrets;

/// The placeholder that the SAM template puts into a secret that a person has to fill in.
pub const PLACEHOLDER: &str = "replace-me";

/// The prefix of placeholders in the commands that the SAM template and the docs print:
/// `YOUR-SIGNING-SECRET`.
const PRINTED_PLACEHOLDER: &str = "YOUR-";

/// Which version of a secret, in Secrets Manager's terms.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    /// `AWSCURRENT`.
    Current,
    /// `AWSPREVIOUS`: the version before the last rotation.
    Previous,
}

/// A secret is not available.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The store did not answer, or failed temporarily: a cached value may still be served.
    #[error("cannot reach the secret store")]
    Unreachable(#[source] crate::http::Cause),
    /// The store refused: no such secret, no permission, deleted.
    #[error("the secret store rejected the call: {0}")]
    Refused(String),
}

/// Where secrets are kept.
#[async_trait]
pub trait SecretStore: Send + Sync {
    /// The secret's string; `None` where the secret has no such version.
    async fn fetch(&self, id: &str, stage: Stage) -> Result<Option<SecretString>, SecretError>;
}

/// One field of a secret. The secret's string is a JSON object, or, for one value, the plain
/// string itself. Empty counts as absent.
pub fn field(secret: &SecretString, name: &str) -> Option<SecretString> {
    read(secret.expose_secret(), name)
}

fn read(text: &str, name: &str) -> Option<SecretString> {
    let value = match serde_json::from_str(text) {
        Ok(Value::Object(object)) => object.get(name)?.as_str()?.to_owned(),
        _ => text.to_owned(),
    };
    let value = value.trim();
    (!value.is_empty()).then(|| value.to_owned().into())
}

/// One field of a secret that is a JSON object; a plain string has no such fields.
pub(crate) fn object_field(secret: &SecretString, name: &str) -> Option<SecretString> {
    serde_json::from_str::<Value>(secret.expose_secret()).ok()?.as_object()?;
    field(secret, name)
}

/// Whether this value is still a placeholder: the word of the SAM template, or anything that begins
/// with `YOUR-`, in any case. This applies to every secret, a caller's and a vendor's.
pub fn is_placeholder(value: &str) -> bool {
    let value = value.trim();
    let start = value.get(..PRINTED_PLACEHOLDER.len());
    value.eq_ignore_ascii_case(PLACEHOLDER)
        || start.is_some_and(|start| start.eq_ignore_ascii_case(PRINTED_PLACEHOLDER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_is_a_json_object_or_a_plain_value() {
        let table = [
            (r#"{"api_key":"abc"}"#, Some("abc")),
            (r#"{"api_key":"abc","more":1}"#, Some("abc")),
            ("abc", Some("abc")),
            (" abc\n", Some("abc")),
            ("12345", Some("12345")),
            (r#"{"api_key":""}"#, None),
            (r#"{"api_key":5}"#, None),
            (r#"{"other":"abc"}"#, None),
            ("{}", None),
            ("", None),
            ("  ", None),
        ];
        for (secret, value) in table {
            let found = field(&secret.to_owned().into(), "api_key");
            assert_eq!(found.as_ref().map(ExposeSecret::expose_secret), value, "{secret}");
        }
    }

    #[test]
    fn placeholder_is_the_template_default_or_starts_with_your() {
        let table = [
            ("replace-me", true),
            ("Replace-Me", true),
            (" replace-me\n", true),
            ("replace-me-not", false),
            ("YOUR-", true),
            ("YOUR-SIGNING-SECRET", true),
            ("YOUR-SEGMENT-WRITE-KEY", true),
            ("your-mandrill-key", true),
            ("\tYour-Key", true),
            ("YOURS-TRULY", false),
            ("YOUR", false),
            ("YOURé", false),
            ("not-YOUR-key", false),
            ("md-YOUR-KEY", false),
            ("", false),
        ];
        for (value, expected) in table {
            assert_eq!(is_placeholder(value), expected, "{value}");
        }
    }

    #[test]
    fn debug_redacts_secrets() {
        let secret: SecretString = "hunter2-hunter2".to_owned().into();
        assert!(!format!("{secret:?}").contains("hunter2"));
    }
}
