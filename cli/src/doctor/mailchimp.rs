//! Reads the lists of an account, and the webhooks of each, from Mailchimp Marketing.

use futures_util::{StreamExt, TryStreamExt, stream};
use http::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use shared::{config::Endpoint, mailchimp};
use url::Url;

use super::{
    CheckResult, Reach,
    lists::{self, List, WEBHOOKS, Webhook},
    reach::Answer,
    stack::Stack,
    unexpected,
};
use crate::mailchimp_key::{OTHER_PRODUCT, root_for};

const KEY: &str = "Mailchimp: API key";

/// A user may have ten connections at a time, and the account's other tools share them.
/// <https://mailchimp.com/developer/marketing/docs/fundamentals/#throttling>
const CONNECTIONS: usize = 2;

#[derive(Deserialize)]
struct Lists {
    lists: Vec<Summary>,
}

#[derive(Deserialize)]
struct Summary {
    id: String,
    name: String,
}

#[derive(Deserialize)]
struct Webhooks {
    webhooks: Vec<Webhook>,
}

/// Compares the lists that mailchimp-inbound accepts with those of the account of `key`.
pub(super) async fn check(
    stack: &Stack,
    key: Option<&SecretString>,
    reach: &Reach,
) -> Vec<CheckResult> {
    let Some(key) = key else {
        return vec![CheckResult::unknown(
            WEBHOOKS,
            "not checked: MAILCHIMP_API_KEY is not set",
            "Set MAILCHIMP_API_KEY to a Mailchimp Marketing API key",
        )];
    };
    let url = stack.mailchimp_inbound_url.as_deref();
    let Some(function) = url.and_then(|url| Url::parse(url).ok()) else {
        return vec![CheckResult::skipped(WEBHOOKS, "no URL for mailchimp-inbound")];
    };
    let Some(root) = root_for(key.expose_secret()) else { return vec![other_product()] };
    let api = stack.mailchimp_url.as_deref().map_or(Some(root), Endpoint::parse);
    let Some(api) = api else { return vec![unexpected::url(WEBHOOKS, "MailchimpUrl")] };
    let accepted = stack.mailchimp_lists.as_deref().unwrap_or_default();
    match account(&api, key, reach).await {
        Ok(account) => lists::judge(accepted, &function, &account),
        Err(finding) => vec![finding],
    }
}

/// Where to create keys: <https://mailchimp.com/help/about-api-keys/>
fn other_product() -> CheckResult {
    CheckResult::fail(
        KEY,
        OTHER_PRODUCT,
        "Create a key in Mailchimp (Account & billing, Extras, API keys). A Mandrill key does not \
         work here",
    )
}

async fn account(
    api: &Endpoint,
    key: &SecretString,
    reach: &Reach,
) -> Result<Vec<List>, CheckResult> {
    let mut url = api.join("lists");
    url.set_query(Some("fields=lists.id,lists.name&count=1000"));
    let all: Lists = read(&reach.get(url, basic(key)).await)?;
    let with_webhooks = stream::iter(all.lists).map(async |Summary { id, name }| {
        let url = api.join(&format!("lists/{id}/webhooks"));
        let Webhooks { webhooks } = read(&reach.get(url, basic(key)).await)?;
        Ok(List { id, name, webhooks })
    });
    with_webhooks.buffered(CONNECTIONS).try_collect().await
}

fn basic(key: &SecretString) -> HeaderMap {
    mailchimp::authorization(key).into_iter().collect()
}

fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, CheckResult> {
    let Ok(response) = answer else { return Err(unexpected::response(WEBHOOKS, answer)) };
    let body = response.body.as_ref();
    match response.status {
        200 => serde_json::from_slice(body).map_err(|_| unexpected::response(WEBHOOKS, answer)),
        401 => Err(refused(401)),
        // A response without JSON comes from the rate limiter.
        403 if serde_json::from_slice::<Value>(body).is_ok() => Err(refused(403)),
        _ => Err(unexpected::response(WEBHOOKS, answer)),
    }
}

fn refused(status: u16) -> CheckResult {
    CheckResult::fail(
        KEY,
        format!("rejected: {status}"),
        "Check in Mailchimp (Account & billing, Extras, API keys) that the key in \
         MAILCHIMP_API_KEY still exists, and that its user may read the lists",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shared::http::Response;

    use super::{
        super::Verdict::{Fail, Unknown},
        *,
    };

    #[test]
    fn refused_key_differs_from_an_inconclusive_answer() {
        let problem = json!({"title": "canary"}).to_string();
        let table = [
            (401, problem.clone(), Fail, KEY),
            (401, String::new(), Fail, KEY),
            (403, problem.clone(), Fail, KEY),
            (403, "<html>".to_owned(), Unknown, WEBHOOKS),
            (429, problem.clone(), Unknown, WEBHOOKS),
            (404, problem.clone(), Unknown, WEBHOOKS),
            (500, String::new(), Unknown, WEBHOOKS),
            (200, problem, Unknown, WEBHOOKS),
            (200, "<html>".to_owned(), Unknown, WEBHOOKS),
        ];
        for (status, body, verdict, check) in table {
            let answer = Ok(Response { status, headers: HeaderMap::new(), body: body.into() });
            let finding = read::<Lists>(&answer).err().unwrap();
            assert_eq!((finding.verdict, &*finding.check), (verdict, check), "{finding:?}");
            assert!(!format!("{finding:?}").contains("canary"), "{finding:?}");
        }
    }
}
