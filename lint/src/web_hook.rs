//! The configuration of a webhook.
//!
//! Source: ory/kratos `embedx/config.schema.json`, `selfServiceWebHook`; `request/config.go`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{configuration::type_of, schema};
use crate::kratos::HookResponse;

/// What a webhook calls, and how. What Kratos refuses is left out, so that the rest is checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct WebHook {
    /// The URL; `None` if the file does not set one.
    pub(crate) url: Option<String>,
    /// The HTTP method; `None` if the file does not set one.
    pub(crate) method: Option<String>,
    /// A reference to the template.
    pub(crate) body: Option<String>,
    /// Headers, in clear text.
    pub(crate) headers: BTreeMap<String, String>,
    /// Whether it has `auth`, in whichever form.
    pub(crate) has_auth: bool,
    /// The secrets that it presents: a key, or a user and a password.
    pub(crate) credentials: Vec<String>,
    /// The content type, if `auth` sets this header.
    pub(crate) type_by_auth: Option<String>,
    /// What happens to the answer.
    pub(crate) response: HookResponse,
}

/// What is wrong with the configuration of a webhook.
#[derive(Debug, Default)]
pub(crate) struct Complaints {
    /// What Kratos refuses: the part, and the reason in words that quote no secret.
    pub(crate) refused: Vec<(String, String)>,
    /// The parts that are required and missing, but that people set by environment variables.
    pub(crate) unset: Vec<String>,
}

impl Complaints {
    /// Kratos refuses a part; the empty one is the configuration itself.
    fn refuse(&mut self, part: &str, why: impl Into<String>) {
        self.refused.push((part.to_owned(), why.into()));
    }

    fn unknown(&mut self, part: &str, map: &Map<String, Value>, known: &[&str]) {
        for key in schema::unknown(map, known) {
            let at = if part.is_empty() { key.to_owned() } else { format!("{part}.{key}") };
            self.refuse(&at, unknown_key(key, known));
        }
    }

    /// The value of a key, if it has the wanted type.
    fn read<'v, T>(
        &mut self,
        map: &'v Map<String, Value>,
        part: &str,
        wanted: &str,
        as_type: fn(&'v Value) -> Option<T>,
    ) -> Option<T> {
        let value = map.get(part.rsplit('.').next().unwrap_or(part))?;
        let read = as_type(value);
        if read.is_none() {
            let why = format!("Expected `{part}` to be {wanted}, got {}.", type_of(value));
            self.refuse("", why);
        }
        read
    }
}

/// The reason why a key is refused.
pub(crate) fn unknown_key(key: &str, known: &[&str]) -> String {
    let known: Vec<_> = known.iter().map(|key| format!("`{key}`")).collect();
    format!("Kratos does not know the key `{key}` here, only {}.", known.join(", "))
}

impl WebHook {
    /// Parses the `config` of a hook, as far as it can be read.
    pub(crate) fn read(config: &Value) -> (Option<Self>, Complaints) {
        let mut complaints = Complaints::default();
        let Value::Object(config) = config else {
            complaints.refuse("", format!("Expected a map, got {}.", type_of(config)));
            return (None, complaints);
        };
        complaints.unknown("", config, &schema::CONFIG);
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let hook = Self {
            url: complaints.read(config, "url", "a string", text),
            method: complaints.read(config, "method", "a string", text),
            body: complaints.read(config, "body", "a string", text),
            headers: headers(config, &mut complaints),
            has_auth: config.contains_key("auth"),
            credentials: auth(config, &mut complaints),
            type_by_auth: type_by_auth(config),
            response: response(config, &mut complaints),
        };
        complaints.read(config, "id", "a string", Value::as_str);
        complaints.read(config, "emit_analytics_event", "a boolean", Value::as_bool);
        let required = ["url", "method"].into_iter().filter(|key| !config.contains_key(*key));
        complaints.unset.extend(required.map(str::to_owned));
        (Some(hook), complaints)
    }

    /// The URL, or an empty text.
    pub(crate) fn url(&self) -> &str {
        self.url.as_deref().unwrap_or_default()
    }

    /// The HTTP method, or an empty text.
    pub(crate) fn method(&self) -> &str {
        self.method.as_deref().unwrap_or_default()
    }

    /// The content type: the default of Kratos if none is set. That of `auth` replaces that of
    /// `headers`.
    ///
    /// Source: ory/kratos `request/builder.go`, `NewBuilder` and `BuildRequest`.
    pub(crate) fn content_type(&self) -> &str {
        let of_headers = || {
            let set = self.headers.iter().find(|(name, _)| is_content_type(name));
            set.map(|(_, value)| value.as_str())
        };
        let set = self.type_by_auth.as_deref().or_else(of_headers);
        set.filter(|value| !value.is_empty()).unwrap_or(JSON)
    }

    /// The part that sets the content type, if one does.
    pub(crate) fn part_of_content_type(&self) -> Option<String> {
        if self.type_by_auth.is_some() {
            return Some("auth.config.value".to_owned());
        }
        let name = self.headers.keys().find(|name| is_content_type(name));
        name.map(|name| format!("headers.{name}"))
    }
}

