//! The instructions: the API calls, and the manual steps.

use serde_json::{Value, json};
use url::Url;

use super::SECRET;
use crate::shell;

/// A placeholder for the next secret in the call that sets it.
const NEW_SECRET: &str = "NEW-SECRET";

/// How to create the webhook with this URL for this list.
pub(super) fn instructions(url: &Url, list: &str) -> String {
    let root = root(list);
    let create = call("POST", "webhooks", Some(&webhook(url)));
    let find = call("GET", "webhooks", None);
    let rotate = call("PATCH", "webhooks/WEBHOOK-ID", Some(&webhook(&with_new_secret(url))));
    let field = json!({"tag": "ORY_ID", "name": "Ory identity", "type": "text", "public": false});
    let merge_field = call("POST", "merge-fields", Some(&field));
    let by_hand = url.as_str();
    format!(
        r#"1. WITH THE API

Set MAILCHIMP_API_KEY to a Mailchimp Marketing API key; it ends in the data
center, for example …-us6. All commands below use the audience in that account:

{root}

Create the webhook:

umask 077
{create} > mailchimp-webhook.json

Mailchimp returns `signing_secret` only in this response. Store it in the secret
whose name or ARN is the MAILCHIMP_SIGNING_SECRET_ID of the function:

signing_secret=$(jq -ce 'select(.signing_secret) | {{signing_secret}}' \
  mailchimp-webhook.json) &&
  aws secretsmanager put-secret-value \
    --secret-id "$MAILCHIMP_SIGNING_SECRET_ID" \
    --secret-string "$signing_secret" &&
  rm mailchimp-webhook.json

If you lose it, delete the webhook and create another one.

2. IN MAILCHIMP

- Audience, your audience, Settings, Webhooks, Create New Webhook.
- Callback URL: {by_hand}
- What to send: subscribes, unsubscribes, profile updates, email changed,
  cleaned emails. Leave campaign sending off.
- When: by a subscriber, by an account admin. Leave "via the API" off: otherwise
  changes that your own tools write to Mailchimp come back as events.
- Save. Mailchimp calls the URL and expects a 200. If it shows a signing secret,
  it does so only once: store {{"signing_secret":"…"}} in the secret as above.

3. TO ROTATE THE SECRET

Mailchimp rejects a second webhook whose URL differs only in the query, so
update this one. First store the new secret in Secrets Manager: the function
also accepts the previous version. Then look up the webhook id and set the new
URL:

{find}

{rotate}

If the old secret has leaked, store the new secret a second time, so that the
leaked one is no longer the previous version.

4. TO MATCH PEOPLE WHO CHANGE THEIR ADDRESS

People who change their address in Mailchimp keep the old one in Ory. Without
the merge field ORY_ID, an unsubscribe from the new address matches nobody.
Create the field, not public, and set it to the identity id when you add a
contact:

{merge_field}
"#
    )
}

/// Sets the URL of the list, which the calls use.
fn root(list: &str) -> String {
    format!(r#"list="https://${{MAILCHIMP_API_KEY##*-}}.api.mailchimp.com/3.0/lists/{list}""#)
}

/// A call of the Mailchimp API as a shell command.
fn call(method: &str, path: &str, body: Option<&Value>) -> String {
    let request = format!(
        r#"curl --silent --show-error --fail-with-body --request {method} \
  "${{list:?}}/{path}" --user "any:$MAILCHIMP_API_KEY""#
    );
    match body {
        Some(body) => format!(
            "{request} \\\n  --header 'Content-Type: application/json' --data {}",
            shell::word(&format!("{body:#}"))
        ),
        None => request,
    }
}

/// All events and all sources by name: Mailchimp does not document the default of a missing one.
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
        let printed = call("POST", "webhooks", Some(&webhook(&url)));
        let printed = format!("{}\n{printed}", root("l"));
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
