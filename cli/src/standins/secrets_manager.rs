//! AWS Secrets Manager, as far as `GetSecretValue`.

use std::{collections::HashMap, io, time::Duration};

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use super::Shared;
use crate::server::{Reply, Server};

#[derive(Default)]
struct State {
    secrets: HashMap<String, Versions>,
    down: bool,
    delay: Duration,
    fetches: usize,
}

#[derive(Default)]
struct Versions {
    current: String,
    previous: Option<String>,
}

/// A stand-in for Secrets Manager.
pub struct SecretsManager {
    state: Shared<State>,
    server: Server,
}

impl SecretsManager {
    /// Starts it on `port`, 0 for any; it is empty.
    pub async fn start(port: u16) -> io::Result<Self> {
        let state = Shared::<State>::default();
        let shared = state.clone();
        let server = Server::start(port, move |request| {
            let mut state = shared.lock();
            let reply = Reply::After(state.delay, Box::new(answer(&mut state, &request)));
            drop(state);
            async move { reply }
        });
        Ok(Self { state, server: server.await? })
    }

    /// Its endpoint, for `AWS_ENDPOINT_URL`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Gives a secret a new current version; what was current becomes the previous one.
    pub fn put(&self, id: &str, value: &str) {
        let mut state = self.state.lock();
        let versions = state.secrets.entry(id.to_owned()).or_default();
        let before = std::mem::replace(&mut versions.current, value.to_owned());
        versions.previous = (!before.is_empty()).then_some(before);
    }

    /// Lets every call fail with a 500, or ends that.
    pub fn set_down(&self, down: bool) {
        self.state.lock().down = down;
    }

    /// Lets every answer come so late.
    pub fn set_delay(&self, delay: Duration) {
        self.state.lock().delay = delay;
    }

    /// How often a current version was asked for.
    pub fn fetches(&self) -> usize {
        self.state.lock().fetches
    }
}

fn answer(state: &mut State, request: &Request<Bytes>) -> Reply {
    let target = request.headers().get("x-amz-target").and_then(|value| value.to_str().ok());
    let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    let (Some("secretsmanager.GetSecretValue"), Some(id)) = (target, body["SecretId"].as_str())
    else {
        return failure(400, "InvalidRequestException");
    };
    let label = body["VersionStage"].as_str().unwrap_or("AWSCURRENT");
    if label == "AWSCURRENT" {
        state.fetches += 1;
    }
    if state.down {
        return failure(500, "InternalServiceError");
    }
    let value = state.secrets.get(id).and_then(|versions| match label {
        "AWSPREVIOUS" => versions.previous.clone(),
        _ => Some(versions.current.clone()),
    });
    match value {
        Some(value) => Reply::json(
            200,
            &json!({
                "ARN": format!("arn:aws:secretsmanager:us-east-1:000000000000:secret:{id}"),
                "Name": id,
                "VersionId": "00000000-0000-0000-0000-000000000001",
                "VersionStages": [label],
                "SecretString": value,
                "CreatedDate": 1_700_000_000,
            }),
        ),
        None => failure(400, "ResourceNotFoundException"),
    }
}

fn failure(status: u16, kind: &str) -> Reply {
    Reply::json(status, &json!({"__type": kind, "Message": kind}))
}
