//! Mandrill's API over HTTP. The key is a field of the body, never a header.
//! <https://mailchimp.com/developer/transactional/api/>

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use shared::{
    config::Endpoint,
    deliver::{Api, EventFacts, InvalidOutput, Rendered, Vendor, WhenInDoubt},
    http::{Error, Http, Peer, Request, Response},
    outcome::Outcome,
};

use crate::{call::Call, outcome::classify};

/// Mandrill.
#[derive(Clone)]
pub(crate) struct Mandrill {
    endpoint: Endpoint,
    http: Arc<dyn Http>,
}

impl Mandrill {
    pub(crate) fn new(endpoint: Endpoint, http: Arc<dyn Http>) -> Self {
        Self { endpoint, http }
    }

    /// Calls `method` with `body` and the key in it.
    pub(crate) async fn post(
        &self,
        method: &str,
        mut body: Map<String, Value>,
        key: &SecretString,
        timeout: Duration,
    ) -> Result<Response, Error> {
        body.insert("key".to_owned(), json!(key.expose_secret()));
        let (url, body) = (self.endpoint.join(method), Value::Object(body).to_string());
        self.http.send(Request::post_json(url, body, timeout)).await
    }
}

#[async_trait]
impl Api for Mandrill {
    type Call = Call;

    async fn call(
        &self,
        call: &Call,
        key: &SecretString,
        timeout: Duration,
    ) -> Result<Response, Error> {
        self.post(call.method, call.body.clone(), key, timeout).await
    }

    /// Mandrill does not deduplicate calls.
    fn when_in_doubt(&self, _call: &Call) -> WhenInDoubt<'_, Call> {
        WhenInDoubt::Search(self)
    }

    fn peer(&self) -> Option<Peer> {
        Some(Peer::new(self.http.clone(), self.endpoint.url()))
    }
}

impl Vendor for Mandrill {
    fn prepare(&self, rendered: Rendered, event: &EventFacts<'_>) -> Result<Call, InvalidOutput> {
        Call::prepare(rendered, event).map_err(InvalidOutput::Rule)
    }

    fn classify(&self, _call: &Call, answer: &Response) -> Outcome {
        classify(answer)
    }
}
