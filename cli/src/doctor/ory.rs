//! Checks that Ory's admin API is at `ORY_URL` and accepts the token.

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use shared::{config::Endpoint, secrets::Product};
use url::Url;

use super::{
    CheckResult, Reach,
    keys::{self, Slot},
    reach::Answer,
    stack::Stack,
    unexpected,
};

const TOKEN: &str = "Ory: secret";
const ADMIN: &str = "Ory: admin API";

pub(super) async fn check(stack: &Stack, reach: &Reach) -> Vec<CheckResult> {
    let Some(url) = &stack.ory_url else {
        let found = "no output OryUrl: Mailchimp events are not written to Ory";
        let fix = "To write them, deploy with the parameter OryUrl";
        return vec![CheckResult::unknown(ADMIN, found, fix)];
    };
    let Some(api) = Endpoint::parse(url) else { return vec![unexpected::url(ADMIN, "OryUrl")] };
    let Some(id) = stack.ory_secret_id.as_deref() else {
        return vec![asked(reach, &api, None).await];
    };
    let slot = Slot { check: TOKEN, output: "OrySecretId", id: Some(id), field: "access_token" };
    match keys::vendor(reach, &slot, Product::Ory).await {
        (Some(token), secret) => vec![secret, asked(reach, &api, Some(token)).await],
        (None, secret) => vec![secret, CheckResult::skipped(ADMIN, "no usable token")],
    }
}

/// A self-hosted Ory asks for no token.
async fn asked(reach: &Reach, api: &Endpoint, token: Option<SecretString>) -> CheckResult {
    let mut headers = HeaderMap::new();
    if let Some(token) = token {
        let bearer = HeaderValue::try_from(format!("Bearer {}", token.expose_secret()));
        let Ok(mut bearer) = bearer else {
            let found = "the token has characters that are not allowed in a header";
            return CheckResult::fail(ADMIN, found, "Put the token into the secret again");
        };
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
    }
    finding(&reach.get(one_identity(api), headers).await)
}

fn one_identity(api: &Endpoint) -> Url {
    let mut url = api.join("admin/identities");
    url.set_query(Some("page_size=1"));
    url
}

fn finding(answer: &Answer) -> CheckResult {
    let Ok(response) = answer else { return unexpected::response(ADMIN, answer) };
    match response.status {
        200 if is_list(&response.body) => CheckResult::pass(ADMIN, "lists identities"),
        401 | 403 => CheckResult::fail(
            ADMIN,
            format!("rejected the token: {}", response.status),
            "Put a project API key (ory_pat_…) of this project into the secret; a workspace API key \
             cannot read identities",
        ),
        200..=428 | 430..=499 => CheckResult::fail(
            ADMIN,
            format!("responded with {}, not with a list of identities", response.status),
            "OryUrl must be the root of the Ory admin API, without /admin: \
             https://SLUG.projects.oryapis.com",
        ),
        _ => unexpected::response(ADMIN, answer),
    }
}

fn is_list(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).is_ok_and(|body| body.is_array())
}

#[cfg(test)]
mod tests {
    use shared::http::Response;

    use super::{
        super::Verdict::{Fail, Pass, Unknown},
        *,
    };

    #[test]
    fn admin_api_is_recognized_by_a_list_of_identities() {
        let table = [
            (200, "[]", Pass),
            (200, "<html>", Fail),
            (302, "", Fail),
            (401, "{}", Fail),
            (403, "{}", Fail),
            (400, "{}", Fail),
            (404, "{}", Fail),
            (429, "{}", Unknown),
            (500, "", Unknown),
        ];
        for (status, body, verdict) in table {
            let answer = Response { status, headers: HeaderMap::new(), body: body.into() };
            assert_eq!(finding(&Ok(answer)).verdict, verdict, "{status} {body}");
        }
    }

    #[test]
    fn check_requests_one_identity_below_the_root() {
        let api = Endpoint::parse("https://slug.projects.oryapis.com/").unwrap();
        let url = "https://slug.projects.oryapis.com/admin/identities?page_size=1";
        assert_eq!(one_identity(&api).as_str(), url);
    }
}
