//! The Mailchimp Marketing key of whoever runs a command.

use std::env;

use secrecy::SecretString;
use shared::{config::Endpoint, mailchimp, secrets::is_placeholder};

/// There is no flag for it: a process list would show it.
pub(crate) const MAILCHIMP_API_KEY: &str = "MAILCHIMP_API_KEY";

/// What is said of a key of another product.
pub(crate) const OTHER_PRODUCT: &str = "MAILCHIMP_API_KEY is not a Mailchimp Marketing API key: \
                                        those end in the data center, for example …-us6";

/// The key in the environment.
pub(crate) fn from_environment() -> Option<SecretString> {
    env::var(MAILCHIMP_API_KEY).ok().filter(|key| !key.is_empty()).map(SecretString::from)
}

/// The root of the API for a Marketing key; `None` for any other.
pub(crate) fn root_for(key: &str) -> Option<Endpoint> {
    let is_usable = mailchimp::is_key(key) && !is_placeholder(key);
    is_usable.then(|| mailchimp::root(key)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_marketing_keys_have_a_root() {
        let table = [
            ("0123456789abcdef-us6", Some("https://us6.api.mailchimp.com/3.0")),
            ("YOUR-KEY-us6", None),
            ("0123456789abcdef", None),
            ("0123456789abcdef-us6.evil.test", None),
            ("md-AbCdEfGhIjKlMnOpQrStUv", None),
            ("ory_pat_0123456789", None),
            ("replace-me", None),
        ];
        for (key, expected) in table {
            assert_eq!(root_for(key).as_ref().map(Endpoint::as_str), expected, "{key}");
        }
    }
}
