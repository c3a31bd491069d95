//! The configuration of a webhook.
//!
//! Source: ory/kratos `embedx/config.schema.json`, `selfServiceWebHook`; `request/config.go`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::configuration::type_of;
use crate::kratos::HookResponse;

/// What a webhook calls, and how.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct WebHook {
    /// The URL.
    pub(crate) url: String,
    /// The HTTP method.
    pub(crate) method: String,
    /// A reference to the template.
    pub(crate) body: Option<String>,
    /// Headers, in clear text.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default)]
    response: ReadOrIgnore,
    #[serde(default)]
    can_interrupt: bool,
    auth: Option<Value>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct ReadOrIgnore {
    ignore: bool,
    parse: bool,
}

/// The credentials that the webhook presents.
#[derive(Clone, Deserialize)]
#[serde(tag = "type", content = "config", rename_all = "snake_case")]
pub(crate) enum Auth {
    /// A header or a cookie.
    ApiKey {
        /// Its name; the configuration must set one.
        #[serde(rename = "name")]
        _name: String,
        /// The key.
        value: String,
        /// Whether it goes into a header or a cookie.
        #[serde(rename = "in")]
        _location: Location,
    },
    /// User and password.
    BasicAuth {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
}

/// Where a key is sent.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Location {
    /// In a header.
    Header,
    /// In a cookie.
    Cookie,
}

impl WebHook {
    /// Parses the `config` of a hook.
    ///
    /// # Errors
    /// Why Kratos would reject it, in words that quote no secret.
    pub(crate) fn read(config: &Value) -> Result<Self, String> {
        wrong_type(config).map_or(Ok(()), Err)?;
        // The messages of the parser would quote values.
        let hook = Self::deserialize(config)
            .map_err(|_| "The configuration cannot be read.".to_owned())?;
        if hook.auth.is_some() && hook.auth().is_none() {
            return Err(
                "Expected `auth` to be `{type: api_key, config: {name, value, in: header or \
                        cookie}}` or `{type: basic_auth, config: {user, password}}`, with strings \
                        as values."
                    .to_owned(),
            );
        }
        Ok(hook)
    }

    /// What Kratos does with the answer.
    pub(crate) fn response(&self) -> HookResponse {
        let ReadOrIgnore { ignore, parse } = self.response;
        HookResponse { ignore, parse, can_interrupt: self.can_interrupt }
    }

    /// The credentials.
    pub(crate) fn auth(&self) -> Option<Auth> {
        self.auth.as_ref().and_then(|auth| Auth::deserialize(auth).ok())
    }

    /// The content type: the default of Kratos if none is set.
    pub(crate) fn content_type(&self) -> &str {
        let set = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        set.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty()).unwrap_or(JSON)
    }
}

/// The keys of a webhook and their types; `url` and `method` are required.
const PARTS: [(&str, &str); 8] = [
    ("/url", "a string"),
    ("/method", "a string"),
    ("/body", "a string"),
    ("/headers", "a map"),
    ("/response", "a map"),
    ("/response/ignore", "a boolean"),
    ("/response/parse", "a boolean"),
    ("/can_interrupt", "a boolean"),
];
const REQUIRED: [&str; 2] = ["/url", "/method"];

/// The first key that is missing or of the wrong type.
fn wrong_type(config: &Value) -> Option<String> {
    if !config.is_object() {
        return Some(format!("Expected a map, got {}.", type_of(config)));
    }
    let is_text = |headers: &Value| {
        headers.as_object().is_some_and(|headers| headers.values().all(Value::is_string))
    };
    if config.get("headers").is_some_and(|headers| headers.is_object() && !is_text(headers)) {
        return Some("A value in `headers` is not a string.".to_owned());
    }
    PARTS.into_iter().find_map(|(pointer, wanted)| {
        let part = pointer.trim_start_matches('/').replace('/', ".");
        match config.pointer(pointer) {
            None if REQUIRED.contains(&pointer) => Some(format!("`{part}` is missing.")),
            Some(value) if type_of(value) != wanted => {
                Some(format!("Expected `{part}` to be {wanted}, got {}.", type_of(value)))
            }
            _ => None,
        }
    })
}

/// The two content types that Kratos knows, in exactly this spelling.
///
/// Source: ory/kratos `request/builder.go`.
pub(crate) const JSON: &str = "application/json";
/// See [`JSON`].
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn configuration_refused_by_kratos_is_reported_with_secrets_redacted() {
        let secret = 7_777_777;
        let table = [
            (json!(null), "Expected a map, got nothing."),
            (json!({"method": "POST"}), "`url` is missing"),
            (json!({"url": "x"}), "`method` is missing"),
            (
                json!({"url": secret, "method": "POST"}),
                "Expected `url` to be a string, got a number",
            ),
            (
                json!({"url": "x", "method": "POST", "headers": "7777777"}),
                "`headers` to be a map, got a string",
            ),
            (json!({"url": "x", "method": "POST", "headers": {"A": secret}}), "not a string"),
            (
                json!({"url": "x", "method": "POST", "response": "parse"}),
                "to be a map, got a string",
            ),
            (
                json!({"url": "x", "method": "POST", "response": {"parse": "yes"}}),
                "Expected `response.parse` to be a boolean, got a string",
            ),
            (json!({"url": "x", "method": "POST", "auth": {}}), "Expected `auth` to be"),
            (
                json!({"url": "x", "method": "POST", "auth": {
                    "type": "api_key", "config": {"name": "x", "value": secret, "in": "header"},
                }}),
                "with strings as values",
            ),
        ];
        for (config, part) in table {
            let error = WebHook::read(&config).err().unwrap_or_default();
            assert!(error.contains(part), "{config}: {error}");
            assert!(!error.contains("7777777"), "{error}");
        }
    }
}
