//! People who use Kratos, from a program or from a browser.

use std::{collections::BTreeMap, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Value, json};
use shared::http::{Client, Http, Request};

use super::process::Kratos;

/// The longest that Kratos can take over a hook is about half of this.
const TIMEOUT: Duration = Duration::from_mins(3);
const PASSWORD: &str = "correct-horse-battery-5";

/// What a form brings along that is not saved.
pub(super) fn transient_payload() -> Value {
    json!({"custom_data": "summer"})
}

/// What Kratos said.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    /// The status code.
    pub(super) status: u16,
    /// The body, if it is JSON.
    pub(super) body: Value,
}

impl Answered {
    /// The id of the identity of somebody who has just registered.
    pub(super) fn identity_id(&self) -> &str {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body["identity"]["id"].as_str().unwrap()
    }

    /// The messages at a field of the form.
    pub(super) fn messages_at(&self, field: &str) -> Vec<Value> {
        let nodes = self.body["ui"]["nodes"].as_array().unwrap();
        let node = nodes.iter().find(|node| node["attributes"]["name"] == field);
        node.unwrap()["messages"].as_array().unwrap().clone()
    }

    /// What Kratos says of itself when something went wrong: the status that it names in the
    /// body, and why.
    pub(super) fn error(&self) -> (i64, String) {
        let error = &self.body["error"];
        let why = error["reason"].as_str().or(error["message"].as_str());
        (error["code"].as_i64().unwrap_or_default(), why.unwrap_or_default().to_owned())
    }
}

/// Somebody signs up by an address, signs in, and changes it.
pub(super) async fn go_through_each_flow(kratos: &Kratos, email: &str, new: &str) {
    assert_eq!(Person::of(kratos).register(email).await.status, 200);
    let mut person = Person::of(kratos);
    // Without a `session` hook, signing up does not sign in.
    assert_eq!(person.log_in(email).await.status, 200);
    assert_eq!(person.change(json!({"email": new})).await.status, 200);
}

/// GETs JSON; nothing if nobody answers.
pub(super) async fn get(client: &Client, url: &str) -> Option<Answered> {
    send(client, Method::GET, url, HeaderMap::new(), None).await.map(|(answered, _)| answered)
}

async fn send(
    client: &Client,
    method: Method,
    url: &str,
    mut headers: HeaderMap,
    body: Option<&Value>,
) -> Option<(Answered, HeaderMap)> {
    headers.insert("accept", HeaderValue::from_static("application/json"));
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let body = body.map(Value::to_string).unwrap_or_default().into();
    let request = Request { method, url: url.parse().unwrap(), headers, body, timeout: TIMEOUT };
    let response = client.send(request).await.ok()?;
    let body = serde_json::from_slice(&response.body).unwrap_or_default();
    Some((Answered { status: response.status, body }, response.headers))
}

/// Somebody, and what they are known by: a token for programs, cookies in a browser.
pub(super) struct Person<'a> {
    kratos: &'a Kratos,
    token: Option<String>,
    cookies: Option<BTreeMap<String, String>>,
}

impl<'a> Person<'a> {
    /// Somebody who uses a program.
    pub(super) fn of(kratos: &'a Kratos) -> Self {
        Self { kratos, token: None, cookies: None }
    }

    /// Somebody who uses a browser.
    pub(super) fn in_browser(kratos: &'a Kratos) -> Self {
        Self { kratos, token: None, cookies: Some(BTreeMap::new()) }
    }

    /// Signs up; where that signs in, too, is known from then on.
    pub(super) async fn register(&mut self, email: &str) -> Answered {
        self.register_with(json!({"email": email})).await
    }

    /// Signs up with all of these traits.
    pub(super) async fn register_with(&mut self, traits: Value) -> Answered {
        let form = json!({
            "method": "password", "password": PASSWORD, "traits": traits,
            "transient_payload": transient_payload(),
        });
        self.submit("registration", form).await
    }

    /// Signs in.
    pub(super) async fn log_in(&mut self, email: &str) -> Answered {
        let form = json!({
            "method": "password", "password": PASSWORD, "identifier": email,
            "transient_payload": transient_payload(),
        });
        self.submit("login", form).await
    }

    /// Changes the traits.
    pub(super) async fn change(&mut self, traits: Value) -> Answered {
        let form = json!({
            "method": "profile", "traits": traits, "transient_payload": transient_payload(),
        });
        self.submit("settings", form).await
    }

    /// The cookie by which Kratos knows the person.
    pub(super) fn session_cookie(&self) -> &str {
        &self.cookies.as_ref().unwrap()["ory_kratos_session"]
    }

    /// Asks for the form of a flow.
    pub(super) async fn begin(&mut self, flow: &str) -> Answered {
        let kind = if self.cookies.is_some() { "browser" } else { "api" };
        let url = format!("{}/self-service/{flow}/{kind}", self.kratos.public());
        self.send(Method::GET, &url, None).await
    }

    async fn submit(&mut self, flow: &str, mut form: Value) -> Answered {
        let begun = self.begin(flow).await;
        assert_eq!(begun.status, 200, "{}", begun.body);
        let nodes = begun.body["ui"]["nodes"].as_array().unwrap();
        if let Some(node) = nodes.iter().find(|node| node["attributes"]["name"] == "csrf_token") {
            form["csrf_token"] = node["attributes"]["value"].clone();
        }
        let action = begun.body["ui"]["action"].as_str().unwrap();
        let answered = self.send(Method::POST, action, Some(&form)).await;
        if let Some(token) = answered.body["session_token"].as_str() {
            self.token = Some(token.to_owned());
        }
        answered
    }

    async fn send(&mut self, method: Method, url: &str, body: Option<&Value>) -> Answered {
        let mut headers = HeaderMap::new();
        if let Some(token) = &self.token {
            headers.insert(HeaderName::from_static("x-session-token"), token.parse().unwrap());
        }
        if let Some(cookies) = self.cookies.as_ref().filter(|cookies| !cookies.is_empty()) {
            let pairs: Vec<_> =
                cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            headers.insert("cookie", pairs.join("; ").parse().unwrap());
        }
        let sent = send(self.kratos.client(), method, url, headers, body).await;
        let (answered, headers) = sent.unwrap();
        if let Some(cookies) = &mut self.cookies {
            for line in headers.get_all("set-cookie") {
                let pair = line.to_str().unwrap().split(';').next().unwrap();
                let (name, value) = pair.split_once('=').unwrap();
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answered
    }
}
