//! The calls as commands, and what to do by hand.

use serde_json::{Value, json};

use super::api::Change;
use crate::shell;

/// Stands where nobody named the secret.
const SECRET_ID: &str = r#""$MANDRILL_WEBHOOK_SECRET_ID""#;

/// How to make the webhook, and to keep its key.
pub(super) fn instructions(
    root: &str,
    url: &str,
    events: &[String],
    secret: Option<&str>,
) -> String {
    let create = call(root, &Change::add(url, events));
    let put = put_key(root, url, secret);
    let by_hand = events.join(", ");
    format!(
        r"1. MAKE THE WEBHOOK

Set MANDRILL_API_KEY to a Mandrill API key. Mandrill calls the URL first, so the
function must be deployed:

{create} |
  jq '{{id, url, events}}'

Or in Mandrill: Settings, Webhooks, Add a Webhook. Enter exactly this URL, and
choose these events and no others: {by_hand}.

{url}

2. KEEP ITS KEY

Mandrill signs with a key that it makes. This puts it into the secret whose name
or ARN is the MANDRILL_WEBHOOK_SECRET_ID of the function, and shows it nowhere:

{put}

3. TELL THE FUNCTION THE URL

Mandrill signs each character of the URL. Deploy with this parameter:

MandrillWebhookUrl={}

4. TO RESET THE KEY

Mandrill has no API call for it. In Mandrill: Settings, Webhooks, Reset Key.
Then repeat step 2. Mandrill signs with the new key at once. Until it is in the
secret, the function answers 401, and Mandrill sends the events again. The
function also accepts the previous version of the secret.
",
        shell::word(url)
    )
}

/// The command that copies the key from Mandrill into the secret, and prints it nowhere.
pub fn put_key(root: &str, url: &str, secret: Option<&str>) -> String {
    let list = call(root, &Change { method: "webhooks/list", fields: json!({}) });
    let id = secret.map_or(SECRET_ID.into(), shell::word);
    let url = shell::word(url);
    format!(
        r"{list} |
  jq -ce --arg url {url} \
    'map(select(.url == $url)) | first | {{webhook_key: (.auth_key | strings)}}' |
  aws secretsmanager put-secret-value \
    --secret-id {id} \
    --secret-string file:///dev/stdin"
    )
}

/// A call as a shell command that shows the API key in no list of processes.
fn call(root: &str, Change { method, fields }: &Change) -> String {
    let fields = match fields {
        Value::Object(fields) if !fields.is_empty() => {
            format!(" + {}", serde_json::to_string_pretty(fields).unwrap_or_default())
        }
        _ => String::new(),
    };
    let body = shell::word(&format!("{{key: env.MANDRILL_API_KEY}}{fields}")).into_owned();
    let url = shell::word(&format!("{root}/{method}")).into_owned();
    format!(
        r"jq -n {body} |
  curl --silent --show-error --fail-with-body --json @- \
    {url}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mandrill_webhook::arguments::DEFAULT_EVENTS;

    const ROOT: &str = "https://mandrillapp.com/api/1.0";
    const URL: &str = "https://abc.lambda-url.eu-central-1.on.aws/";

    #[test]
    fn printed_instructions() {
        let events = DEFAULT_EVENTS.map(str::to_owned);
        insta::assert_snapshot!(instructions(ROOT, URL, &events, Some("a-secret")));
    }
}
