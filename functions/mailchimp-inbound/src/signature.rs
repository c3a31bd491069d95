//! `X-Mailchimp-Signature`: `t=<unix seconds>,v1=<hex>`, where v1 is the HMAC-SHA256 of
//! `{t}.{body}` over the raw bytes of the body.
//! <https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/>

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use shared::{
    answer::{ErrorResponse, RequestError},
    auth::SigningSecret,
    clock::SharedClock,
    telemetry::Metric,
};
use time::{Duration, OffsetDateTime};

/// The header.
pub(crate) const HEADER: &str = "x-mailchimp-signature";

/// How far the time of a signature may be from ours, either way, as Mailchimp recommends.
const TOLERANCE: Duration = Duration::seconds(300);

/// An invalid signature.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SignatureError {
    /// Missing, or not made with this secret.
    #[error("the signature is missing or wrong")]
    Mismatch,
    /// Valid, but of another time: a replay, or a wrong clock.
    #[error("the signature is too old, or in the future")]
    Stale,
}

/// A parsed signature header.
struct Signature<'a> {
    /// As written, since it is signed in that form.
    time: &'a str,
    tags: Vec<[u8; 32]>,
}

impl<'a> Signature<'a> {
    /// There may be several `v1` while Mailchimp changes its secret. Other parts are ignored.
    fn read(header: &'a str) -> Option<Self> {
        let pairs = || header.split(',').filter_map(|pair| pair.trim().split_once('='));
        let mut times = pairs().filter(|(name, _)| *name == "t").map(|(_, time)| time);
        let (Some(time), None) = (times.next(), times.next()) else { return None };
        let is_number = !time.is_empty() && time.bytes().all(|byte| byte.is_ascii_digit());
        let tag = |hexed: &str| <[u8; 32]>::try_from(hex::decode(hexed).ok()?).ok();
        let tags = pairs().filter(|(name, _)| *name == "v1").filter_map(|(_, hexed)| tag(hexed));
        is_number.then(|| Self { time, tags: tags.collect() })
    }

    fn is_made_by(&self, secret: &str, body: &[u8]) -> bool {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
        mac.update(self.time.as_bytes());
        mac.update(b".");
        mac.update(body);
        // Each comparison takes the same time, and all are made.
        self.tags.iter().fold(false, |found, tag| found | mac.clone().verify_slice(tag).is_ok())
    }

    fn is_of_about(&self, now: OffsetDateTime) -> bool {
        let signed = self.time.parse().ok().map(OffsetDateTime::from_unix_timestamp);
        matches!(signed, Some(Ok(signed)) if (now - signed).abs() <= TOLERANCE)
    }
}

/// Whether one of the secrets made the header for this body, at about this time.
///
/// Why it is invalid.
/// Why it does not hold.
pub fn verify<'a>(
    header: Option<&str>,
    body: &[u8],
    secrets: impl IntoIterator<Item = &'a str>,
    now: OffsetDateTime,
) -> Result<(), SignatureError> {
    let signature = header.and_then(Signature::read).ok_or(SignatureError::Mismatch)?;
    let is_made = |secret| signature.is_made_by(secret, body);
    if !secrets.into_iter().fold(false, |found, secret| found | is_made(secret)) {
        Err(SignatureError::Mismatch)
    } else if signature.is_of_about(now) {
        Ok(())
    } else {
        Err(SignatureError::Stale)
    }
}

/// Checks the signatures of callers, with both versions of the secret.
pub(crate) struct Signatures {
    pub(crate) secret: SigningSecret,
    pub(crate) clock: SharedClock,
}

impl Signatures {
    /// Lets a signed request pass. On a mismatch, checks whether the secret was rotated just now.
    ///
    /// # Errors
    /// Why it is rejected.
    pub(crate) async fn check(
        &self,
        header: Option<&str>,
        body: &[u8],
    ) -> Result<(), RequestError> {
        let now = self.clock.now();
        let holds = |versions: &[SecretString]| {
            verify(header, body, versions.iter().map(ExposeSecret::expose_secret), now)
        };
        let held = match holds(&self.secret.versions().await?) {
            Err(SignatureError::Mismatch) => holds(&self.secret.versions_after_mismatch().await?),
            held => held,
        };
        held.map_err(RequestError::from)
    }
}

