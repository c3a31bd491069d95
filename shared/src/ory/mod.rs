//! Ory's admin API, limited to reading, listing and patching identities.
//! <https://www.ory.com/docs/reference/api#tag/identity>

mod admin;
mod identity;
mod list;
mod outcome;
mod settings;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use http::{HeaderMap, HeaderValue, Method, header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use uuid::Uuid;

pub use admin::{Admin, GONE};
pub use identity::Identity;
pub use list::{NoPage, Page, PageRequest, PageToken, page};
pub use outcome::{identities, identity};
pub use settings::AdminSettings;

use crate::{
    config::Endpoint,
    deliver::{Api, WhenInDoubt},
    http::{Error, Http, Peer, Request, Response},
};

/// One call of the admin API.
pub enum Call {
    /// The identity of this id.
    ById(Uuid),
    /// The identities that sign in by this address.
    ByAddress(String),
    /// A page of all identities.
    List(PageRequest),
    /// Changes to an identity: a JSON Patch.
    Patch(Uuid, Value),
}

/// Ory's admin API.
pub struct Ory {
    /// The root of the API, without `/admin`.
    pub endpoint: Endpoint,
    /// The way out.
    pub http: Arc<dyn Http>,
}

impl Ory {
    fn request(&self, call: &Call, timeout: Duration) -> Request {
        let identity = |id: &Uuid| self.endpoint.join(&format!("admin/identities/{id}"));
        let (method, url, body) = match call {
            Call::ById(id) => (Method::GET, identity(id), String::new()),
            Call::ByAddress(address) => {
                let mut url = self.endpoint.join("admin/identities");
                url.query_pairs_mut().append_pair("credentials_identifier", address);
                (Method::GET, url, String::new())
            }
            Call::List(page) => {
                let mut url = self.endpoint.join("admin/identities");
                page.add_to(&mut url);
                (Method::GET, url, String::new())
            }
            Call::Patch(id, operations) => (Method::PATCH, identity(id), operations.to_string()),
        };
        let mut headers = HeaderMap::new();
        if !body.is_empty() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Request { method, url, headers, body: body.into(), timeout }
    }
}

#[async_trait]
impl Api for Ory {
    type Call = Call;

    async fn call(
        &self,
        call: &Call,
        token: &SecretString,
        timeout: Duration,
    ) -> Result<Response, Error> {
        let request = self.request(call, timeout);
        self.http.send(authorized(request, token)).await
    }

    /// The next attempt reads, compares and patches what is still missing.
    fn when_in_doubt(&self, call: &Call) -> WhenInDoubt<'_, Call> {
        match call {
            Call::ById(_) | Call::ByAddress(_) | Call::List(_) => WhenInDoubt::Repeat,
            Call::Patch(..) => WhenInDoubt::StartOver,
        }
    }

    fn peer(&self) -> Option<Peer> {
        Some(Peer::new(self.http.clone(), self.endpoint.url()))
    }
}

/// Self-hosted Kratos needs no token.
fn authorized(request: Request, token: &SecretString) -> Request {
    if token.expose_secret().is_empty() { request } else { request.bearer(token) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::http::Client;

    const ID: &str = "3a5293f1-f4d6-49f4-b34f-6da62c360604";

    fn request(call: &Call) -> Request {
        let endpoint = Endpoint::parse("https://slug.projects.oryapis.com/").unwrap();
        let http = Arc::new(Client::new().unwrap());
        Ory { endpoint, http }.request(call, Duration::from_secs(1))
    }

    #[test]
    fn each_call_matches_the_admin_api() {
        let id = Uuid::try_parse(ID).unwrap();
        let root = "https://slug.projects.oryapis.com/admin/identities";
        let by_id = request(&Call::ById(id));
        assert_eq!((by_id.method, by_id.url.as_str()), (Method::GET, &*format!("{root}/{ID}")));
        let by_address = request(&Call::ByAddress("a+b&c=d@example.com".to_owned()));
        let query = "credentials_identifier=a%2Bb%26c%3Dd%40example.com";
        assert_eq!(by_address.url.as_str(), format!("{root}?{query}"));
        let operations = json!([{"op": "add", "path": "/traits/x", "value": 1}]);
        let patch = request(&Call::Patch(id, operations));
        assert_eq!((patch.method, patch.url.as_str()), (Method::PATCH, &*format!("{root}/{ID}")));
        assert_eq!(patch.body, r#"[{"op":"add","path":"/traits/x","value":1}]"#);
        assert_eq!(patch.headers[header::CONTENT_TYPE], "application/json");
    }

    #[test]
    fn token_is_sent_if_configured() {
        let sent = |token: &str| {
            let request = request(&Call::ByAddress("ann@example.com".to_owned()));
            authorized(request, &token.to_owned().into()).headers.remove(header::AUTHORIZATION)
        };
        assert_eq!(sent("ory_pat_x").unwrap(), "Bearer ory_pat_x");
        assert_eq!(sent(""), None);
    }
}
