//! Secrets in moto's Secrets Manager.

use aws_sdk_secretsmanager::Client;
use secrecy::ExposeSecret;
use shared::secrets::{AwsSecrets, SecretError, SecretStore, Stage};

use super::{MOTO, name, ours, sdk};

/// Makes a secret and gives it further values; its name.
async fn secret(value: &str, further: &[&str]) -> String {
    let (client, name) = (Client::new(&sdk(&MOTO.url())), name());
    client.create_secret().name(&name).secret_string(value).send().await.unwrap();
    for value in further {
        client.put_secret_value().secret_id(&name).secret_string(*value).send().await.unwrap();
    }
    name
}

async fn fetch(id: &str, stage: Stage) -> Option<String> {
    let secret = AwsSecrets::new(&ours()).fetch(id, stage).await.unwrap();
    secret.map(|secret| secret.expose_secret().to_owned())
}

#[tokio::test]
async fn rotated_secret_has_a_current_and_a_previous_version() {
    let id = secret("one", &["two", r#"{"api_key":"drei \u00fc"}"#]).await;
    assert_eq!(fetch(&id, Stage::Current).await.unwrap(), r#"{"api_key":"drei \u00fc"}"#);
    assert_eq!(fetch(&id, Stage::Previous).await.unwrap(), "two");
}

#[tokio::test]
async fn new_secret_has_no_previous_version() {
    let id = secret("one", &[]).await;
    assert_eq!(fetch(&id, Stage::Current).await.unwrap(), "one");
    assert_eq!(fetch(&id, Stage::Previous).await, None);
}

#[tokio::test]
async fn missing_secret_is_reported_by_name() {
    let refused = AwsSecrets::new(&ours()).fetch("not-there", Stage::Current).await;
    let Err(SecretError::Refused(name)) = refused else { panic!("{refused:?}") };
    assert_eq!(name, "ResourceNotFoundException");
}

#[tokio::test]
async fn deleted_secret_is_reported_by_name() {
    let id = secret("one", &[]).await;
    Client::new(&sdk(&MOTO.url())).delete_secret().secret_id(&id).send().await.unwrap();
    let refused = AwsSecrets::new(&ours()).fetch(&id, Stage::Current).await;
    let Err(SecretError::Refused(name)) = refused else { panic!("{refused:?}") };
    assert_eq!(name, "InvalidRequestException");
}
