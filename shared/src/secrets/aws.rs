//! The secret store over AWS Secrets Manager.
//!
//! AWS' own caching crate asks `DescribeSecret` once its time has run out, which the usual policy
//! (`GetSecretValue` only) denies: it would work for a minute and then fail. Hence the SDK itself,
//! behind our cache.

use async_trait::async_trait;
use aws_sdk_secretsmanager::{
    Client, error::SdkError, operation::get_secret_value::GetSecretValueError,
};
use secrecy::SecretString;

use super::{SecretError, SecretStore, Stage};
use crate::aws::{self, Aws};

/// The action that a function's policy must allow, on each of its secrets.
pub const ACTION: &str = "secretsmanager:GetSecretValue";

/// AWS Secrets Manager.
pub struct AwsSecrets(Client);

impl AwsSecrets {
    /// The Secrets Manager of `aws`.
    pub fn new(aws: &Aws) -> Self {
        Self(Client::new(aws.sdk()))
    }
}

#[async_trait]
impl SecretStore for AwsSecrets {
    async fn fetch(&self, id: &str, stage: Stage) -> Result<Option<SecretString>, SecretError> {
        let label = match stage {
            Stage::Current => "AWSCURRENT",
            Stage::Previous => "AWSPREVIOUS",
        };
        match self.0.get_secret_value().secret_id(id).version_stage(label).send().await {
            Ok(answer) => Ok(answer.secret_string.map(SecretString::from)),
            Err(error) if stage == Stage::Previous && is_not_found(&error) => Ok(None),
            Err(error) => Err(secret_error(&error)),
        }
    }
}

type Failure = SdkError<GetSecretValueError>;

fn is_not_found(error: &Failure) -> bool {
    error.as_service_error().is_some_and(GetSecretValueError::is_resource_not_found_exception)
}

/// A 4xx other than throttling is a definite refusal; any other failure may pass.
fn secret_error(error: &Failure) -> SecretError {
    let answered = error.raw_response().map(|response| response.status().as_u16());
    let name = aws::name(error);
    let throttled = name.contains("Throttling") || name.contains("TooManyRequests");
    match answered {
        Some(400..=499) if !throttled => SecretError::Refused(name.to_owned()),
        _ => SecretError::Unreachable(aws::cause(error)),
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
}