impl From<SignatureError> for RequestError {
    fn from(error: SignatureError) -> Self {
        let refused = Self::new(ErrorResponse::Unauthenticated, &error);
        match error {
            SignatureError::Mismatch => refused,
            SignatureError::Stale => Self { counts: Some(Metric::StaleSignature), ..refused },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "test-signing-secret";
    const UPEMAIL: &str = "type=upemail&fired_at=2009-03-26+22%3A15%3A09&data%5Blist_id%5D=a6b5da1054&data%5Bnew_id%5D=51da8c3259&data%5Bnew_email%5D=api%2Bnew%40mailchimp.com&data%5Bold_email%5D=api%2Bold%40mailchimp.com";
    const OF_UPEMAIL: &str = "4616a4ec946e84fbfbc18cd54bd3e168e27169fda38cc360befeb2d6eded8aba";
    const OF_NOTHING: &str = "e397022ce129fabdd8ba98895d8b079ef214a93e57e13f60e9713db6fe18441d";
    const SIGNED: i64 = 1_718_000_000;

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(SIGNED + seconds).unwrap()
    }

    fn check(header: &str, body: &str, secrets: &[&str]) -> Result<(), SignatureError> {
        verify(Some(header), body.as_bytes(), secrets.iter().copied(), at(0))
    }

    fn header(tag: &str) -> String {
        format!("t={SIGNED},v1={tag}")
    }

    #[test]
    fn known_signature_vectors_match() {
        assert_eq!(check(&header(OF_UPEMAIL), UPEMAIL, &[SECRET]), Ok(()));
        assert_eq!(check(&header(OF_NOTHING), "", &[SECRET]), Ok(()));
        assert_eq!(check(&header(OF_NOTHING), UPEMAIL, &[SECRET]), Err(SignatureError::Mismatch));
    }

    #[test]
    fn one_valid_signature_for_one_secret_is_enough() {
        let wrong = "0".repeat(64);
        let several = format!("t={SIGNED},v1={wrong},v1={OF_UPEMAIL}");
        assert_eq!(check(&several, UPEMAIL, &[SECRET]), Ok(()));
        assert_eq!(check(&several, UPEMAIL, &["another", SECRET]), Ok(()));
        assert_eq!(check(&several, UPEMAIL, &[SECRET, "another"]), Ok(()));
        assert_eq!(check(&several, UPEMAIL, &["another"]), Err(SignatureError::Mismatch));
        assert_eq!(check(&several, UPEMAIL, &[]), Err(SignatureError::Mismatch));
        let spaced = format!("v0=x, v1={OF_UPEMAIL} , t={SIGNED}");
        assert_eq!(check(&spaced, UPEMAIL, &[SECRET]), Ok(()));
    }

    #[test]
    fn invalid_signature_is_a_mismatch() {
        let headers = [
            String::new(),
            "t=".to_owned(),
            format!("v1={OF_UPEMAIL}"),
            format!("t={SIGNED}"),
            format!("t=-{SIGNED},v1={OF_UPEMAIL}"),
            format!("t=+{SIGNED},v1={OF_UPEMAIL}"),
            format!("t={SIGNED},t={SIGNED},v1={OF_UPEMAIL}"),
            format!("t={SIGNED},v2={OF_UPEMAIL}"),
            format!("t={SIGNED},v1={}", &OF_UPEMAIL[..62]),
            format!("t={SIGNED},v1={OF_UPEMAIL}00"),
            format!("t=0{SIGNED},v1={OF_UPEMAIL}"),
        ];
        for header in headers {
            assert_eq!(
                check(&header, UPEMAIL, &[SECRET]),
                Err(SignatureError::Mismatch),
                "{header}"
            );
        }
        let missing = verify(None, UPEMAIL.as_bytes(), [SECRET], at(0));
        assert_eq!(missing, Err(SignatureError::Mismatch));
    }

    #[test]
    fn signature_time_tolerance_is_three_hundred_seconds() {
        let table = [(0, true), (300, true), (301, false), (-300, true), (-301, false)];
        for (seconds, holds) in table {
            let checked =
                verify(Some(&header(OF_UPEMAIL)), UPEMAIL.as_bytes(), [SECRET], at(seconds));
            let expected = if holds { Ok(()) } else { Err(SignatureError::Stale) };
            assert_eq!(checked, expected, "{seconds}");
        }
        let stale_and_wrong = verify(Some(&header(OF_UPEMAIL)), b"", [SECRET], at(999));
        assert_eq!(stale_and_wrong, Err(SignatureError::Mismatch), "reveals nothing");
    }

    proptest! {
        #[test]
        fn other_headers_and_bodies_are_rejected(header in ".*", body in ".*") {
            prop_assert!(check(&header, &body, &[SECRET]).is_err());
        }
    }
}
