//! `mailchimp-webhook`: how to make Mailchimp's webhook, with nothing left to a default. It sends
//! nothing. <https://mailchimp.com/developer/marketing/api/list-webhooks/>

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};
use shared::secrets::{PLACEHOLDER, is_placeholder};
use url::Url;

use super::Done;
use crate::shell::quoted;

/// The query parameter that authenticates Mailchimp.
const SECRET: &str = "secret";

/// The function ignores a shorter secret.
const MIN_SECRET_CHARACTERS: usize = 16;

/// What somebody typed to fill the space has fewer different characters than this; what was drawn
/// at random has more.
const MIN_DIFFERENT_CHARACTERS: usize = 6;

/// Stands for the next secret in the call that puts it in place.
const NEW_SECRET: &str = "NEW-SECRET";

const EXAMPLES: &str = "\
Examples:
  ory-actions mailchimp-webhook --url \"$MAILCHIMP_INBOUND_URL?secret=$MAILCHIMP_SECRET\" \\
    --list a6b5da1054";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct MailchimpWebhook {
    /// The function's URL with the secret at its end: https://….on.aws/?secret=…
    #[arg(long)]
    url: String,
    /// The audience's id, as its settings show it: letters and digits.
    #[arg(long, value_name = "LIST_ID")]
    list: String,
}

/// Why no webhook is to be made of what was given. Nothing repeats the secret.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
enum Unfit {
    #[error("--url: not a URL")]
    NoUrl,
    #[error("--url: wanted https, as the secret travels in it")]
    NotHttps,
    #[error(
        "--url: `?secret=` is missing or empty; the stack's output NextReadMailchimpSecret prints \
         the command that reads the secret"
    )]
    NoSecret,
    #[error(
        "--url: the secret is a placeholder; the stack's output NextReadMailchimpSecret prints the \
         command that reads the real one"
    )]
    Placeholder,
    #[error("--url: the secret has fewer than {MIN_SECRET_CHARACTERS} characters")]
    ShortSecret,
    #[error("--list: wanted the audience's id: letters and digits, as in a6b5da1054")]
    NoListId,
}

impl MailchimpWebhook {
    pub(super) fn run(self) -> Done {
        println!("{}", instructions(&fit_url(&self.url)?, fit_list(&self.list)?));
        Ok(ExitCode::SUCCESS)
    }
}

fn fit_url(text: &str) -> Result<Url, Unfit> {
    let url = Url::parse(text).map_err(|_| Unfit::NoUrl)?;
    if url.scheme() != "https" {
        return Err(Unfit::NotHttps);
    }
    let secret = url.query_pairs().find(|(name, _)| name == SECRET).map(|(_, secret)| secret);
    match secret.as_deref() {
        None | Some("") => Err(Unfit::NoSecret),
        Some(secret) if looks_like_placeholder(secret) => Err(Unfit::Placeholder),
        Some(secret) if secret.chars().count() < MIN_SECRET_CHARACTERS => Err(Unfit::ShortSecret),
        Some(_) => Ok(url),
    }
}

/// Whether somebody still has to put the secret in: the template's own word, a NAME-LIKE-THIS, an
/// ellipsis, brackets, or one key held down.
fn looks_like_placeholder(secret: &str) -> bool {
    let is_name = secret.chars().all(|one| one.is_ascii_uppercase() || "-_".contains(one));
    let different: std::collections::BTreeSet<_> = secret.chars().collect();
    is_placeholder(secret)
        || secret.to_ascii_lowercase().contains(PLACEHOLDER)
        || is_name
        || secret.contains("...")
        || secret.contains(['…', '<', '>', '{', '}', '$'])
        || (secret.len() >= MIN_SECRET_CHARACTERS && different.len() < MIN_DIFFERENT_CHARACTERS)
}

fn fit_list(list: &str) -> Result<&str, Unfit> {
    let is_id = !list.is_empty() && list.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_id.then_some(list).ok_or(Unfit::NoListId)
}

fn instructions(url: &Url, list: &str) -> String {
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
            quoted(&format!("{body:#}"))
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

    const URL: &str = "https://abc.lambda-url.eu-central-1.on.aws/?secret=4fK2mPq8Zt6WvX1c";

    #[test]
    fn what_is_printed() {
        insta::assert_snapshot!(instructions(&fit_url(URL).unwrap(), "a6b5da1054"));
    }

    #[test]
    fn what_is_wrong_with_a_url_is_told() {
        let table = [
            ("abc", Unfit::NoUrl),
            ("http://example.com/?secret=4fK2mPq8Zt6WvX1c", Unfit::NotHttps),
            ("https://example.com/", Unfit::NoSecret),
            ("https://example.com/?secret=", Unfit::NoSecret),
            ("https://example.com/?Secret=4fK2mPq8Zt6WvX1c", Unfit::NoSecret),
            ("https://example.com/?secret=4fK2mPq8Zt6WvX1", Unfit::ShortSecret),
            ("https://example.com/?secret=replace-me", Unfit::Placeholder),
            ("https://example.com/?secret=your-mailchimp-secret-2", Unfit::Placeholder),
            ("https://example.com/?secret=THE-MAILCHIMP-SECRET", Unfit::Placeholder),
            ("https://example.com/?secret=…", Unfit::Placeholder),
            ("https://example.com/?secret=<your-secret-here>", Unfit::Placeholder),
            ("https://example.com/?secret=$MAILCHIMP_SECRET", Unfit::Placeholder),
            ("https://example.com/?secret=xxxxxxxxxxxxxxxxxxxx", Unfit::Placeholder),
        ];
        for (url, unfit) in table {
            assert_eq!(fit_url(url), Err(unfit), "{url}");
        }
        assert!(fit_url("https://example.com/?a=b&secret=0123456789abcdef").is_ok());
    }

    #[test]
    fn a_list_is_an_id() {
        assert_eq!(fit_list("a6b5da1054"), Ok("a6b5da1054"));
        for list in ["", "LIST ID", "a/b", "$(x)", "a'b"] {
            assert_eq!(fit_list(list), Err(Unfit::NoListId), "{list}");
        }
    }

    #[test]
    fn a_quote_does_not_end_the_quotes() {
        let url = fit_url("https://example.com/it's/?secret=0123456789abcdef").unwrap();
        let printed = call("POST", "l", "webhooks", Some(&webhook(&url)));
        assert!(printed.contains(r"https://example.com/it'\''s/?secret="), "{printed}");
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
    fn only_the_secret_of_the_url_is_new() {
        let url = fit_url("https://example.com/x?a=b&secret=0123456789abcdef").unwrap();
        assert_eq!(with_new_secret(&url).as_str(), "https://example.com/x?a=b&secret=NEW-SECRET");
    }
}
