//! Mailchimp's Marketing API, limited to one audience: its settings, its contacts and their tags.
//! <https://mailchimp.com/developer/marketing/api/list-members/>

mod contact;
mod outcome;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use http::{HeaderMap, HeaderValue, Method, header::CONTENT_TYPE};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use shared::{
    config::Endpoint,
    deliver::{Api, WhenInDoubt},
    http::{Error, Http, Peer, Request, Response},
    mailchimp::{authorization, root},
};
use url::Url;

pub use contact::Contact;
pub use outcome::{Written, archived, contact, deleted, double_opt_in, tagged, written};

/// What is read of a contact.
const CONTACT_FIELDS: &str = "contact_id,email_address,status,last_changed";

/// Mailchimp.
pub(crate) struct Mailchimp {
    /// The root of the API; `None`: that of the key's data center.
    pub(crate) endpoint: Option<Endpoint>,
    /// The id of the audience.
    pub(crate) list: String,
    pub(crate) http: Arc<dyn Http>,
}

/// One call.
#[derive(Clone)]
pub(crate) enum Call {
    /// The settings of the audience.
    Audience,
    /// A contact.
    Read(Name),
    /// A contact that may be new: its name is the hash of its address.
    Upsert(Name, Map<String, Value>),
    /// Changes to a contact.
    Update(Name, Map<String, Value>),
    /// Puts a contact into the archive.
    Archive(Name),
    /// Deletes a contact for good. Mailchimp documents only the hash of its address as the name here.
    Delete(Name),
    /// Tags of a contact.
    Tag(Name, Value),
}

/// The name of a contact in the path of a call: its id, or the hash of its address.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Name(String);

impl Name {
    /// The contact of this address.
    pub(crate) fn of_address(address: &str) -> Self {
        Self(shared::mailchimp::member_hash(address))
    }

    /// The contact of this id.
    pub(crate) fn of_id(id: &str) -> Self {
        Self(id.to_owned())
    }

    /// The name itself.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Mailchimp {
    /// `None` if the key does not say where it is to be sent.
    fn request(&self, call: &Call, key: &SecretString, timeout: Duration) -> Option<Request> {
        let root = match &self.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => root(key.expose_secret())?,
        };
        let list = format!("lists/{}", self.list);
        let member = |name: &Name| root.join(&format!("{list}/members/{}", name.as_str()));
        let (method, url, body) = match call {
            Call::Audience => (Method::GET, with(root.join(&list), "fields=id,double_optin"), None),
            Call::Read(name) => {
                (Method::GET, with(member(name), &format!("fields={CONTACT_FIELDS}")), None)
            }
            Call::Upsert(name, body) => (Method::PUT, write(member(name)), Some(json!(body))),
            Call::Update(name, body) => (Method::PATCH, write(member(name)), Some(json!(body))),
            Call::Archive(name) => (Method::DELETE, member(name), None),
            Call::Delete(name) => {
                let path = format!("{list}/members/{}/actions/delete-permanent", name.as_str());
                (Method::POST, root.join(&path), None)
            }
            Call::Tag(name, body) => {
                let url = root.join(&format!("{list}/members/{}/tags", name.as_str()));
                (Method::POST, url, Some(body.clone()))
            }
        };
        let mut headers: HeaderMap = authorization(key).into_iter().collect();
        if body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let body = body.map(|body| body.to_string()).unwrap_or_default().into();
        Some(Request { method, url, headers, body, timeout })
    }
}

/// A merge field that the audience requires and the template does not give must not fail every event
/// of everybody: `doctor` names it instead.
fn write(url: Url) -> Url {
    with(url, "skip_merge_validation=true")
}

fn with(mut url: Url, query: &str) -> Url {
    url.set_query(Some(query));
    url
}

#[async_trait]
impl Api for Mailchimp {
    type Call = Call;

