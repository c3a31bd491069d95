//! The sender and the subject of the mail: settings that templates read as `ctx.mail`.

use serde::Serialize;
use serde_json::{Map, json};
use shared::{
    config::{ConfigError, Environment},
    ctx::{TemplateSettings, as_address},
};

/// The sender of samples, in the local stack and in `ory-actions render`. Nobody owns the address
/// (RFC 2606).
pub const SAMPLE_SENDER: &str = "welcome@example.com";

/// The default value.
const SUBJECT: &str = "Welcome";

/// Why nothing is sent until an operator sets the sender.
pub const NO_SENDER: &str = "FROM_EMAIL is not set; the shipped template sends no mail without it";

/// The sender and the subject of the mail.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Mail {
    /// The address of the sender.
    pub from_email: Option<String>,
    /// The name of the sender. If unset, the domain of the address.
    pub from_name: Option<String>,
    /// The subject.
    pub subject: String,
}

impl Mail {
    /// Reads `FROM_EMAIL`, `FROM_NAME` and `SUBJECT`.
    ///
    /// # Errors
    /// `FROM_EMAIL` is not one address.
    pub fn from_env(env: &Environment) -> Result<Self, ConfigError> {
        let text = |name| env.optional(name).map(str::to_owned);
        let from_email = text("FROM_EMAIL");
        if from_email.as_deref().is_some_and(|email| as_address(email) != Some(email)) {
            return Err(ConfigError::new("FROM_EMAIL", "wanted one email address"));
        }
        Ok(Self::new(from_email, text("FROM_NAME"), text("SUBJECT")))
    }

    /// The mail of this sender, with the defaults of the other settings.
    pub fn from_sender(email: Option<String>) -> Self {
        Self::new(email, None, None)
    }

    /// The mail of the samples.
    pub fn sample() -> Self {
        Self::from_sender(Some(SAMPLE_SENDER.to_owned()))
    }

    fn new(from_email: Option<String>, from_name: Option<String>, subject: Option<String>) -> Self {
        let domain = from_email.as_deref().and_then(|email| email.split_once('@'));
        let domain = domain.map(|(_, domain)| domain.to_owned());
        Self {
            from_name: from_name.or(domain),
            from_email,
            subject: subject.unwrap_or_else(|| SUBJECT.to_owned()),
        }
    }

    /// For a custom template, which may name its sender itself.
    pub fn for_own_template(&self) -> TemplateSettings {
        let fields = Map::from_iter([("mail".to_owned(), json!(self))]);
        TemplateSettings { fields, missing: None }
    }

    /// For the shipped template, which has no sender of its own.
    pub fn for_shipped_template(&self) -> TemplateSettings {
        let missing = self.from_email.is_none().then_some(NO_SENDER);
        TemplateSettings { missing, ..self.for_own_template() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn mail(pairs: &[(&str, &str)]) -> Result<Mail, ConfigError> {
        Mail::from_env(&Environment::of(pairs.iter().copied()))
    }

    #[test]
    fn what_is_not_set_has_a_default() {
        let table: [(&[(&str, &str)], Value); 4] = [
            (&[], json!({"from_email": null, "from_name": null, "subject": "Welcome"})),
            (
                &[("FROM_EMAIL", "hello@shop.example")],
                json!({
                    "from_email": "hello@shop.example", "from_name": "shop.example",
                    "subject": "Welcome",
                }),
            ),
            (
                &[("FROM_NAME", "The Shop"), ("SUBJECT", "Hello!")],
                json!({"from_email": null, "from_name": "The Shop", "subject": "Hello!"}),
            ),
            (
                &[
                    ("FROM_EMAIL", " hello@shop.example "),
                    ("FROM_NAME", "The Shop"),
                    ("SUBJECT", ""),
                ],
                json!({
                    "from_email": "hello@shop.example", "from_name": "The Shop",
                    "subject": "Welcome",
                }),
            ),
        ];
        for (pairs, expected) in table {
            let settings = mail(pairs).unwrap().for_own_template();
            assert_eq!(settings.fields["mail"], expected, "{pairs:?}");
        }
    }

    #[test]
    fn a_sender_is_one_address() {
        for email in ["shop.example", "a@b@c", "a@b,c@d", "The Shop <hello@shop.example>", "a@"] {
            let error = mail(&[("FROM_EMAIL", email)]).unwrap_err();
            assert_eq!(error.variable, "FROM_EMAIL", "{email}");
            assert!(!error.to_string().contains(email), "{error}");
        }
    }

    #[test]
    fn only_the_shipped_template_needs_a_sender() {
        let without = mail(&[]).unwrap();
        assert!(without.for_own_template().check().is_ok());
        assert!(without.for_shipped_template().missing.unwrap().contains("FROM_EMAIL"));
        assert!(Mail::sample().for_shipped_template().check().is_ok());
    }
}
