//! The secret store over AWS Secrets Manager.
//!
//! AWS' own caching crate asks `DescribeSecret` once its time has run out, which the usual policy
//! (`GetSecretValue` only) denies: it would work for a minute and then fail. Hence a cache of our own
//! in front of this.

use async_trait::async_trait;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{SecretError, SecretStore, Stage};
use crate::aws::{Aws, CallError, Service, SignedCalls};

/// The action that a function's policy must allow, on each of its secrets.
pub const ACTION: &str = "secretsmanager:GetSecretValue";

/// AWS Secrets Manager.
pub struct AwsSecrets(SignedCalls);

impl AwsSecrets {
    /// The Secrets Manager of `aws`.
    pub fn new(aws: &Aws) -> Self {
        Self(aws.signed_calls(&Service::SECRETS_MANAGER, None))
    }
}

#[async_trait]
impl SecretStore for AwsSecrets {
    async fn fetch(&self, id: &str, stage: Stage) -> Result<Option<SecretString>, SecretError> {
        let version_stage = match stage {
            Stage::Current => "AWSCURRENT",
            Stage::Previous => "AWSPREVIOUS",
        };
        let input = GetSecretValue { secret_id: id, version_stage };
        match self.0.call::<SecretValue>("GetSecretValue", &input).await {
            Ok(value) => Ok(value.secret_string.map(SecretString::from)),
            Err(error) if stage == Stage::Previous && is_not_found(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html>
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetSecretValue<'a> {
    secret_id: &'a str,
    version_stage: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SecretValue {
    /// Missing if the value is bytes.
    secret_string: Option<String>,
}

fn is_not_found(error: &CallError) -> bool {
    matches!(error, CallError::Refused(refusal) if refusal.is("ResourceNotFoundException"))
}

/// A 4xx other than throttling is a definite refusal; any other failure may pass.
impl From<CallError> for SecretError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refused(refusal) if refusal.is_definite() => {
                Self::Refused(refusal.name().to_owned())
            }
            passing => Self::Unreachable(passing.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;
    use crate::{http, telemetry::chain};

    /// A Secrets Manager that answers every call with this.
    async fn answering(status: &'static str, body: &'static str) -> AwsSecrets {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let length = body.len();
                let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        AwsSecrets::new(&Aws::at(&url, &http::Client::new().unwrap()))
    }

    #[tokio::test]
    async fn unreadable_secrets_manager_response_is_redacted() {
        let answers = [
            ("200 OK", r#"{"SecretString":"hunter2-hunter2","#),
            ("200 OK", r#"{"SecretString":"hunter2-hunter2\ud800"}"#),
            ("200 OK", r#"{"SecretString":["hunter2-hunter2"]}"#),
            ("500 hunter2", r#"{"__type":"InternalServiceError","message":"hunter2-hunter2"}"#),
            ("500 hunter2", r#"{"__type":"the name: hunter2","message":"hunter2-hunter2"}"#),
            ("400 hunter2", r#"{"__type":"ThrottlingException","message":"hunter2-hunter2"}"#),
            ("400 hunter2", r#"{"__type":"DecryptionFailure","message":"hunter2-hunter2"}"#),
            ("400 hunter2", r#"{"__type":"the name: hunter2","message":"hunter2-hunter2"}"#),
        ];
        for (status, body) in answers {
            let store = answering(status, body).await;
            let error = store.fetch("s", Stage::Current).await.unwrap_err();
            let shown = format!("{error:?} {}", chain(&error));
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }

    #[tokio::test]
    async fn refusal_is_told_from_a_failure_that_may_pass() {
        for (status, body, refused) in [
            (
                "400 Bad Request",
                r#"{"__type":"AccessDeniedException"}"#,
                Some("AccessDeniedException"),
            ),
            ("400 Bad Request", r#"{"__type":"DecryptionFailure"}"#, Some("DecryptionFailure")),
            (
                "400 Bad Request",
                r#"{"__type":"ResourceNotFoundException"}"#,
                Some("ResourceNotFoundException"),
            ),
            ("403 Forbidden", "<html>", Some("unnamed")),
            ("400 Bad Request", r#"{"__type":"ThrottlingException"}"#, None),
            ("429 Too Many Requests", "", None),
            ("500 Internal Server Error", r#"{"__type":"InternalServiceError"}"#, None),
            ("307 Temporary Redirect", "", None),
            ("200 OK", "<html>", None),
        ] {
            let error = answering(status, body).await.fetch("s", Stage::Current).await.unwrap_err();
            match (&error, refused) {
                (SecretError::Refused(name), Some(expected)) => assert_eq!(name, expected),
                (SecretError::Unreachable(_), None) => {}
                _ => panic!("{status} {body}: {error:?}"),
            }
        }
    }

    #[tokio::test]
    async fn secret_of_bytes_has_no_text_and_one_without_a_previous_version_is_no_error() {
        let bytes = answering("200 OK", r#"{"Name":"s","SecretBinary":"aHVudGVyMg=="}"#).await;
        assert!(bytes.fetch("s", Stage::Current).await.unwrap().is_none());
        let missing =
            answering("400 Bad Request", r#"{"__type":"ResourceNotFoundException"}"#).await;
        assert!(missing.fetch("s", Stage::Previous).await.unwrap().is_none());
    }
}