    async fn call(
        &self,
        call: &Call,
        key: &SecretString,
        timeout: Duration,
    ) -> Result<Response, Error> {
        match self.request(call, key, timeout) {
            Some(request) => self.http.send(request).await,
            None => Err(Error::NotWritten("the API key names no data center".into())),
        }
    }

    /// A write is decided by what was read before: the next attempt reads again.
    fn when_in_doubt(&self, call: &Call) -> WhenInDoubt<'_, Call> {
        match call {
            Call::Audience | Call::Read(_) => WhenInDoubt::Repeat,
            Call::Upsert(..)
            | Call::Update(..)
            | Call::Archive(_)
            | Call::Delete(_)
            | Call::Tag(..) => WhenInDoubt::StartOver,
        }
    }

    /// Without an endpoint the host is in the key, which is still being fetched.
    fn peer(&self) -> Option<Peer> {
        Some(Peer::new(self.http.clone(), self.endpoint.as_ref()?.url()))
    }
}

#[cfg(test)]
mod tests {
    use http::header::AUTHORIZATION;
    use shared::http::Client;

    use super::*;

    const HASH: &str = "62eeb292278cc15f5817cb78f7790b08";

    fn request(call: &Call) -> Request {
        let http = Arc::new(Client::new().unwrap());
        let mailchimp = Mailchimp { endpoint: None, list: "a6b5da1054".to_owned(), http };
        mailchimp.request(call, &"key-us6".to_owned().into(), Duration::from_secs(1)).unwrap()
    }

    #[test]
    fn each_call_matches_the_api() {
        let name = Name::of_address("Urist.McVankab@freddiesjokes.com");
        let body = json!({"status": "pending"}).as_object().unwrap().clone();
        let list = "https://us6.api.mailchimp.com/3.0/lists/a6b5da1054";
        let member = format!("{list}/members/{HASH}");
        let skip = "skip_merge_validation=true";
        let table = [
            (Call::Audience, Method::GET, format!("{list}?fields=id,double_optin"), ""),
            (
                Call::Read(name.clone()),
                Method::GET,
                format!("{member}?fields={CONTACT_FIELDS}"),
                "",
            ),
            (
                Call::Upsert(name.clone(), body.clone()),
                Method::PUT,
                format!("{member}?{skip}"),
                r#"{"status":"pending"}"#,
            ),
            (
                Call::Update(Name::of_id("c1"), body),
                Method::PATCH,
                format!("{list}/members/c1?{skip}"),
                r#"{"status":"pending"}"#,
            ),
            (Call::Archive(Name::of_id("c1")), Method::DELETE, format!("{list}/members/c1"), ""),
            (Call::Delete(name), Method::POST, format!("{member}/actions/delete-permanent"), ""),
            (
                Call::Tag(Name::of_id("c1"), json!({"tags": []})),
                Method::POST,
                format!("{list}/members/c1/tags"),
                r#"{"tags":[]}"#,
            ),
        ];
        for (call, method, url, body) in table {
            let request = request(&call);
            assert_eq!((request.method, request.url.as_str()), (method, &*url));
            assert_eq!(request.body, body);
            assert_eq!(request.headers.contains_key(CONTENT_TYPE), !body.is_empty());
            assert!(request.headers[AUTHORIZATION].is_sensitive());
        }
    }

    #[test]
    fn only_reads_are_repeated_while_in_doubt() {
        let http = Arc::new(Client::new().unwrap());
        let mailchimp = Mailchimp { endpoint: None, list: "l".to_owned(), http };
        let name = Name::of_id("c1");
        for (call, repeats) in [
            (Call::Audience, true),
            (Call::Read(name.clone()), true),
            (Call::Upsert(name.clone(), Map::new()), false),
            (Call::Update(name.clone(), Map::new()), false),
            (Call::Archive(name.clone()), false),
            (Call::Delete(name.clone()), false),
            (Call::Tag(name, json!({})), false),
        ] {
            let repeated = matches!(mailchimp.when_in_doubt(&call), WhenInDoubt::Repeat);
            assert_eq!(repeated, repeats);
        }
    }
}
