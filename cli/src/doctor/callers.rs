//! The credentials of the callers, Ory and Mailchimp.

use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use time::OffsetDateTime;

use super::{
    CheckResult, Reach,
    function::Credentials,
    keys::{self, Slot},
    stack::Stack,
};

const DEFAULT_API_KEY_NAME: &str = "Authorization";
const UNUSABLE: &str = "no usable key";

/// Credentials, or why there are none.
type Presented = Result<Credentials, &'static str>;

/// What Ory presents: its API key.
pub(super) async fn of_ory(stack: &Stack, reach: &Reach) -> (Option<SecretString>, CheckResult) {
    let slot = Slot {
        check: "Ory webhook key: secret",
        output: "OryWebhookSecretId",
        id: stack.ory_webhook_secret_id.as_deref(),
        field: "api_key",
    };
    keys::caller(reach, &slot).await
}

/// The same, in the form of the function's setting.
pub(super) fn in_header(stack: &Stack, key: Option<&SecretString>) -> Presented {
    let name = stack.webhook_api_key_name.as_deref().unwrap_or(DEFAULT_API_KEY_NAME);
    let name =
        HeaderName::try_from(name).map_err(|_| "WebhookApiKeyName is not a valid header name")?;
    let value = sensitive(key.ok_or(UNUSABLE)?.expose_secret())?;
    Ok(Credentials { query: None, headers: HeaderMap::from_iter([(name, value)]) })
}

/// What Mailchimp presents: a secret in the query, and a signature if one is required.
pub(super) async fn of_mailchimp(stack: &Stack, reach: &Reach) -> (Presented, Vec<CheckResult>) {
    let slot = Slot {
        check: "Mailchimp webhook key: secret",
        output: "MailchimpWebhookSecretId",
        id: stack.mailchimp_webhook_secret_id.as_deref(),
        field: "secret",
    };
    let signing = Slot {
        check: "Mailchimp signing key: secret",
        output: "MailchimpSigningSecretId",
        id: stack.mailchimp_signing_secret_id.as_deref(),
        field: "signing_secret",
    };
    let (key, finding) = keys::caller(reach, &slot).await;
    let query = key.map(|key| ("secret", key.expose_secret().to_owned()));
    if signing.id.is_none() {
        let presented = query.ok_or(UNUSABLE);
        let presented =
            presented.map(|query| Credentials { query: Some(query), headers: HeaderMap::new() });
        return (presented, vec![finding]);
    }
    let (signing_key, signing_finding) = keys::caller(reach, &signing).await;
    let presented = match (query, signing_key) {
        (Some(query), Some(key)) => signature(&key, OffsetDateTime::now_utc())
            .map(|headers| Credentials { query: Some(query), headers }),
        _ => Err(UNUSABLE),
    };
    (presented, vec![finding, signing_finding])
}

/// `X-Mailchimp-Signature` over an empty body.
fn signature(key: &SecretString, now: OffsetDateTime) -> Result<HeaderMap, &'static str> {
    let mac = Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes());
    let time = now.unix_timestamp();
    let tag = mac.map_err(|_| UNUSABLE)?.chain_update(format!("{time}.")).finalize();
    let value = sensitive(&format!("t={time},v1={}", hex::encode(tag.into_bytes())))?;
    Ok(HeaderMap::from_iter([(HeaderName::from_static("x-mailchimp-signature"), value)]))
}

fn sensitive(text: &str) -> Result<HeaderValue, &'static str> {
    let value = HeaderValue::try_from(text);
    let mut value = value.map_err(|_| "the key has characters that are not allowed in a header")?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{Method, Request};
    use shared::{
        aws::Aws, config::Environment, function::Invocation, http::Client, key::FunctionArn,
        lambda::LAMBDA_TIMEOUT, settings::Ports, telemetry::Sink,
    };

    use super::*;
    use fakes::{FakeSecretsManager, function_url_event};

    /// The answer of mailchimp-inbound to an empty call signed with this key.
    async fn answered(key: &str) -> i64 {
        let secrets = FakeSecretsManager::start(0).await.unwrap();
        secrets.put("caller", "a-caller-s-secret");
        secrets.put("signing", "a-signing-secret");
        let env = Environment::of([
            ("WEBHOOK_SECRET_ID", "caller"),
            ("MAILCHIMP_SIGNING_SECRET_ID", "signing"),
        ]);
        let client = Client::new().unwrap();
        let ports = Ports::on_aws(&Aws::at(&secrets.url(), &client), client, Sink::Nowhere);
        let function = mailchimp_inbound::build(&env, &ports).unwrap();
        let now = OffsetDateTime::now_utc();
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = "/?secret=a-caller-s-secret".parse().unwrap();
        *request.headers_mut() = signature(&key.to_owned().into(), now).unwrap();
        let invocation = Invocation { arn: FunctionArn::new("arn"), ends: now + LAMBDA_TIMEOUT };
        function
            .accept(function_url_event(request).into(), &invocation)
            .await
            .into_lambda()
            .status_code
    }

    #[tokio::test]
    async fn empty_call_is_signed_like_mailchimp() {
        assert_eq!(answered("a-signing-secret").await, 400);
        assert_eq!(answered("another-signing-secret").await, 401);
    }

    #[test]
    fn key_header_redacts_its_value() {
        let key = "canary".to_owned().into();
        let presented = in_header(&Stack::default(), Some(&key)).ok().unwrap();
        assert_eq!(presented.headers["authorization"], "canary");
        assert!(!format!("{:?}", presented.headers).contains("canary"));
        assert_eq!(in_header(&Stack::default(), None).err(), Some(UNUSABLE));
        let torn = "canary\n".to_owned().into();
        let why = in_header(&Stack::default(), Some(&torn)).err().unwrap();
        assert!(!why.contains("canary"), "{why}");
    }
}
