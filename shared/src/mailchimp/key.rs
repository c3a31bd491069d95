//! API keys, which name the host that they are for.
//! <https://mailchimp.com/developer/marketing/docs/fundamentals/#api-structure>

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderName, HeaderValue, header::AUTHORIZATION};
use secrecy::{ExposeSecret, SecretString};

use crate::config::Endpoint;

/// The longest label of a hostname (RFC 1035, 2.3.4).
const LONGEST_LABEL: usize = 63;

/// The data center of a key: the part after its last `-`. It becomes part of a hostname, so only
/// letters and digits are accepted: no key can choose another host.
pub fn data_center(key: &str) -> Option<&str> {
    let (_, data_center) = key.rsplit_once('-')?;
    let is_label = (1..=LONGEST_LABEL).contains(&data_center.len())
        && data_center.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_label.then_some(data_center)
}

/// Whether only a Mailchimp Marketing key looks like this: it ends in `-us` and a number, as the keys
/// of all data centers so far.
pub fn is_key(key: &str) -> bool {
    let number = data_center(key).and_then(|data_center| data_center.strip_prefix("us"));
    number.is_some_and(|n| !n.is_empty() && n.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The root of the API for a key; `None` if the key names no data center.
pub fn root(key: &str) -> Option<Endpoint> {
    Endpoint::parse(&format!("https://{}.api.mailchimp.com/3.0", data_center(key)?))
}

/// HTTP Basic: any user name, and the key as the password. Base64 has no character that a header
/// could not carry, so there is always one.
pub fn authorization(key: &SecretString) -> Option<(HeaderName, HeaderValue)> {
    let credentials = STANDARD.encode(format!("any:{}", key.expose_secret()));
    let mut value = HeaderValue::from_str(&format!("Basic {credentials}")).ok()?;
    value.set_sensitive(true);
    Some((AUTHORIZATION, value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn data_center_is_the_part_after_the_last_hyphen() {
        let table = [
            // The key; its data center; whether it looks like a Marketing key only.
            ("0123456789abcdef-us6", Some("us6"), true),
            ("0123-456-us21", Some("us21"), true),
            ("0123456789abcdef-eu1", Some("eu1"), false),
            ("0123456789abcdef", None, false),
            ("0123456789abcdef-", None, false),
            ("0123456789abcdef-us", Some("us"), false),
            ("0123456789abcdef-us6x", Some("us6x"), false),
            ("0123456789abcdef-evil.test/us6", None, false),
            ("0123456789abcdef-us6.evil.test", None, false),
            ("0123456789abcdef-us6@evil", None, false),
            ("0123456789abcdef-us6:1", None, false),
            ("md-AbCdEfGhIjKlMnOpQrStUv", Some("AbCdEfGhIjKlMnOpQrStUv"), false),
            ("ory_pat_0123456789", None, false),
            ("replace-me", Some("me"), false),
        ];
        for (key, expected, is_ours) in table {
            assert_eq!(data_center(key), expected, "{key}");
            assert_eq!(is_key(key), is_ours, "{key}");
        }
        assert_eq!(data_center(&format!("x-{}", "u".repeat(64))), None);
    }

    #[test]
    fn root_is_the_host_of_the_data_center() {
        let root = root("0123456789abcdef-us6").unwrap();
        assert_eq!(root.as_str(), "https://us6.api.mailchimp.com/3.0");
    }

    #[test]
    fn key_is_the_password_of_any_user() {
        let (_, header) = authorization(&"key-us6".to_owned().into()).unwrap();
        // `printf any:key-us6 | base64`
        assert_eq!(header, "Basic YW55OmtleS11czY=");
        assert!(header.is_sensitive());
    }

    proptest! {
        #[test]
        fn no_key_chooses_another_host(key in ".*") {
            let host = root(&key).map(|root| root.join("lists").host_str().unwrap_or_default().to_owned());
            prop_assert!(host.is_none_or(|host| host.ends_with(".api.mailchimp.com")));
        }
    }
}
