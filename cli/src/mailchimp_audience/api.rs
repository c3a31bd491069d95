//! The calls of Mailchimp's Marketing API.

use std::time::Duration;

use http::{
    HeaderMap, HeaderValue, Method,
    header::{CONTENT_TYPE, HeaderName},
};
use secrecy::SecretString;
use serde::{Deserialize, de::DeserializeOwned};
use shared::{
    config::Endpoint,
    http::{Error, Http, Request, Response},
    mailchimp::{self, Problem},
};
use url::Url;

use super::audience::{Audience, Change, MergeField};

/// Mailchimp answers these calls within a second or two.
const TIMEOUT: Duration = Duration::from_secs(20);

/// More than an audience can have; by default, the API gives ten.
const ALL_FIELDS: &str = "count=1000&fields=merge_fields";

/// A call did not give what was asked for. No message holds the key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// The key is unknown, or its user may not do that.
    #[error("Mailchimp rejects the key: {0}")]
    Key(u16),
    /// The account has no such audience.
    #[error("the account of the key has no audience {0}")]
    NoAudience(String),
    /// The change was refused; the title of the refusal.
    #[error("Mailchimp refuses the change: {0} {1}")]
    Refused(u16, String),
    /// An answer that says nothing about the question.
    #[error("unexpected response: {0}")]
    Unexpected(u16),
    /// No answer.
    #[error("cannot reach Mailchimp")]
    Unreachable(#[from] Error),
}

/// An account at Mailchimp.
pub(crate) struct Api<'a> {
    pub(crate) http: &'a dyn Http,
    pub(crate) root: Endpoint,
    pub(crate) key: &'a SecretString,
}

#[derive(Deserialize)]
struct MergeFields {
    merge_fields: Vec<MergeField>,
}

impl Api<'_> {
    /// What an audience asks for.
    pub(crate) async fn audience(&self, list: &str) -> Result<Audience, ApiError> {
        let overview = self.read(list, self.url(list, "")).await?;
        let mut url = self.url(list, "/merge-fields");
        url.set_query(Some(ALL_FIELDS));
        let MergeFields { merge_fields: fields } = self.read(list, url).await?;
        Ok(Audience { id: list.to_owned(), overview, fields })
    }

    /// Makes a change.
    pub(crate) async fn make(&self, list: &str, change: &Change) -> Result<(), ApiError> {
        let url = self.change_url(list, change);
        let answer = self.send(change.method.clone(), url, change.body.to_string()).await?;
        match answer.status {
            200 => Ok(()),
            400 => {
                let title = Problem::read(&answer).unwrap_or_default().title;
                Err(ApiError::Refused(400, title))
            }
            _ => Err(failed(&answer, list)),
        }
    }

    /// The URL of a change.
    pub(crate) fn change_url(&self, list: &str, change: &Change) -> Url {
        self.url(list, &format!("/{}", change.path))
    }

    fn url(&self, list: &str, path: &str) -> Url {
        self.root.join(&format!("lists/{list}{path}"))
    }

    async fn read<T: DeserializeOwned>(&self, list: &str, url: Url) -> Result<T, ApiError> {
        let answer = self.send(Method::GET, url, String::new()).await?;
        match answer.status {
            200 => serde_json::from_slice(&answer.body).map_err(|_| ApiError::Unexpected(200)),
            _ => Err(failed(&answer, list)),
        }
    }

    async fn send(&self, method: Method, url: Url, body: String) -> Result<Response, Error> {
        let json: (HeaderName, _) = (CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let headers: HeaderMap =
            mailchimp::authorization(self.key).into_iter().chain([json]).collect();
        let request = Request { method, url, headers, body: body.into(), timeout: TIMEOUT };
        self.http.send(request).await
    }
}

/// An answer without JSON comes from the edge in front of the API, which limits the rate.
fn failed(answer: &Response, list: &str) -> ApiError {
    match (answer.status, Problem::read(answer)) {
        (401, _) => ApiError::Key(401),
        (403, Some(_)) => ApiError::Key(403),
        (404, Some(_)) => ApiError::NoAudience(list.to_owned()),
        (status, _) => ApiError::Unexpected(status),
    }
}

#[cfg(test)]
mod tests {
    use fakes::{FakeMailchimp, mailchimp};
    use serde_json::json;
    use shared::http::Client;

    use super::{
        super::audience::{OryId, Overview},
        *,
    };

