//! Segment's HTTP tracking API: one call for one event.
//! <https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/>

mod call;
mod outcome;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{
    HeaderMap, HeaderValue, Method,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use secrecy::{ExposeSecret, SecretString};

pub use call::{Call, Kind};

use crate::{
    clock::SharedClock,
    config::Endpoint,
    deliver::{EventFacts, Rendered, Unfit, Vendor},
    http::{Error, Http, Request, Response},
    outcome::Outcome,
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

#[async_trait]
impl Vendor for Segment {
    type Call = Call;

    fn prepare(&self, rendered: Rendered, event: &EventFacts<'_>) -> Result<Call, Unfit> {
        Call::prepare(rendered, event, self.library)
    }

    async fn call(
        &self,
        call: &Call,
        key: &SecretString,
        timeout: Duration,
    ) -> Result<Response, Error> {
        let request = Request {
            method: Method::POST,
            url: self.endpoint.join(call.kind.path()),
            headers: headers(key),
            body: call.body_sent_at(self.clock.now()).into(),
            timeout,
        };
        self.http.send(request).await
    }

    fn classify(&self, answer: &Response) -> Outcome {
        outcome::classify(answer)
    }

    /// By `messageId`, for at least a day.
    fn notices_repeats(&self) -> bool {
        true
    }
}

fn headers(key: &SecretString) -> HeaderMap {
    let json = (CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // Base64 has no character that a header could not carry.
    let basic = HeaderValue::from_str(&basic(key)).ok().map(|mut value| {
        value.set_sensitive(true);
        (AUTHORIZATION, value)
    });
    std::iter::once(json).chain(basic).collect()
}

/// The write key is the user name; the password is empty, but its colon stays.
fn basic(key: &SecretString) -> String {
    format!("Basic {}", STANDARD.encode(format!("{}:", key.expose_secret())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_write_key_is_a_user_name_with_an_empty_password() {
        assert_eq!(basic(&"abc123".to_owned().into()), "Basic YWJjMTIzOg==");
        let headers = headers(&"abc123".to_owned().into());
        assert!(headers[AUTHORIZATION].is_sensitive());
        assert!(!format!("{headers:?}").contains("YWJj"));
    }
}
