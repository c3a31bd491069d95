//! The signature of Standard Webhooks, for an endpoint of one's own.
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use std::ops::RangeInclusive;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use time::OffsetDateTime;

use crate::auth::SecretFault;

/// What keys begin with, so that people recognize one.
const PREFIX: &str = "whsec_";

/// The sizes of a key, in bytes. The specification asks for 24 at least where one is made; shorter ones
/// are in use.
const KEY_BYTES: RangeInclusive<usize> = 16..=64;

/// Adds the three headers for a body.
///
/// # Errors
/// The secret is no key.
pub(crate) fn sign(
    headers: &mut HeaderMap,
    signing_key: &SecretString,
    id: &str,
    at: OffsetDateTime,
    body: &str,
) -> Result<(), SecretFault> {
    let key = key(signing_key.expose_secret())?;
    let at = at.unix_timestamp();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| SecretFault::NoSigningKey)?;
    mac.update(format!("{id}.{at}.{body}").as_bytes());
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    let text = |text: &str| HeaderValue::try_from(text).map_err(|_| SecretFault::NoHeader);
    headers.insert("webhook-id", text(id)?);
    headers.insert("webhook-timestamp", HeaderValue::from(at));
    headers.insert("webhook-signature", text(&signature)?);
    Ok(())
}

/// Checks that a body could be signed with this.
///
/// # Errors
/// The secret is no key.
pub(crate) fn check(signing_key: &SecretString) -> Result<(), SecretFault> {
    key(signing_key.expose_secret()).map(drop)
}

fn key(text: &str) -> Result<Vec<u8>, SecretFault> {
    let encoded = text.strip_prefix(PREFIX).unwrap_or(text);
    let key = STANDARD.decode(encoded).map_err(|_| SecretFault::NoSigningKey)?;
    if KEY_BYTES.contains(&key.len()) { Ok(key) } else { Err(SecretFault::NoSigningKey) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(key: &str, id: &str, at: i64, body: &str) -> Result<HeaderMap, SecretFault> {
        let mut headers = HeaderMap::new();
        let at = OffsetDateTime::from_unix_timestamp(at).unwrap();
        sign(&mut headers, &key.to_owned().into(), id, at, body).map(|()| headers)
    }

    /// Published examples: of the specification's libraries, and of Svix' documentation.
    #[test]
    fn signature_is_that_of_standard_webhooks() {
        let table = [
            (
                "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
                "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
                1_649_367_553,
                r#"{"email":"test@example.com","username":"test_user"}"#,
                "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
            ),
            (
                "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                r#"{"test": 2432232314}"#,
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ),
            (
                "whsec_plJ3nmyCDGBKInavdOK15jsl",
                "msg_loFOjxBNrRLzqYUf",
                1_731_705_121,
                r#"{"event_type":"ping","data":{"success":true}}"#,
                "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
            ),
        ];
        for (key, id, at, body, signature) in table {
            let headers = signed(key, id, at, body).unwrap();
            assert_eq!(headers["webhook-signature"], signature);
            assert_eq!(headers["webhook-id"], id);
            assert_eq!(headers["webhook-timestamp"], at.to_string());
            let bare = signed(key.trim_start_matches("whsec_"), id, at, body).unwrap();
            assert_eq!(bare["webhook-signature"], signature);
        }
    }

    #[test]
    fn secret_that_is_no_key_is_refused() {
        for key in ["", "whsec_", "whsec_c2hvcnQ=", "a-password-of-the-endpoint", "whsec_%%%"] {
            assert_eq!(signed(key, "id", 0, "").err(), Some(SecretFault::NoSigningKey), "{key}");
        }
    }
}
