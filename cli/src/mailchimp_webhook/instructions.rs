//! What is printed: the calls, and the steps by hand.

use serde_json::{Value, json};
use url::Url;

use super::SECRET;
use crate::shell;

/// Stands for the next secret in the call that puts it in place.
const NEW_SECRET: &str = "NEW-SECRET";

/// How to make the webhook of this URL for this list.
pub(super) fn instructions(url: &Url, list: &str) -> String {
    let create = call("POST", list, "webhooks", Some(&webhook(url)));
    let find = call("GET", list, "webhooks", None);
    let rotate = call("PATCH", list, "webhooks/WEBHOOK-ID", Some(&webhook(&with_new_secret(url))));
    let field = json!({"tag": "ORY_ID", "name": "Ory identity", "type": "text", "public": false});
    let merge_field = call("POST", list, "merge-fields", Some(&field));
    let by_hand = url.as_str();
    format!(
        r#"Nothing has been sent. Make the webhook in one of these two ways, and keep its secret by the
third; the secret stands in what follows.

1. BY THE API

MAILCHIMP_API_KEY holds a key of Mailchimp Marketing; it ends in the data centre, as in …-us6.

umask 077
{create} > mailchimp-webhook.json

The answer holds `signing_secret`, this once and never again. Put it into the secret that the
function's MAILCHIMP_SIGNING_SECRET_ID names, by its name or ARN:

aws secretsmanager put-secret-value --secret-id "$MAILCHIMP_SIGNING_SECRET_ID" \
  --secret-string "$(jq -ce 'select(.signing_secret) | {{signing_secret}}' mailchimp-webhook.json)" \
  && rm mailchimp-webhook.json

If it gets lost, delete the webhook and make another.

2. IN MAILCHIMP'S PAGES

- Audience, your audience, Settings, Webhooks, Create New Webhook.
- Callback URL: {by_hand}
- What to send: subscribes, unsubscribes, profile updates, email changed, cleaned emails.
  Leave campaign sending off.
- When: by a subscriber, by an account admin. Leave "via the API" off: what another tool of yours
  writes to Mailchimp would come back from there.
- Save. Mailchimp calls the URL and wants a 200. If it shows a signing secret then, it does so this
  once: put {{"signing_secret":"…"}} into the secret as above.

3. ANOTHER SECRET, LATER

Mailchimp refuses a second webhook whose URL differs in the query only, so change this one in place.
First put the new secret into Secrets Manager: the function takes the old one, too, for as long as
it is the version before. Then look up the webhook's id, and give it the new URL:

{find}

{rotate}

If the old secret has leaked, put the new one into Secrets Manager once more: that shuts the old one
out.

4. ORY_ID IN THE AUDIENCE

A person who changes the address in Mailchimp keeps the old one as the login in Ory. Without a merge
field ORY_ID nothing connects the two, and an unsubscribe from the new address matches nobody.
Create the field, not public, and fill it with the identity's id when you add a contact:

{merge_field}
"#
    )
}

/// A call of Mailchimp's API, as a shell takes it.
fn call(method: &str, list: &str, path: &str, body: Option<&Value>) -> String {
    let root = "https://${MAILCHIMP_API_KEY##*-}.api.mailchimp.com/3.0";
    let request = format!(
        r#"curl --silent --show-error --fail-with-body --request {method} \
  "{root}/lists/{list}/{path}" \
  --user "any:$MAILCHIMP_API_KEY""#
    );
    match body {
        Some(body) => format!(
            "{request} --header 'Content-Type: application/json' \\\n  --data {}",
            shell::word(&format!("{body:#}"))
        ),
        None => request,
    }
}

/// All events and all sources by name: what Mailchimp makes of one that is missing, it does not
/// say.
fn webhook(url: &Url) -> Value {
    json!({
        "url": url.as_str(),
        "events": {
            "subscribe": true, "unsubscribe": true, "profile": true, "upemail": true,
            "cleaned": true, "campaign": false,
        },
        "sources": {"user": true, "admin": true, "api": false},
    })
}

fn with_new_secret(url: &Url) -> Url {
    let pairs = url.query_pairs().map(|(name, value)| {
        let is_secret = name == SECRET;
        (name, if is_secret { NEW_SECRET.into() } else { value })
    });
    let mut changed = url.clone();
    changed.query_pairs_mut().clear().extend_pairs(pairs);
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mailchimp_webhook::arguments::fit_url;

    const URL: &str = "https://abc.lambda-url.eu-central-1.on.aws/?secret=4fK2mPq8Zt6WvX1c";

    #[test]
    fn printed_instructions() {
        insta::assert_snapshot!(instructions(&fit_url(URL).unwrap(), "a6b5da1054"));
    }

    #[test]
    fn quotes_are_escaped() {
        let url = fit_url("https://example.com/it's/?secret=0123456789abcdef").unwrap();
        let printed = call("POST", "l", "webhooks", Some(&webhook(&url)));
        let words = std::process::Command::new("sh")
            .args(["-c", &printed.replacen("curl", "printf '%s\\n'", 1)])
            .env("MAILCHIMP_API_KEY", "key-us6")
            .output()
            .unwrap();
        let words = String::from_utf8(words.stdout).unwrap();
        assert!(words.contains("https://us6.api.mailchimp.com/3.0/lists/l/webhooks\n"), "{words}");
        let body = &words[words.find('{').unwrap()..];
        assert_eq!(serde_json::from_str::<Value>(body).unwrap(), webhook(&url));
    }

    #[test]
    fn only_the_url_secret_changes() {
        let url = fit_url("https://example.com/x?a=b&secret=0123456789abcdef").unwrap();
        assert_eq!(with_new_secret(&url).as_str(), "https://example.com/x?a=b&secret=NEW-SECRET");
    }
}
