//! AWS Secrets Manager, limited to `GetSecretValue` and `PutSecretValue`.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use crate::aws::{AwsServer, Refusal, Service};

/// The state of Secrets Manager.
#[derive(Default)]
pub struct Secrets {
    stored: HashMap<String, Versions>,
    denied: HashSet<String>,
    fetches: usize,
}

#[derive(Default)]
struct Versions {
    current: String,
    previous: Option<String>,
}

impl Versions {
    fn put(&mut self, value: &str) {
        let before = std::mem::replace(&mut self.current, value.to_owned());
        self.previous = (!before.is_empty()).then_some(before);
    }
}

/// A fake of Secrets Manager.
pub type FakeSecretsManager = AwsServer<Secrets>;

impl FakeSecretsManager {
    /// Adds a new current version to a secret; the current version becomes the previous one.
    pub fn put(&self, id: &str, value: &str) {
        self.with(|state| state.stored.entry(id.to_owned()).or_default().put(value));
    }

    /// The current and the previous version of a secret.
    pub fn versions(&self, id: &str) -> Option<(String, Option<String>)> {
        self.with(|state| {
            let versions = state.stored.get(id);
            versions.map(|versions| (versions.current.clone(), versions.previous.clone()))
        })
    }

    /// Denies access to a secret, as a policy would, or ends that.
    pub fn set_denied(&self, id: &str, denied: bool) {
        self.with(|state| {
            if denied { state.denied.insert(id.to_owned()) } else { state.denied.remove(id) }
        });
    }

    /// How many times a current version was requested while the fake was up.
    pub fn fetches(&self) -> usize {
        self.with(|state| state.fetches)
    }
}

impl Service for Secrets {
    const TARGET: &'static str = "secretsmanager";
    const PROTOCOL: &'static str = "application/x-amz-json-1.1";

    fn perform(&mut self, operation: &str, input: &Value) -> Result<Value, Refusal> {
        let invalid = || refusal("InvalidRequestException");
        let id = input["SecretId"].as_str().ok_or_else(invalid)?;
        match operation {
            "GetSecretValue" => self.get(id, input),
            "PutSecretValue" => self.put(id, input["SecretString"].as_str().ok_or_else(invalid)?),
            _ => Err(invalid()),
        }
    }
}

impl Secrets {
    /// Only a secret that is there gets a new version.
    fn put(&mut self, id: &str, value: &str) -> Result<Value, Refusal> {
        if self.denied.contains(id) {
            return Err(refusal("AccessDeniedException"));
        }
        let versions = self.stored.get_mut(id);
        versions.ok_or_else(|| refusal("ResourceNotFoundException"))?.put(value);
        Ok(json!({"Name": id, "VersionStages": ["AWSCURRENT"]}))
    }

    fn get(&mut self, id: &str, input: &Value) -> Result<Value, Refusal> {
        let label = input["VersionStage"].as_str().unwrap_or("AWSCURRENT");
        if label == "AWSCURRENT" {
            self.fetches += 1;
        }
        if self.denied.contains(id) {
            return Err(refusal("AccessDeniedException"));
        }
        let value = self.stored.get(id).and_then(|versions| match label {
            "AWSPREVIOUS" => versions.previous.clone(),
            _ => Some(versions.current.clone()),
        });
        let value = value.ok_or_else(|| refusal("ResourceNotFoundException"))?;
        Ok(json!({
            "ARN": format!("arn:aws:secretsmanager:us-east-1:000000000000:secret:{id}"),
            "Name": id,
            "VersionId": "00000000-0000-0000-0000-000000000001",
            "VersionStages": [label],
            "SecretString": value,
            "CreatedDate": 1_700_000_000,
        }))
    }
}

fn refusal(kind: &str) -> Refusal {
    Refusal::new(kind, kind)
}
