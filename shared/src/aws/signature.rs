//! Signature Version 4 of a request.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>

use std::time::SystemTime;

use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningParams, SigningSettings},
    sign::v4,
};
use aws_smithy_runtime_api::client::identity::Identity;
use http::{HeaderName, HeaderValue};

use crate::http::{Cause, Request};

/// What a signature is for.
pub(super) struct Scope<'a> {
    /// The credentials.
    pub(super) identity: &'a Identity,
    /// The region.
    pub(super) region: &'a str,
    /// The service's name.
    pub(super) service: &'a str,
    /// The time. AWS refuses one that is off by minutes; the clock of Lambda is right.
    pub(super) time: SystemTime,
}

/// Adds the headers with the signature to the request.
///
/// # Errors
/// A part of the request cannot be signed.
pub(super) fn sign(request: &mut Request, scope: &Scope<'_>) -> Result<(), Cause> {
    let params: SigningParams<'_> = v4::SigningParams::builder()
        .identity(scope.identity)
        .region(scope.region)
        .name(scope.service)
        .time(scope.time)
        .settings(SigningSettings::default())
        .build()?
        .into();
    let headers = request.headers.iter();
    let headers = headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let body = SignableBody::Bytes(&request.body);
    let signable =
        SignableRequest::new(request.method.as_str(), request.url.as_str(), headers, body)?;
    let (instructions, _) = aws_sigv4::http_request::sign(signable, &params)?.into_parts();
    let (added, _) = instructions.into_parts();
    for header in added {
        let mut value = HeaderValue::from_str(header.value())?;
        value.set_sensitive(true);
        request.headers.insert(HeaderName::from_static(header.name()), value);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aws_credential_types::Credentials;
    use http::{HeaderMap, Method};
    use time::macros::datetime;

    use super::*;

    /// AWS' own example, `post-vanilla` and `post-x-www-form-urlencoded` of its test suite, with and
    /// without what the example adds for S3.
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-test-suite.html>
    fn signed(headers: &[(&'static str, &'static str)], body: &'static str) -> HeaderMap {
        let key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let mut request = Request {
            method: Method::POST,
            url: "https://example.amazonaws.com/".parse().unwrap(),
            headers: headers.collect(),
            body: body.into(),
            timeout: Duration::from_secs(1),
        };
        let scope = Scope {
            identity: &Credentials::new("AKIDEXAMPLE", key, None, None, "example").into(),
            region: "us-east-1",
            service: "service",
            time: datetime!(2015-08-30 12:36 UTC).into(),
        };
        sign(&mut request, &scope).unwrap();
        request.headers
    }

    fn signature(headers: &HeaderMap) -> &str {
        headers["authorization"].to_str().unwrap().rsplit_once("Signature=").unwrap().1
    }

    #[test]
    fn signature_is_the_one_that_aws_publishes() {
        let headers = signed(&[], "");
        assert_eq!(headers["x-amz-date"], "20150830T123600Z");
        assert_eq!(
            headers["authorization"],
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=host;x-amz-date, \
             Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
        );
        let form = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("content-length", "13"),
            (
                "x-amz-content-sha256",
                "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e",
            ),
        ];
        assert_eq!(
            signature(&signed(&form, "Param1=value1")),
            "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"
        );
    }

    #[test]
    fn signature_is_of_the_body_and_not_shown() {
        let [one, other] = ["one", "other"].map(|body| signed(&[], body));
        assert_ne!(signature(&one), signature(&other));
        assert!(!format!("{one:?}").contains(signature(&one)));
    }
}
