//! From a template's output to a call that Mandrill accepts.

use serde_json::{Map, Value, json};
use shared::{
    deliver::{EventFacts, Rendered},
    mandrill::{IDENTITY_IN_METADATA, KEY_IN_METADATA, recipient_digest},
};

/// Mandrill drops longer metadata, including that of `recipient_metadata` for a recipient; its
/// documents say 200 or 250 bytes.
const MAX_METADATA_BYTES: usize = 200;
const METADATA_TOO_LONG: &str = "`metadata` is over 200 bytes with what the function adds";

const COPIED: &str = "the message has a cc or bcc";

/// One call of `messages/send` or `messages/send-template`, without the API key.
pub struct Call {
    /// The API's method.
    pub method: &'static str,
    /// The body, without the key.
    pub body: Map<String, Value>,
}

impl Call {
    /// Checks the template's output.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn prepare(mut body: Rendered, event: &EventFacts<'_>) -> Result<Self, &'static str> {
        if body.contains_key("key") {
            return Err("the template output has a `key`, which the function sets");
        }
        let message = body
            .get_mut("message")
            .and_then(Value::as_object_mut)
            .ok_or("the template output has no `message` object")?;
        check_recipient(message)?;
        check_headers(message)?;
        keep_headers_to_a_line(message);
        add_metadata(message, event)?;
        let method = if body.contains_key("template_name") {
            // Mandrill requires the field, even if the template has nothing to edit.
            body.entry("template_content").or_insert_with(|| json!([]));
            "messages/send-template"
        } else {
            "messages/send"
        };
        Ok(Self { method, body })
    }

    /// The one address that the mail goes to.
    pub(crate) fn recipient(&self) -> &str {
        self.message("/to/0/email")
    }

    /// The recipient, as the record holds it while the mail is in doubt.
    pub(crate) fn recipient_digest(&self) -> String {
        recipient_digest(self.key(), self.recipient())
    }

    /// The idempotency key, as in the metadata.
    pub(crate) fn key(&self) -> &str {
        self.message("/metadata/ory_key")
    }

    fn message(&self, pointer: &str) -> &str {
        let value = self.body.get("message").and_then(|message| message.pointer(pointer));
        value.and_then(Value::as_str).unwrap_or_default()
    }
}

/// One mail to one person: Ory's event does not name any other recipient.
fn check_recipient(message: &Map<String, Value>) -> Result<(), &'static str> {
    let wrong = "the message has not exactly one recipient";
    let [recipient] = message.get("to").and_then(Value::as_array).ok_or(wrong)?.as_slice() else {
        return Err(wrong);
    };
    let email = recipient.get("email").and_then(Value::as_str).unwrap_or_default();
    if email.trim().is_empty() {
        return Err("the recipient has no `email`");
    }
    if email.contains(|letter: char| letter.is_ascii_control() || ",;<>".contains(letter)) {
        return Err("the recipient's `email` is not one address");
    }
    let is_to = recipient.get("type").is_none_or(|kind| kind == "to" || kind.is_null());
    let has_bcc = message.get("bcc_address").is_some_and(|address| !address.is_null());
    if is_to && !has_bcc { Ok(()) } else { Err(COPIED) }
}

/// Headers could name further recipients, and a list of them could hide that.
fn check_headers(message: &Map<String, Value>) -> Result<(), &'static str> {
    let headers = match message.get("headers") {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::Object(headers)) => headers,
        Some(_) => return Err("`headers` is not an object"),
    };
    if !headers.keys().all(|name| is_header_name(name)) {
        return Err("the name of a header is none");
    }
    if names_a_recipient(headers) { Err(COPIED) } else { Ok(()) }
}

fn names_a_recipient(headers: &Map<String, Value>) -> bool {
    let recipients = ["to", "cc", "bcc"];
    headers.keys().any(|name| recipients.contains(&name.to_ascii_lowercase().as_str()))
}

/// RFC 5322, 3.6.8: visible ASCII except the colon.
fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':')
}

/// A line break in a value of a mail's header, say in a name that a person typed, would begin
/// another header.
fn keep_headers_to_a_line(message: &mut Map<String, Value>) {
    for name in ["subject", "from_name", "from_email", "headers"] {
        message.get_mut(name).into_iter().for_each(keep_to_a_line);
    }
    let to = message.get_mut("to").and_then(|to| to.pointer_mut("/0/name"));
    to.into_iter().for_each(keep_to_a_line);
}