fn is_content_type(name: &str) -> bool {
    name.eq_ignore_ascii_case("content-type")
}

fn headers(config: &Map<String, Value>, complaints: &mut Complaints) -> BTreeMap<String, String> {
    let Some(headers) = complaints.read(config, "headers", "a map", Value::as_object) else {
        return BTreeMap::new();
    };
    if !headers.values().all(Value::is_string) {
        complaints.refuse("", "A value in `headers` is not a string.");
    }
    let text = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
    headers.iter().filter_map(text).collect()
}

fn response(config: &Map<String, Value>, complaints: &mut Complaints) -> HookResponse {
    let can_interrupt = complaints.read(config, "can_interrupt", "a boolean", Value::as_bool);
    let can_interrupt = can_interrupt.unwrap_or_default();
    let Some(response) = complaints.read(config, "response", "a map", Value::as_object) else {
        return HookResponse { can_interrupt, ..HookResponse::default() };
    };
    complaints.unknown("response", response, &schema::RESPONSE);
    let mut is = |key: &str| {
        let read =
            complaints.read(response, &format!("response.{key}"), "a boolean", Value::as_bool);
        (read.unwrap_or_default(), read.is_none() && response.contains_key(key))
    };
    let ((ignore, no_ignore), (parse, no_parse)) = (is("ignore"), is("parse"));
    // Nothing follows from an answer of which it is not known what happens to it.
    let is_unclear = (no_ignore || no_parse) && !parse;
    HookResponse { ignore: ignore || is_unclear, parse, can_interrupt }
}

/// The keys of `auth.config` by `auth.type`, and those of them that hold a secret, which people set
/// by environment variables.
const WAYS_TO_AUTHENTICATE: [(&str, &[&str], &[&str]); 2] = [
    ("api_key", &["name", "value", "in"], &["value"]),
    ("basic_auth", &["user", "password"], &["user", "password"]),
];

/// Where a key is sent.
const LOCATIONS: [&str; 2] = ["header", "cookie"];

fn auth(config: &Map<String, Value>, complaints: &mut Complaints) -> Vec<String> {
    let Some(auth) = complaints.read(config, "auth", "a map", Value::as_object) else {
        return Vec::new();
    };
    complaints.unknown("auth", auth, &schema::AUTH);
    let kind = auth.get("type").and_then(Value::as_str);
    let way = WAYS_TO_AUTHENTICATE.into_iter().find(|(name, ..)| Some(*name) == kind);
    let Some((_, keys, secrets)) = way else {
        complaints.refuse("", "Expected `auth.type` to be `api_key` or `basic_auth`.");
        return texts(auth.get("config"));
    };
    if !auth.contains_key("config") {
        complaints.refuse("", "`auth.config` is missing.");
    }
    let Some(parts) = complaints.read(auth, "auth.config", "a map", Value::as_object) else {
        return Vec::new();
    };
    complaints.unknown("auth.config", parts, keys);
    for key in keys {
        let part = format!("auth.config.{key}");
        match parts.get(*key) {
            None if secrets.contains(key) => complaints.unset.push(part),
            None => complaints.refuse("", format!("`{part}` is missing.")),
            Some(Value::String(place)) if *key == "in" && !LOCATIONS.contains(&place.as_str()) => {
                complaints.refuse("", format!("Expected `{part}` to be `header` or `cookie`."));
            }
            Some(_) => {
                complaints.read(parts, &part, "a string", Value::as_str);
            }
        }
    }
    let secret = |key: &&str| parts.get(*key).and_then(Value::as_str).map(str::to_owned);
    secrets.iter().filter_map(secret).collect()
}

/// The content type that `auth` sets, which then is no key. Kratos sends the value as a header unless
/// `in` says otherwise.
///
/// Source: ory/kratos `request/auth.go`, `apiKeyStrategy`.
fn type_by_auth(config: &Map<String, Value>) -> Option<String> {
    let auth = config.get("auth")?;
    let text = |key: &str| auth.get("config")?.get(key)?.as_str();
    let is_key = auth.get("type")?.as_str() == Some("api_key");
    let is_header = text("in") != Some("cookie") && is_content_type(text("name")?);
    text("value").filter(|_| is_key && is_header).map(str::to_owned)
}