    const KEY: &str = "0123456789abcdef0123456789abcdef-us6";

    async fn fake() -> FakeMailchimp {
        FakeMailchimp::start(0, KEY).await.unwrap()
    }

    async fn read(fake: &FakeMailchimp, key: &str, list: &str) -> Result<Audience, ApiError> {
        let (client, key) = (Client::new().unwrap(), key.to_owned().into());
        let root = Endpoint::parse(&fake.url()).unwrap();
        Api { http: &client, root, key: &key }.audience(list).await
    }

    async fn make(fake: &FakeMailchimp, change: &Change) -> Result<(), ApiError> {
        let (client, key) = (Client::new().unwrap(), KEY.to_owned().into());
        let root = Endpoint::parse(&fake.url()).unwrap();
        Api { http: &client, root, key: &key }.make(mailchimp::LIST_ID, change).await
    }

    #[tokio::test]
    async fn merge_field_is_found_behind_ten_others() {
        let fake = fake().await;
        for number in 0..12 {
            let field = mailchimp::MergeField::new(&format!("FIELD{number}"), "text");
            fake.audience(|list| list.put_merge_field(field));
        }
        let audience = read(&fake, KEY, mailchimp::LIST_ID).await.unwrap();
        assert_eq!(audience.ory_id(), OryId::Missing);
        make(&fake, &audience.ory_id().change().unwrap()).await.unwrap();
        let audience = read(&fake, KEY, mailchimp::LIST_ID).await.unwrap();
        assert_eq!((audience.ory_id(), audience.fields.len()), (OryId::Ready, 17));
    }

    #[tokio::test]
    async fn public_field_is_made_private() {
        let fake = fake().await;
        fake.audience(|list| list.put_merge_field(mailchimp::MergeField::new("ORY_ID", "text")));
        let audience = read(&fake, KEY, mailchimp::LIST_ID).await.unwrap();
        make(&fake, &audience.ory_id().change().unwrap()).await.unwrap();
        let field = fake.audience(|list| list.merge_field("ORY_ID").cloned().unwrap());
        assert!(!field.is_public);
    }

    #[tokio::test]
    async fn what_the_audience_asks_for() {
        let fake = fake().await;
        let audience = read(&fake, KEY, mailchimp::LIST_ID).await.unwrap();
        let Overview { name, double_optin, marketing_permissions } = audience.overview;
        assert_eq!((&*name, double_optin, marketing_permissions), ("Newsletter", false, false));
        fake.audience(|list| {
            list.double_optin = true;
            list.put_permission("1", "Email");
            list.put_merge_field(mailchimp::MergeField::new("LNAME", "text").required());
        });
        let audience = read(&fake, KEY, mailchimp::LIST_ID).await.unwrap();
        assert!(audience.overview.double_optin && audience.overview.marketing_permissions);
        assert_eq!(audience.required().count(), 1);
    }

    #[tokio::test]
    async fn refusals_are_told_apart() {
        let fake = fake().await;
        let error = async |key, list| read(&fake, key, list).await.unwrap_err().to_string();
        let of_key = "Mailchimp rejects the key: 401";
        assert_eq!(error("another0123456789-us6", mailchimp::LIST_ID).await, of_key);
        assert_eq!(error(KEY, "unknown").await, "the account of the key has no audience unknown");
        for (reply, expected) in [
            (mailchimp::Answer::too_many_requests(), "unexpected response: 429"),
            (mailchimp::Answer::at_the_edge(403), "unexpected response: 403"),
            (mailchimp::Answer::html(502), "unexpected response: 502"),
        ] {
            fake.reply_next(reply.into());
            assert_eq!(error(KEY, mailchimp::LIST_ID).await, expected);
        }
        fake.account(|account| account.is_disabled = true);
        assert_eq!(error(KEY, mailchimp::LIST_ID).await, "Mailchimp rejects the key: 403");
    }

    #[tokio::test]
    async fn change_that_mailchimp_refuses_is_named() {
        let fake = fake().await;
        let change = OryId::Missing.change().unwrap();
        make(&fake, &change).await.unwrap();
        let error = make(&fake, &change).await.unwrap_err();
        assert_eq!(error.to_string(), "Mailchimp refuses the change: 400 Invalid Resource");
        let unknown = Change { path: "unknown".to_owned(), body: json!({}), ..change };
        assert!(matches!(make(&fake, &unknown).await, Err(ApiError::NoAudience(_))));
    }
}
