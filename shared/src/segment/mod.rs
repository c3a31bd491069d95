//! Segment's HTTP tracking API: a call for one event, or for many.
//! <https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/>

mod batch;
mod call;
mod outcome;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderName, HeaderValue, header::AUTHORIZATION};
use secrecy::{ExposeSecret, SecretString};

pub use batch::Batch;
pub use call::{Call, CallKind};
pub use outcome::classify;

use crate::{
    clock::SharedClock,
    config::Endpoint,
    deliver::{Api, EventFacts, InvalidOutput, Rendered, Vendor, VendorClient, WhenInDoubt},
    http::{Error, Http, Peer, Request, Response},
    outcome::Outcome,
    secrets::{ApiKey, Product},
    settings::{Ports, Settings},
};

/// Where the API is, for workspaces in the US. Those in the EU have
/// `https://events.eu1.segmentapis.com/v1`; each refuses the other's keys.
pub const DEFAULT_URL: &str = "https://api.segment.io/v1";

/// Segment, as one function calls it.
pub struct Segment {
    /// The function's name, which Segment shows as the library that sent an event.
    pub library: &'static str,
    /// The root of the API.
    pub endpoint: Endpoint,
    /// The way out.
    pub http: Arc<dyn Http>,
    /// The wall clock, for `sentAt`.
    pub clock: SharedClock,
}

impl Segment {
    /// The client of the function `library` to Segment, with the write key in the secret.
    pub fn client(
        library: &'static str,
        endpoint: Endpoint,
        secret_id: String,
        settings: &Settings,
        ports: &Ports,
    ) -> VendorClient<Self> {
        let secret = settings.vendor_secret(secret_id, ports);
        let (http, clock) = (ports.http.clone(), ports.clock.clone());
        VendorClient {
            vendor: Self { library, endpoint, http, clock },
            key: Arc::new(ApiKey::new(secret, "write_key", Product::Segment)),
            timeout: settings.vendor_timeout,
        }
    }
}

#[async_trait]
impl Api for Segment {
    type Call = Batch;

    async fn call(
        &self,
        batch: &Batch,
        key: &SecretString,
        timeout: Duration,
    ) -> Result<Response, Error> {
        let url = self.endpoint.join(batch.path());
        let body = batch.body_sent_at(self.clock.now());
        let mut request = Request::post_json(url, body, timeout);
        request.headers.extend(authorization(key));
        self.http.send(request).await
    }

    /// Segment notices by `messageId`, for about a day.
    fn when_in_doubt(&self, _batch: &Batch) -> WhenInDoubt<'_, Batch> {
        WhenInDoubt::Repeat
    }

    fn peer(&self) -> Option<Peer> {
        Some(Peer::new(self.http.clone(), self.endpoint.url()))
    }
}

impl Vendor for Segment {
    fn prepare(&self, rendered: Rendered, event: &EventFacts<'_>) -> Result<Batch, InvalidOutput> {
        Call::prepare(rendered, event, self.library).map(Batch::from)
    }

    fn classify(&self, _batch: &Batch, answer: &Response) -> Outcome {
        outcome::classify(answer)
    }
}

/// Base64 has no character that a header could not carry.
fn authorization(key: &SecretString) -> Option<(HeaderName, HeaderValue)> {
    let mut basic = HeaderValue::from_str(&basic(key)).ok()?;
    basic.set_sensitive(true);
    Some((AUTHORIZATION, basic))
}

/// The write key is the user name; the password is empty, but its colon stays.
fn basic(key: &SecretString) -> String {
    format!("Basic {}", STANDARD.encode(format!("{}:", key.expose_secret())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn write_key_is_the_user_name_with_an_empty_password() {
        assert_eq!(basic(&"abc123".to_owned().into()), "Basic YWJjMTIzOg==");
        let (_, header) = authorization(&"abc123".to_owned().into()).unwrap();
        assert!(header.is_sensitive());
        assert!(!format!("{header:?}").contains("YWJj"));
    }
}
