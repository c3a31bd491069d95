//! The secret with the key by which Mandrill signs.

use std::time::Duration;

use aws_sdk_secretsmanager::{Client, config::Builder};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use shared::{
    aws::Aws,
    http,
    secrets::{AwsSecrets, SecretStore, Stage, field},
};

use super::FIELD;
use crate::aws::{self, CallError, failed, within};

const OPERATION: Duration = Duration::from_secs(10);

/// A secret, read and written with the credentials of whoever runs the command.
pub(super) struct Secret<'a> {
    aws: Aws,
    id: &'a str,
}

impl<'a> Secret<'a> {
    /// The secret with this name or ARN.
    pub(super) async fn at(id: &'a str, client: &http::Client) -> Self {
        Self {
            aws: Aws::at_hand(aws::region(id), client).await.with_timeouts(within(OPERATION)),
            id,
        }
    }

    /// The key in its current version, if it has one.
    pub(super) async fn key(&self) -> Result<Option<SecretString>, shared::secrets::SecretError> {
        let current = AwsSecrets::new(&self.aws).fetch(self.id, Stage::Current).await?;
        Ok(current.and_then(|secret| field(&secret, FIELD)))
    }

    /// Gives it a new version with this key. The one before is accepted, too.
    pub(super) async fn put(&self, key: &SecretString) -> Result<(), CallError> {
        let config = Builder::from(self.aws.sdk()).build();
        let text = json!({FIELD: key.expose_secret()}).to_string();
        let put =
            Client::from_conf(config).put_secret_value().secret_id(self.id).secret_string(text);
        put.send().await.map(drop).map_err(failed("PutSecretValue"))
    }
}
