//! `X-Mandrill-Signature`: the HMAC-SHA1, in base64, of the webhook's URL and of the names and values of
//! all fields, sorted by name.
//! <https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/#authenticating-webhook-requests>

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha1::Sha1;
use shared::{
    answer::{ErrorResponse, RequestError},
    auth::{AuthError, SigningSecret},
};

use crate::form::Form;

/// The header.
pub(crate) const HEADER: &str = "x-mandrill-signature";

/// Whether one of the keys made the header for this form, sent to `url`. The comparison takes the same
/// time for each signature of the right length.
pub fn holds<'a>(
    header: Option<&str>,
    url: &str,
    form: &Form,
    keys: impl IntoIterator<Item = &'a str>,
) -> bool {
    let Some(presented) = header.and_then(|header| STANDARD.decode(header.trim()).ok()) else {
        return false;
    };
    let fields = form.sorted();
    let is_made_by = |key: &str| {
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key.as_bytes()) else { return false };
        mac.update(url.as_bytes());
        for (name, value) in &fields {
            mac.update(name);
            mac.update(value);
        }
        mac.verify_slice(&presented).is_ok()
    };
    keys.into_iter().fold(false, |found, key| found | is_made_by(key))
}

/// What Mandrill signs is not known.
#[derive(Debug, thiserror::Error)]
#[error("MANDRILL_WEBHOOK_URL is a placeholder")]
struct UrlUnknown;

/// Checks the signatures of callers, with both versions of the key.
pub(crate) struct Signatures {
    /// The URL as it was entered at Mandrill; `None`: that has not happened yet.
    pub(crate) url: Option<String>,
    pub(crate) secret: SigningSecret,
}

impl Signatures {
    /// Lets a signed form pass. On a mismatch, checks whether the key was reset just now.
    ///
    /// # Errors
    /// Why it is refused.
    pub(crate) async fn check(
        &self,
        header: Option<&str>,
        form: &Form,
    ) -> Result<(), RequestError> {
        let unknown = || RequestError::new(ErrorResponse::SecretUnknown, &UrlUnknown);
        let url = self.url.as_deref().ok_or_else(unknown)?;
        let holds = |versions: &[SecretString]| {
            holds(header, url, form, versions.iter().map(ExposeSecret::expose_secret))
        };
        let is_signed = holds(&self.secret.versions().await?)
            || holds(&self.secret.versions_after_mismatch().await?);
        if is_signed { Ok(()) } else { Err(AuthError::Mismatch.into()) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "k3y-of-the-webhook";
    const URL: &str = "https://abc.lambda-url.eu-central-1.on.aws/?secret=s3cret";
    const BOUNCE: &str = r#"[{"event":"hard_bounce","_id":"7761629","ts":1461095246,"msg":{"email":"bounce@example.com","metadata":{"ory_key":"k"}}}]"#;
    const OF_BOUNCE: &str = "4nbTAFcjF4byl58e0743ISqGw6U=";

    fn body(events: &str) -> String {
        url::form_urlencoded::Serializer::new(String::new())
            .append_pair("mandrill_events", events)
            .finish()
    }

    fn check(header: &str, url: &str, body: &[u8], keys: &[&str]) -> bool {
        holds(Some(header), url, &Form::decode(body).unwrap(), keys.iter().copied())
    }

    #[test]
    fn vectors_hold() {
        assert!(check(OF_BOUNCE, URL, body(BOUNCE).as_bytes(), &[KEY]));
        for (url, header) in [
            (URL, "8BVHU5bckh/LLQDVVMVKHeVBGmQ="),
            ("https://example.com/hook", "q1iFfhUSFU7Unr1lnKqKA1TGkbM="),
        ] {
            assert!(check(header, url, body("[]").as_bytes(), &["test-webhook"]), "{url}");
        }
    }

    #[test]
    fn signature_covers_key_url_and_each_field() {
        let signed = body(BOUNCE);
        assert!(check(OF_BOUNCE, URL, signed.as_bytes(), &["another-key", KEY]));
        assert!(check(OF_BOUNCE, URL, signed.as_bytes(), &[KEY, "another-key"]));
        assert!(!check(OF_BOUNCE, URL, signed.as_bytes(), &["another-key"]));
        assert!(!check(OF_BOUNCE, URL, signed.as_bytes(), &[]));
        for url in [
            "https://abc.lambda-url.eu-central-1.on.aws/",
            "https://abc.lambda-url.eu-central-1.on.aws?secret=s3cret",
            "http://abc.lambda-url.eu-central-1.on.aws/?secret=s3cret",
            "https://ABC.lambda-url.eu-central-1.on.aws/?secret=s3cret",
        ] {
            assert!(!check(OF_BOUNCE, url, signed.as_bytes(), &[KEY]), "{url}");
        }
        for body in [
            body(&BOUNCE.replace("7761629", "7761628")),
            body(&format!("{BOUNCE} ")),
            format!("{signed}&a=b"),
            format!("{signed}&{signed}"),
            String::new(),
        ] {
            assert!(!check(OF_BOUNCE, URL, body.as_bytes(), &[KEY]), "{body}");
        }
    }

    #[test]
    fn malformed_header_does_not_hold() {
        let form = Form::decode(body(BOUNCE).as_bytes()).unwrap();
        assert!(!holds(None, URL, &form, [KEY]));
        for header in ["", "=", "4nbTAFcjF4byl58e0743ISqGw6U", "4nbTAFcjF4by", "ä", "AAAA"] {
            assert!(!holds(Some(header), URL, &form, [KEY]), "{header}");
        }
    }

    /// Computed by OpenSSL 3: `openssl dgst -sha1 -hmac KEY -binary | base64`.
    #[test]
    fn fields_are_signed_sorted_and_as_bytes() {
        let table: [(&[u8], &str); 4] = [
            (b"a=2&B=1", "lpaGp2O4LBXnJ0AUutar4O4WEp8="),
            (b"a=2&z=3&a=1", "SYvy+kvziNtsybwpgoXH+fqBkEs="),
            (b"a=%FF%fe", "jg8HZoqIAQmhZAV5IT+K3GPRIq4="),
            (b"a=+1%2B%C3%A4", "yFWEO4EEtGG9I3dXsiKBjwcYiDY="),
        ];
        for (body, header) in table {
            assert!(check(header, "https://example.com/hook", body, &[KEY]), "{header}");
        }
    }

    proptest! {
        #[test]
        fn no_other_form_has_the_signature(name: Vec<u8>, value: Vec<u8>) {
            let encode = |bytes: &[u8]| {
                percent_encoding::percent_encode(bytes, percent_encoding::NON_ALPHANUMERIC).to_string()
            };
            let other = format!("{}={}", encode(&name), encode(&value));
            prop_assert!(!check(OF_BOUNCE, URL, other.as_bytes(), &[KEY]));
        }
    }
}
