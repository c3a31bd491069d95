//! The CRM's contacts API over HTTP.
//! <https://developers.hubspot.com/docs/api-reference/latest/crm/objects/contacts/guide>

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use http::Method;
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use shared::{
    config::Endpoint,
    deliver::{Api, WhenInDoubt},
    http::{Error, Http, Peer, Request, Response},
};

const CONTACTS: &str = "crm/objects/2026-03/contacts";

/// The CRM.
pub(crate) struct Crm {
    pub(crate) endpoint: Endpoint,
    pub(crate) http: Arc<dyn Http>,
}

/// One call.
pub(crate) enum Call {
    /// Reads these properties of the contact with an address. Unlike a search, it finds one that was
    /// created a moment ago.
    Find(String, Vec<String>),
    /// Creates a contact.
    Create(Map<String, Value>),
    /// Writes these properties of the contact with an id.
    Update(String, Map<String, Value>),
}

impl Call {
    /// The method, the path, and the body. An address is in the body, as servers log paths.
    fn parts(&self) -> (Method, String, Value) {
        match self {
            Self::Find(email, properties) => (
                Method::POST,
                format!("{CONTACTS}/batch/read"),
                json!({"idProperty": "email", "inputs": [{"id": email}], "properties": properties}),
            ),
            Self::Create(properties) => {
                (Method::POST, CONTACTS.to_owned(), json!({ "properties": properties }))
            }
            Self::Update(id, properties) => {
                (Method::PATCH, format!("{CONTACTS}/{id}"), json!({ "properties": properties }))
            }
        }
    }
}

#[async_trait]
impl Api for Crm {
    type Call = Call;

    async fn call(
        &self,
        call: &Call,
        token: &SecretString,
        timeout: Duration,
    ) -> Result<Response, Error> {
        let (method, path, body) = call.parts();
        let request = Request::post_json(self.endpoint.join(&path), body.to_string(), timeout);
        self.http.send(Request { method, ..request }.bearer(token)).await
    }

    /// Nobody knows whether a contact was written: the next attempt reads it again.
    fn when_in_doubt(&self, call: &Call) -> WhenInDoubt<'_, Call> {
        match call {
            Call::Find(..) => WhenInDoubt::Repeat,
            Call::Create(_) | Call::Update(..) => WhenInDoubt::StartOver,
        }
    }

    fn peer(&self) -> Option<Peer> {
        Some(Peer::new(self.http.clone(), self.endpoint.url()))
    }
}