fn keep_to_a_line(value: &mut Value) {
    match value {
        Value::String(text) if text.contains(char::is_control) => {
            *text = text.replace(char::is_control, " ");
        }
        Value::Array(values) => values.iter_mut().for_each(keep_to_a_line),
        Value::Object(fields) => fields.values_mut().for_each(keep_to_a_line),
        _ => {}
    }
}

fn add_metadata(
    message: &mut Map<String, Value>,
    event: &EventFacts<'_>,
) -> Result<(), &'static str> {
    let metadata = message.entry("metadata").or_insert(Value::Null);
    if metadata.is_null() {
        *metadata = json!({});
    }
    let fields = metadata.as_object_mut().ok_or("`metadata` is not an object")?;
    refuse_ours(fields)?;
    fields.insert(KEY_IN_METADATA.to_owned(), json!(event.idempotency_key));
    if let Some(id) = event.identity_id {
        fields.insert(IDENTITY_IN_METADATA.to_owned(), json!(id));
    }
    let mut merged = fields.clone();
    check_length(&merged)?;
    for values in recipient_metadata(message)? {
        refuse_ours(values)?;
        merged.extend(values.clone());
        check_length(&merged)?;
    }
    Ok(())
}

/// The values of each entry, which Mandrill merges over the metadata of that recipient's mail: a
/// list of `{rcpt, values}` (Mandrill's description of `messages/send`).
fn recipient_metadata(
    message: &Map<String, Value>,
) -> Result<Vec<&Map<String, Value>>, &'static str> {
    let wrong = "`recipient_metadata` is not a list of `rcpt` and `values`";
    let entries = match message.get("recipient_metadata") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(entries) => entries.as_array().ok_or(wrong)?,
    };
    let values = entries.iter().map(|entry| {
        let is_for_somebody = entry.get("rcpt").is_some_and(Value::is_string);
        let values = entry.get("values").and_then(Value::as_object);
        values.filter(|_| is_for_somebody).ok_or(wrong)
    });
    values.collect()
}

fn refuse_ours(metadata: &Map<String, Value>) -> Result<(), &'static str> {
    let ours = [KEY_IN_METADATA, IDENTITY_IN_METADATA];
    if ours.iter().any(|name| metadata.contains_key(*name)) {
        return Err("`ory_key` and `ory_identity` in metadata are set by the function");
    }
    Ok(())
}

fn check_length(metadata: &Map<String, Value>) -> Result<(), &'static str> {
    let json = json!(metadata).to_string();
    if json.chars().map(ascii_bytes).sum::<usize>() > MAX_METADATA_BYTES {
        return Err(METADATA_TOO_LONG);
    }
    Ok(())
}