/// The texts in an `auth.config` of unknown kind: any of them may be a key.
fn texts(config: Option<&Value>) -> Vec<String> {
    let values = config.and_then(Value::as_object).into_iter().flat_map(Map::values);
    values.filter_map(Value::as_str).map(str::to_owned).collect()
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

    /// A complete configuration with these parts added or replaced.
    fn with(parts: Value) -> Value {
        let mut config = json!({"url": "x", "method": "POST"});
        let Value::Object(parts) = parts else { panic!("{parts}") };
        config.as_object_mut().unwrap().extend(parts);
        config
    }

    #[test]
    fn configuration_refused_by_kratos_is_reported_with_secrets_redacted() {
        let secret = 7_777_777;
        let api_key = |config| with(json!({"auth": {"type": "api_key", "config": config}}));
        let table = [
            (json!(null), "Expected a map, got nothing."),
            (json!({"url": "x", "method": 1}), "Expected `method` to be a string, got a number"),
            (with(json!({"url": secret})), "Expected `url` to be a string, got a number"),
            (with(json!({"url": null})), "Expected `url` to be a string, got nothing"),
            (with(json!({"headers": "7777777"})), "`headers` to be a map, got a string"),
            (with(json!({"headers": {"A": secret}})), "not a string"),
            (with(json!({"response": "parse"})), "to be a map, got a string"),
            (
                with(json!({"response": {"parse": "yes"}})),
                "Expected `response.parse` to be a boolean, got a string",
            ),
            (with(json!({"emit_analytics_event": 1})), "to be a boolean, got a number"),
            (with(json!({"timeout": "5s"})), "Kratos does not know the key `timeout` here"),
            (with(json!({"response": {"read": true}})), "does not know the key `read`"),
            (with(json!({"auth": {}})), "Expected `auth.type` to be"),
            (with(json!({"auth": "7777777"})), "Expected `auth` to be a map, got a string"),
            (with(json!({"auth": {"type": "api_key"}})), "`auth.config` is missing"),
            (
                with(json!({"auth": {"type": "basic_auth", "config": {}, "user": "7777777"}})),
                "does not know the key `user`",
            ),
            (
                api_key(json!({"name": "x", "value": secret, "in": "header"})),
                "Expected `auth.config.value` to be a string, got a number",
            ),
            (api_key(json!({"value": "7777777", "in": "header"})), "`auth.config.name` is missing"),
            (
                api_key(json!({"name": "x", "value": "7777777", "in": "query"})),
                "Expected `auth.config.in` to be `header` or `cookie`",
            ),
            (
                api_key(json!({"name": "x", "value": "7777777", "in": "header", "user": "x"})),
                "does not know the key `user` here, only `name`, `value`, `in`",
            ),
        ];
        for (config, part) in table {
            let (_, complaints) = WebHook::read(&config);
            let [(_, why)] = &*complaints.refused else { panic!("{config}: {complaints:?}") };
            assert!(why.contains(part), "{config}: {why}");
            assert!(!why.contains("7777777"), "{why}");
        }
    }

    #[test]
    fn parts_that_can_be_read_are_kept() {
        let (hook, complaints) = WebHook::read(&json!({
            "timeout": "5s", "url": "https://a/", "method": 1, "body": "base64://", "headers": {"A": "b", "C": 1},
            "response": {"parse": true, "ignore": "no"}, "auth": {"type": "bearer", "config": {"token": "t"}},
        }));
        let hook = hook.unwrap();
        assert_eq!((hook.url(), hook.body.as_deref()), ("https://a/", Some("base64://")));
        assert_eq!(hook.headers.len(), 1);
        assert_eq!(hook.credentials, ["t"]);
        assert_eq!(hook.response, HookResponse::PARSED);
        assert_eq!(complaints.refused.len(), 5, "{complaints:?}");
    }

    #[test]
    fn content_type_of_auth_replaces_that_of_headers() {
        let auth = |name: &str, place: &str, value: &str| {
            let config = json!({"name": name, "value": value, "in": place});
            json!({"type": "api_key", "config": config})
        };
        let form = json!({"content-type": FORM});
        let by_auth = Some("auth.config.value");
        let by_header = Some("headers.content-type");
        let table = [
            (json!({}), JSON, None),
            (json!({"headers": form}), FORM, by_header),
            (json!({"auth": auth("CONTENT-TYPE", "header", FORM)}), FORM, by_auth),
            (json!({"auth": auth("Content-Type", "header", JSON), "headers": form}), JSON, by_auth),
            (json!({"auth": auth("Content-Type", "header", ""), "headers": form}), JSON, by_auth),
            (
                json!({"auth": auth("Content-Type", "cookie", "x"), "headers": form}),
                FORM,
                by_header,
            ),
            (json!({"auth": auth("Authorization", "header", FORM)}), JSON, None),
        ];
        for (parts, kind, part) in table {
            let hook = WebHook::read(&with(parts.clone())).0.unwrap();
            assert_eq!(hook.content_type(), kind, "{parts}");
            assert_eq!(hook.part_of_content_type().as_deref(), part, "{parts}");
        }
    }

    #[test]
    fn missing_url_method_and_secrets_may_come_from_elsewhere() {
        let unset = |config: Value| WebHook::read(&config).1.unset;
        assert_eq!(unset(json!({"method": "POST"})), ["url"]);
        assert_eq!(unset(json!({"url": "x"})), ["method"]);
        let api_key = json!({"type": "api_key", "config": {"name": "x", "in": "header"}});
        assert_eq!(unset(with(json!({"auth": api_key}))), ["auth.config.value"]);
        let basic = json!({"type": "basic_auth", "config": {}});
        assert_eq!(
            unset(with(json!({"auth": basic}))),
            ["auth.config.user", "auth.config.password"]
        );
    }
}
