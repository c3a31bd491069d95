//! One function in a Lambda, with its versions and an alias.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use fakes::server::{FakeReply, Server};
use http::{Method, Request};
use serde_json::{Value, json};

/// The group of the function's logs.
pub(crate) const LOG_GROUP: &str = "ory-actions-MandrillWelcomeLogs-1A2B";

/// What a version is made of.
#[derive(Clone)]
pub(crate) struct Version {
    pub(crate) code: &'static str,
    pub(crate) variables: BTreeMap<String, String>,
}

/// The function.
pub(crate) struct Function {
    /// Which of our functions it is.
    pub(crate) handler: &'static str,
    pub(crate) latest: Version,
    /// From 1 on.
    pub(crate) versions: Vec<Version>,
    /// The version of the alias `live`.
    pub(crate) live: Option<usize>,
    /// Whether the alias shifts to another version.
    pub(crate) is_shifting: bool,
    /// Whether somebody else changes the function after each look at it.
    pub(crate) is_contended: bool,
    /// How often it was changed.
    pub(crate) changes: usize,
}

impl Function {
    /// At version 3, as it was deployed.
    pub(crate) fn deployed() -> Self {
        let variables = [("STACK", "ory-actions"), ("MANDRILL_URL", "https://canary.test")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let latest = Version { code: "code", variables: variables.into() };
        let versions = vec![latest.clone(); 3];
        let live = Some(versions.len());
        Self {
            handler: "mandrill-welcome",
            latest,
            versions,
            live,
            is_shifting: false,
            is_contended: false,
            changes: 0,
        }
    }

    fn answer(&mut self, request: &Request<Bytes>) -> FakeReply {
        let path = request.uri().path().trim_start_matches("/2015-03-31/functions/");
        let (name, rest) = path.split_once('/').unwrap_or((path, ""));
        if name != "welcome" {
            return refusal(404, "ResourceNotFoundException", "Function not found");
        }
        let query = request.uri().query().unwrap_or_default();
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        match (request.method(), rest) {
            (&Method::GET, "") => {
                FakeReply::json(200, &json!({"Configuration": self.shown(&self.latest)}))
            }
            (&Method::GET, "configuration") => self.configuration(query.strip_prefix("Qualifier=")),
            (&Method::PUT, "configuration") => self.update(&body),
            (&Method::POST, "versions") => self.publish(),
            (&Method::GET, "aliases/live") => self.alias(),
            (&Method::PUT, "aliases/live") => self.move_alias(&body),
            other => panic!("{other:?}"),
        }
    }

    fn revision(&self) -> String {
        format!("revision-{}", self.changes)
    }

    fn shown(&self, version: &Version) -> Value {
        json!({
            "FunctionName": "welcome", "Handler": self.handler, "CodeSha256": version.code, "RevisionId": self.revision(),
            "Environment": {"Variables": version.variables},
            "LoggingConfig": {"LogFormat": "JSON", "LogGroup": LOG_GROUP},
            "State": "Active", "LastUpdateStatus": "Successful",
        })
    }

    fn configuration(&mut self, qualifier: Option<&str>) -> FakeReply {
        let number = match qualifier {
            Some("live") => self.live,
            Some(number) => number.parse().ok(),
            None => None,
        };
        let version = number.map_or(&self.latest, |number| &self.versions[number - 1]);
        let shown = self.shown(version);
        self.changes += usize::from(self.is_contended);
        FakeReply::json(200, &shown)
    }

    fn update(&mut self, body: &Value) -> FakeReply {
        if body["RevisionId"] != self.revision() {
            return refusal(412, "PreconditionFailedException", "The RevisionId is not the latest");
        }
        self.changes += 1;
        self.latest.variables =
            serde_json::from_value(body["Environment"]["Variables"].clone()).unwrap();
        FakeReply::json(200, &self.shown(&self.latest))
    }

    /// None is published where nothing has changed.
    fn publish(&mut self) -> FakeReply {
        if self.versions.last().unwrap().variables != self.latest.variables {
            self.versions.push(self.latest.clone());
        }
        let mut shown = self.shown(&self.latest);
        shown["Version"] = self.versions.len().to_string().into();
        FakeReply::json(201, &shown)
    }

    fn alias(&self) -> FakeReply {
        let Some(live) = self.live else {
            return refusal(404, "ResourceNotFoundException", "Cannot find alias");
        };
        let weights = if self.is_shifting { json!({"2": 0.1}) } else { json!({}) };
        FakeReply::json(
            200,
            &json!({
                "Name": "live", "FunctionVersion": live.to_string(), "RevisionId": "alias-1",
                "RoutingConfig": {"AdditionalVersionWeights": weights},
            }),
        )
    }

    fn move_alias(&mut self, body: &Value) -> FakeReply {
        assert_eq!(body["RevisionId"], "alias-1");
        self.live = body["FunctionVersion"].as_str().and_then(|number| number.parse().ok());
        self.alias()
    }
}

pub(crate) fn refusal(status: u16, kind: &str, message: &str) -> FakeReply {
    let FakeReply::Answer(mut answer) = FakeReply::json(status, &json!({"message": message}))
    else {
        unreachable!("an answer at once")
    };
    answer.headers_mut().insert("x-amzn-errortype", kind.parse().unwrap());
    FakeReply::Answer(answer)
}

/// A Lambda with this function.
pub(crate) struct FakeLambda {
    pub(crate) function: Arc<Mutex<Function>>,
    server: Server,
}

impl FakeLambda {
    pub(crate) async fn with(function: Function) -> Self {
        let function = Arc::new(Mutex::new(function));
        let shared = function.clone();
        let server = Server::start(0, move |request| {
            let reply = shared.lock().unwrap().answer(&request);
            async move { reply }
        });
        Self { function, server: server.await.unwrap() }
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }
}