/// The bytes of a character in JSON that is all ASCII, as Mandrill may count it: `\uXXXX` for each
/// unit of UTF-16 (RFC 8259, 7).
fn ascii_bytes(letter: char) -> usize {
    if letter.is_ascii() { 1 } else { letter.len_utf16() * r"\uXXXX".len() }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const KEY: &str = "0123456789abcdef0123456789abcdef";
    const ID: &str = "3a5293f1-f4d6-49f4-b34f-6da62c360604";

    fn prepare(result: &Value) -> Result<Call, &'static str> {
        prepare_of(Some(ID), result)
    }

    fn prepare_of(identity_id: Option<&str>, result: &Value) -> Result<Call, &'static str> {
        let received_at = datetime!(2026-01-01 00:00 UTC);
        let event = EventFacts { idempotency_key: KEY, identity_id, received_at };
        Call::prepare(result.as_object().unwrap().clone(), &event)
    }

    fn to(recipients: &Value) -> Value {
        json!({"message": {"to": recipients}})
    }

    #[test]
    fn template_name_selects_send_template() {
        let message = json!({"to": [{"email": "ann@example.com"}]});
        let plain = prepare(&json!({"message": message})).unwrap();
        assert_eq!(plain.method, "messages/send");
        assert!(!plain.body.contains_key("template_content"));
        let named = prepare(&json!({"message": message, "template_name": "welcome"})).unwrap();
        assert_eq!(named.method, "messages/send-template");
        assert_eq!(named.body["template_content"], json!([]));
        let content = json!([{"name": "header", "content": "x"}]);
        let filled = json!({
            "message": message, "template_name": "welcome", "template_content": content,
        });
        assert_eq!(prepare(&filled).unwrap().body["template_content"], content);
    }

    #[test]
    fn metadata_has_the_idempotency_key_and_the_identity_id() {
        let result = json!({"message": {
            "to": [{"email": "ann@example.com", "type": "to"}], "metadata": {"plan": "free"},
        }});
        let call = prepare(&result).unwrap();
        let expected = json!({"plan": "free", "ory_key": KEY, "ory_identity": ID});
        assert_eq!(call.body["message"]["metadata"], expected);
        let unknown = prepare_of(None, &result).unwrap();
        let expected = json!({"plan": "free", "ory_key": KEY});
        assert_eq!(unknown.body["message"]["metadata"], expected);
    }

    /// `{"ory_identity":"…","ory_key":"…","x":"…"}`, without the text of `x`.
    const WITHOUT_X: usize = 107;

    #[test]
    fn metadata_size_is_measured_as_ascii_json_with_recipient_metadata() {
        let of = |metadata: Value, recipient: Value| {
            let recipient = json!([{"rcpt": "ann@example.com", "values": recipient}]);
            prepare(&json!({"message": {
                "to": [{"email": "ann@example.com"}], "metadata": metadata,
                "recipient_metadata": recipient,
            }}))
        };
        let room = MAX_METADATA_BYTES - WITHOUT_X;
        // A letter with the bytes that it takes, and some more of one byte each.
        for (letter, bytes) in [("x", 1), ("\"", 2), ("\n", 2), ("ü", 6), ("\u{1F600}", 12)] {
            let filled = format!("{}{}", letter.repeat(room / bytes), "x".repeat(room % bytes));
            let over = format!("{filled}x");
            for (metadata, recipient, fits) in [
                (json!({"x": filled}), json!({}), true),
                (json!({"x": over}), json!({}), false),
                (json!(null), json!({"x": filled}), true),
                (json!(null), json!({"x": over}), false),
                (json!({"x": "y"}), json!({"x": filled}), true),
                (json!({"x": over}), json!({"x": "y"}), false),
                (json!({"x": filled}), json!({"y": ""}), false),
            ] {
                let call = of(metadata, recipient);
                assert_eq!(call.is_ok(), fits, "{letter}: {:?}", call.err());
            }
        }
    }

    #[test]
    fn recipient_digest_distinguishes_addresses_and_differs_per_mail() {
        let digest = |email: &str, key| {
            let received_at = datetime!(2026-01-01 00:00 UTC);
            let event = EventFacts { idempotency_key: key, identity_id: None, received_at };
            let result = to(&json!([{"email": email}]));
            let call = Call::prepare(result.as_object().unwrap().clone(), &event).ok().unwrap();
            call.recipient_digest()
        };
        let ann = digest("ann@example.com", KEY);
        assert_eq!(ann, digest("ann@example.com", KEY));
        assert_eq!(ann, digest("Ann@Example.com", KEY), "Mandrill may report it in lower case");
        assert_ne!(ann, digest("ann@example.org", KEY));
        assert_ne!(ann, digest("ann@example.com", "fedcba9876543210fedcba9876543210"));
        assert!(ann.len() == 16 && ann.bytes().all(|byte| byte.is_ascii_hexdigit()), "{ann}");
    }

    #[test]
    fn mail_header_fields_are_one_line() {
        let result = json!({"message": {
            "to": [{"email": "ann@example.com", "name": "Ann\r\nBcc: eve@example.com"}],
            "subject": "Hello Ann\r\nBcc: eve@example.com", "from_name": "\u{0}Ory\n",
            "headers": {"X-Name": "Ann\nBcc: eve@example.com", "X-Both": ["a\rb", "c\u{85}d"]},
            "text": "two\nlines", "html": "<p>two\nlines</p>",
        }});
        let mut message = Value::from(prepare(&result).unwrap().body)["message"].take();
        message.as_object_mut().unwrap().remove("metadata");
        let expected = json!({
            "to": [{"email": "ann@example.com", "name": "Ann  Bcc: eve@example.com"}],
            "subject": "Hello Ann  Bcc: eve@example.com", "from_name": " Ory ",
            "headers": {"X-Name": "Ann Bcc: eve@example.com", "X-Both": ["a b", "c d"]},
            "text": "two\nlines", "html": "<p>two\nlines</p>",
        });
        assert_eq!(message, expected);
    }

    #[test]
    fn invalid_output_is_refused() {
        let ann = json!({"email": "ann@example.com"});
        let long = "x".repeat(MAX_METADATA_BYTES);
        let of_recipient =
            |metadata: &Value| json!({"message": {"to": [ann], "recipient_metadata": metadata}});
        let table = [
            (json!({"key": "k", "message": {"to": [ann]}}), "`key`"),
            (json!({}), "no `message`"),
            (json!({"message": []}), "no `message`"),
            (json!({"message": {}}), "exactly one"),
            (to(&json!([])), "exactly one"),
            (to(&json!([ann, ann])), "exactly one"),
            (to(&ann), "exactly one"),
            (to(&json!([{}])), "no `email`"),
            (to(&json!([{"email": " "}])), "no `email`"),
            (to(&json!([{"email": "ann@example.com,eve@example.com"}])), "not one address"),
            (to(&json!([{"email": "ann@example.com; eve@example.com"}])), "not one address"),
            (to(&json!([{"email": "Ann <ann@example.com>"}])), "not one address"),
            (to(&json!([{"email": "ann@example.com\r\nBcc: eve@example.com"}])), "not one address"),
            (to(&json!([{"email": "ann@example.com\u{0}"}])), "not one address"),
            (json!({"message": {"to": [ann], "headers": {"X\r\nBcc": "e"}}}), "name of a header"),
            (json!({"message": {"to": [ann], "headers": {"Bcc:": "e"}}}), "name of a header"),
            (json!({"message": {"to": [ann], "headers": {" Bcc": "e"}}}), "name of a header"),
            (json!({"message": {"to": [ann], "headers": {"": "e"}}}), "name of a header"),
            (
                json!({"message": {"to": [ann], "headers": [{"Bcc": "e"}]}}),
                "`headers` is not an object",
            ),
            (json!({"message": {"to": [ann], "headers": "Bcc: e"}}), "`headers` is not an object"),
            (to(&json!([{"email": "ann@example.com", "type": "cc"}])), "cc or bcc"),
            (to(&json!([{"email": "ann@example.com", "type": "bcc"}])), "cc or bcc"),
            (json!({"message": {"to": [ann], "bcc_address": "eve@example.com"}}), "cc or bcc"),
            (json!({"message": {"to": [ann], "headers": {"Bcc": "eve@example.com"}}}), "cc or bcc"),
            (json!({"message": {"to": [ann], "metadata": []}}), "not an object"),
            (json!({"message": {"to": [ann], "metadata": {"x": long}}}), "over 200 bytes"),
            (
                json!({"message": {"to": [ann], "metadata": {"x": "ü".repeat(60)}}}),
                "over 200 bytes",
            ),
            (
                json!({"message": {"to": [ann], "metadata": {"ory_key": "x"}}}),
                "set by the function",
            ),
            (
                json!({"message": {"to": [ann], "metadata": {"ory_key": null}}}),
                "set by the function",
            ),
            (
                json!({"message": {"to": [ann], "metadata": {"ory_identity": "x"}}}),
                "set by the function",
            ),
            (
                of_recipient(&json!([{"rcpt": "a", "values": {"ory_key": 1}}])),
                "set by the function",
            ),
            (
                of_recipient(
                    &json!([{"rcpt": "a", "values": {}}, {"rcpt": "b", "values": {"ory_identity": 1}}]),
                ),
                "set by the function",
            ),
            (of_recipient(&json!([{"rcpt": "a", "values": {"x": long}}])), "over 200 bytes"),
            (of_recipient(&json!({})), "not a list of"),
            (of_recipient(&json!("x")), "not a list of"),
            (of_recipient(&json!([5])), "not a list of"),
            (of_recipient(&json!([{"values": {}}])), "not a list of"),
            (of_recipient(&json!([{"rcpt": "a"}])), "not a list of"),
            (of_recipient(&json!([{"rcpt": "a", "values": [{"ory_key": 1}]}])), "not a list of"),
        ];
        for (result, part) in table {
            let rule = prepare(&result).err().unwrap_or_else(|| panic!("{result} is taken"));
            assert!(rule.contains(part), "{result}: {rule}");
        }
    }
}
