//! Sanitize: what is dropped from ctx before anything is enqueued, rendered or logged.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Hook, TemplateSettings, When, greeting, hook::ADD_AS, recipient, url::sanitize_urls};
use crate::{message::QueuedEvent, template::Input};

/// The headers that Kratos itself forwards by default: `clients.web_hook.header_allowlist` in
/// ory/kratos, `embedx/config.schema.json`. Neither `Cookie`, `Authorization` nor Ory Network's
/// `Ory-Base-Url-Rewrite-Token` is one, and an unknown header may hold a key.
const KEPT_HEADERS: [&str; 17] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "content-length",
    "content-type",
    "origin",
    "priority",
    "referer",
    "sec-ch-ua",
    "sec-ch-ua-mobile",
    "sec-ch-ua-platform",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-fetch-user",
    "true-client-ip",
    "user-agent",
];

/// Where Kratos puts the headers.
const HEADERS: &str = "request_headers";

/// The headers that hold a URL.
const URL_HEADERS: [&str; 2] = ["origin", "referer"];

/// The fields that hold a URL, at any depth.
const URLS: [&str; 5] = ["referer", "request_url", "return_to", "schema_url", "url"];

/// What people and operators fill in freely, for themselves to read: kept unchanged.
const THEIRS: [&str; 4] = ["traits", "metadata_public", "metadata_admin", "transient_payload"];

/// Dropped at any depth, as a custom template may put it anywhere: the browser's cookies, what an
/// identity and a session hold for Kratos alone, and a flow's tokens and links of the next step.
const SECRETS: [&str; 5] =
    ["request_cookies", "credentials", "tokenized", "session_token_exchange_code", "continue_with"];
const OAUTH2_PREFIX: &str = "oauth2_login_";

/// The form of a flow, with its CSRF token. Without nodes the name may have any meaning.
const FORM: &str = "ui";

/// Headers, cookies and form fields that authenticate, under any name that a template gives them.
const CREDENTIALS: [&str; 7] = [
    "authorization",
    "cookie",
    "cookies",
    "csrf_token",
    "ory-base-url-rewrite-token",
    "set-cookie",
    "x-session-token",
];

/// The id of an identity that is not saved yet.
pub const NIL_ID: &str = "00000000-0000-0000-0000-000000000000";

/// A ctx without cookies, credentials, form nodes, foreign headers and possible secrets in a URL:
/// the only form in which an event is enqueued, rendered or given to a reply template.
///
/// It is shared with the templates that read it.
#[derive(Clone, PartialEq)]
pub struct SanitizedCtx(pub(super) Arc<Value>);

impl Serialize for SanitizedCtx {
    fn serialize<S: Serializer>(&self, json: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(json)
    }
}

impl<'de> Deserialize<'de> for SanitizedCtx {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        Ok(Self(Arc::new(Value::deserialize(json)?)))
    }
}

impl SanitizedCtx {
    pub(super) fn of(mut ctx: Map<String, Value>) -> Self {
        sanitize_fields("", &mut ctx);
        lift_transient_payload(&mut ctx);
        let hook = ctx.entry("hook").or_insert(Value::Null);
        // Only a backfill may say it, not a template.
        hook.as_object_mut().map(|hook| hook.remove(ADD_AS));
        Self(Arc::new(Value::Object(ctx)))
    }

    /// The ctx as it is enqueued.
    pub fn as_value(&self) -> &Value {
        &self.0
    }

    /// The ctx as templates see it: with `recipient`, `greeting_name` and the function's settings,
    /// which replace any fields of these names.
    pub fn for_template(&self, settings: &TemplateSettings) -> Value {
        self.shared_with_template(settings).into_value()
    }

    /// The same for a template that reads it in place.
    pub fn shared_with_template(&self, settings: &TemplateSettings) -> Input {
        let mut fields = settings.fields.clone();
        fields.insert("recipient".to_owned(), self.recipient().into());
        fields.insert("greeting_name".to_owned(), self.greeting_name().into());
        Input::from(self.0.clone()).with_fields(fields)
    }

    /// The one address of the person to write to, by the rule in `recipient.rs`.
    pub fn recipient(&self) -> Option<&str> {
        recipient::recipient(self.identity())
    }

    /// The name to greet the person by, by the rules in `greeting.rs`.
    pub fn greeting_name(&self) -> Option<&str> {
        greeting::greeting_name(self.identity())
    }

    /// The identity.
    pub fn identity(&self) -> &Value {
        &self.0["identity"]
    }

    /// The identity's traits; `null` where the template forwards none.
    pub fn traits(&self) -> &Value {
        &self.identity()["traits"]
    }

    /// Whether the identity carries the id of one that is not saved yet.
    pub fn has_nil_id(&self) -> bool {
        self.identity()["id"].as_str() == Some(NIL_ID)
    }

    /// The hook that called, if the template says so.
    pub fn hook(&self) -> Hook {
        Hook::deserialize(&self.0["hook"]).unwrap_or_default()
    }

    /// Whether the identity is not saved yet, so that the flow can still fail.
    pub fn is_before_save(&self) -> bool {
        self.has_nil_id() || self.hook().when == Some(When::BeforeSave)
    }
}

impl QueuedEvent for SanitizedCtx {
    /// It is logged, so it counts only in the form that Kratos gives it: a custom template may
    /// forward an address in its place.
    fn identity_id(&self) -> Option<&str> {
        let id = self.identity()["id"].as_str()?;
        Uuid::try_parse(id).is_ok_and(|id| !id.is_nil()).then_some(id)
    }
}

/// The depth is bounded: the ctx was parsed from JSON, which refuses to nest deeper than 128.
fn sanitize(name: &str, value: &mut Value) {
    match value {
        Value::Object(fields) => sanitize_fields(name, fields),
        Value::Array(items) => items.iter_mut().for_each(|item| sanitize(name, item)),
        Value::String(text) if is_url(text) => sanitize_urls(value),
        _ => {}
    }
}

/// The fields of the object under this name.
fn sanitize_fields(of: &str, fields: &mut Map<String, Value>) {
    fields.retain(|name, value| !is_secret(of, name, value));
    for (name, value) in fields {
        match name.as_str() {
            HEADERS => sanitize_headers(value),
            theirs if THEIRS.contains(&theirs) => {}
            url if is_one_of(&URLS, url) => sanitize_urls(value),
            name => sanitize(name, value),
        }
    }
}

fn is_secret(of: &str, name: &str, value: &Value) -> bool {
    is_always_secret(of, name) || (name == FORM && value.get("nodes").is_some())
}

/// Whether the field with this name, in the object under the name `of`, is dropped whatever it holds.
pub(super) fn is_always_secret(of: &str, name: &str) -> bool {
    SECRETS.contains(&name)
        || name.starts_with(OAUTH2_PREFIX)
        || (name == FORM && of == "flow")
        || is_one_of(&CREDENTIALS, name)
}

/// Whether secrets are looked for in what the field with this name holds.
pub(super) fn is_searched(name: &str) -> bool {
    name != HEADERS && !THEIRS.contains(&name) && !is_one_of(&URLS, name)
}

/// Whether it is one of these names, in any case.
fn is_one_of(names: &[&str], name: &str) -> bool {
    names.iter().any(|one| name.eq_ignore_ascii_case(one))
}

fn is_url(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

/// Keeps Kratos' own headers, each a text or a list of texts.
fn sanitize_headers(headers: &mut Value) {
    let Value::Object(fields) = headers else {
        *headers = Value::Null;
        return;
    };
    let is_text = |value: &Value| match value {
        Value::Array(values) => values.iter().all(Value::is_string),
        single => single.is_string(),
    };
    fields.retain(|name, value| is_one_of(&KEPT_HEADERS, name) && is_text(value));
    let urls = fields.iter_mut().filter(|(name, _)| is_one_of(&URL_HEADERS, name));
    urls.for_each(|(_, value)| sanitize_urls(value));
}

/// Templates written from Ory's documents read `ctx.transient_payload`; Kratos puts it into the
/// flow.
fn lift_transient_payload(ctx: &mut Map<String, Value>) {
    if ctx.get("transient_payload").is_none_or(Value::is_null) {
        let inner = ctx.get("flow").and_then(|flow| flow.get("transient_payload")).cloned();
        if let Some(payload) = inner.filter(|payload| !payload.is_null()) {
            ctx.insert("transient_payload".to_owned(), payload);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use time::OffsetDateTime;

    use super::*;
    use crate::{ctx::Ctx, key::EventId, message::Message};

    fn sanitized(ctx: &Value) -> Value {
        SanitizedCtx::of(ctx.as_object().unwrap().clone()).as_value().clone()
    }

    #[test]
    fn sanitizing_drops_secrets_and_keeps_the_rest() {
        let ctx = json!({
            "request_cookies": {"ory_session": "secret"},
            "request_headers": {
                "Cookie": ["ory_session=secret"],
                "AUTHORIZATION": ["Bearer secret"],
                "X-Session-Token": ["secret"],
                "X-Api-Key": ["secret"],
                "Ory-Base-Url-Rewrite-Token": ["secret"],
                "User-Agent": ["Firefox"],
                "accept-LANGUAGE": ["de"],
                "Accept": [{"Cookie": "secret"}],
                "Origin": "https://ann:secret@example.com",
                "Referer": ["https://example.com/signup?token=secret&utm_source=ad#secret"],
            },
            "request_url": "https://example.com/registration?flow=secret",
            "flow": {
                "id": "f",
                "ui": {"nodes": ["secret"]},
                "session_token_exchange_code": "secret",
                "continue_with": [{"action": "show_verification_ui", "url": "?code=secret"}],
                "oauth2_login_challenge": "secret",
                "oauth2_login_request": {"a": "secret"},
                "request_url": "/x?code=secret&utm_medium=mail&utm_source=ad",
                "return_to": "https://example.com/?next=secret",
                "transient_payload": {"ui": "dark", "return_to": "/?theirs=1"},
                "identity": {"credentials": "secret", "id": "i"},
            },
            "session": {"tokenized": "secret", "identity": {"credentials": "secret", "id": "i"}},
            "identity": {"id": "i", "credentials": {"password": "secret"}, "traits": {"a": 1}},
            "headers": {"Cookie": ["secret"], "authorization": "secret", "X-Mine": "kept"},
            "cookies": {"ory_session": "secret"},
            "ui": {"nodes": ["secret"]},
            "theme": {"ui": "dark"},
            "Referer": "/x?code=secret",
            "links": ["https://example.com/x?code=secret&utm_source=ad", "text?kept"],
            "unknown": {"kept": true, "request_url": "/a?utm_source=ad;token=secret"},
            "events": [{"flow": {"ui": "secret", "id": "f"}, "request_cookies": "secret"}],
        });
        let expected = json!({
            "request_headers": {
                "User-Agent": ["Firefox"],
                "accept-LANGUAGE": ["de"],
                "Origin": "https://example.com",
                "Referer": ["https://example.com/signup?utm_source=ad"],
            },
            "request_url": "https://example.com/registration",
            "flow": {
                "id": "f",
                "request_url": "/x?utm_medium=mail&utm_source=ad",
                "return_to": "https://example.com/",
                "transient_payload": {"ui": "dark", "return_to": "/?theirs=1"},
                "identity": {"id": "i"},
            },
            "session": {"identity": {"id": "i"}},
            "identity": {"id": "i", "traits": {"a": 1}},
            "headers": {"X-Mine": "kept"},
            "theme": {"ui": "dark"},
            "Referer": "/x",
            "links": ["https://example.com/x?utm_source=ad", "text?kept"],
            "unknown": {"kept": true, "request_url": "/a?utm_source=ad"},
            "events": [{"flow": {"id": "f"}}],
            "transient_payload": {"ui": "dark", "return_to": "/?theirs=1"},
            "hook": null,
        });
        let sanitized = sanitized(&ctx);
        assert_eq!(sanitized, expected);
        assert!(!sanitized.to_string().contains("secret"));
    }

    #[test]
    fn sanitizing_twice_changes_nothing() {
        let ctx = json!({
            "identity": {}, "flow": {"transient_payload": {"a": 1}, "request_url": "/?a=1&utm_x=2"},
        });
        let once = sanitized(&ctx);
        assert_eq!(sanitized(&once), once);
    }

    #[test]
    fn unexpected_types_are_sanitized_without_errors() {
        let ctx = json!({
            "identity": {"id": 5}, "flow": [1], "session": "x", "hook": "registration",
            "request_headers": [1], "request_url": 7,
        });
        let sanitized = SanitizedCtx::of(ctx.as_object().unwrap().clone());
        assert_eq!(sanitized.hook(), Hook::default());
        assert_eq!(sanitized.identity_id(), None);
        assert!(!sanitized.is_before_save());
    }

    #[test]
    fn a_template_is_given_recipient_and_greeting_name_whatever_came_in_their_place() {
        let identity = json!({"traits": {"email": "ann@example.com", "name": "Ann"}});
        let given = |identity: &Value| {
            let ctx = json!({
                "identity": identity, "recipient": "eve@example.com", "greeting_name": "evil.com",
            });
            let ctx = SanitizedCtx::of(ctx.as_object().unwrap().clone());
            ctx.for_template(&TemplateSettings::default())
        };
        let ours = given(&identity);
        assert_eq!(
            (&ours["recipient"], &ours["greeting_name"]),
            (&json!("ann@example.com"), &json!("Ann"))
        );
        assert_eq!(ours["identity"], identity);
        let none = given(&json!({}));
        assert_eq!(none.get("recipient"), Some(&Value::Null));
        assert_eq!(none.get("greeting_name"), Some(&Value::Null));
    }

    #[test]
    fn a_template_is_given_the_settings_whatever_came_in_their_place() {
        let fields = json!({"mail": {"subject": "Welcome"}, "recipient": "eve@example.com"});
        let fields = fields.as_object().unwrap().clone();
        let settings = TemplateSettings { fields, missing: None };
        let ctx =
            json!({"identity": {}, "mail": {"subject": "Win", "from_email": "eve@evil.example"}});
        let ctx = SanitizedCtx::of(ctx.as_object().unwrap().clone()).for_template(&settings);
        assert_eq!(ctx["mail"], json!({"subject": "Welcome"}));
        assert_eq!(ctx["recipient"], Value::Null, "no setting stands for it");
    }

    /// Any value that holds a canary, in this name or in a text.
    fn secrets() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(json!("canary")),
            Just(json!("https://example.com/?token=canary")),
            Just(json!(["canary"])),
            Just(json!({"canary": 1})),
        ];
        leaf.prop_recursive(3, 8, 2, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 1..3).prop_map(Value::from),
                inner.prop_map(|inner| json!({ "a": inner })),
            ]
        })
    }

    /// A URL with a canary in a part that must be dropped.
    fn urls() -> impl Strategy<Value = String> {
        let location = prop::sample::select(vec![
            "",
            "/",
            "/a",
            "a",
            "https://example.com",
            "https://example.com/a/@b",
            "//example.com/",
            "https://canary@example.com/",
            "https://ann:canary@example.com",
            "//canary:x@example.com/a",
        ]);
        let pair = prop::sample::select(vec![
            "token=canary",
            "canary",
            "utm_source=ad",
            "return_to=/?code=canary",
            "utm_id=",
            "x=1",
            "UTM_source=canary",
            "flow=canary&amp;code=canary",
            "utm_term=a?code=canary",
            "%75tm_a=canary",
        ]);
        let joint = prop::sample::select(vec!["&", ";", "?"]);
        let fragment = prop::sample::select(vec!["", "#", "#canary", "#/?utm_source=canary"]);
        (location, prop::collection::vec((joint, pair), 0..5), fragment).prop_map(
            |(location, pairs, fragment)| {
                let pairs: String =
                    pairs.iter().flat_map(|(joint, pair)| [*joint, *pair]).collect();
                format!("{location}?{pairs}{fragment}")
            },
        )
    }

    proptest! {
        /// For anything that a webhook's template forwards, in any place.
        #[test]
        fn sanitized_ctx_holds_no_secret(
            secret in secrets(),
            place in prop::sample::select(vec![
                ("", "request_cookies"), ("flow", "ui"), ("flow", "continue_with"),
                ("flow", "session_token_exchange_code"), ("flow", "oauth2_login_challenge"),
                ("flow", "oauth2_login_request"), ("session", "tokenized"),
                ("identity", "credentials"), ("request_headers", "Cookie"),
                ("request_headers", "cOOKIE"), ("request_headers", "Authorization"),
                ("request_headers", "Ory-Base-Url-Rewrite-Token"), ("request_headers", "X-Api-Key"),
                ("request_headers", "X-Forwarded-For"),
            ]),
            url in urls(),
            url_place in prop::sample::select(vec![
                ("", "request_url"), ("", "return_to"), ("flow", "request_url"),
                ("flow", "return_to"), ("request_headers", "Referer"), ("request_headers", "REFERER"),
            ]),
            around in prop::sample::select(vec!["", "session", "flow", "event", "hook"]),
            in_a_list: bool,
            is_wrapped: bool,
        ) {
            let mut part = json!({});
            let mut put = |(object, name): (&str, &str), value: Value| {
                let object = if object.is_empty() { &mut part } else { &mut part[object] };
                object[name] = value;
            };
            put(place, secret);
            put(url_place, json!(url));
            let around_it = match (around, in_a_list) {
                ("", _) => part,
                (around, false) => json!({ around: part }),
                (around, true) => json!({ around: [part] }),
            };
            let mut ctx = around_it;
            if ctx.get("identity").is_none() {
                ctx["identity"] = json!({"id": "i"});
            }
            let body = if is_wrapped { json!({"ctx": ctx, "canary": "canary"}) } else { ctx };
            let event = Ctx::decode(body.to_string().as_bytes()).unwrap().sanitize();
            let now = OffsetDateTime::UNIX_EPOCH;
            let stored = Message::new("f", EventId::digest(b""), now, event).to_json().unwrap();
            prop_assert!(!stored.contains("canary"), "{stored}");
        }
    }

    #[test]
    fn identity_id_is_a_uuid_or_absent() {
        let id = "3a5293f1-f4d6-49f4-b34f-6da62c360604";
        let table =
            [(id, Some(id)), (NIL_ID, None), ("", None), ("ann@example.com", None), ("i", None)];
        for (id, expected) in table {
            let ctx = json!({"identity": {"id": id}});
            let sanitized = SanitizedCtx::of(ctx.as_object().unwrap().clone());
            assert_eq!(sanitized.identity_id(), expected, "{id}");
        }
    }

    #[test]
    fn transient_payload_is_lifted_only_if_missing() {
        let lifted = |ctx: &Value| sanitized(ctx)["transient_payload"].clone();
        let inner = json!({"identity": {}, "flow": {"transient_payload": {"a": 1}}});
        assert_eq!(lifted(&inner), json!({"a": 1}));
        let both = json!({
            "identity": {}, "transient_payload": {"b": 2}, "flow": {"transient_payload": {"a": 1}},
        });
        assert_eq!(lifted(&both), json!({"b": 2}));
        let neither = sanitized(&json!({"identity": {}, "flow": {}}));
        assert!(neither.get("transient_payload").is_none());
    }

    #[test]
    fn before_save_is_detected_by_the_zero_id_or_the_hook() {
        let before = |identity: Value, hook: Value| {
            SanitizedCtx::of(
                json!({"identity": identity, "hook": hook}).as_object().unwrap().clone(),
            )
            .is_before_save()
        };
        assert!(before(json!({"id": NIL_ID}), json!(null)));
        assert!(before(json!({"id": "x"}), json!({"when": "before_save"})));
        assert!(before(json!({"id": NIL_ID}), json!({"when": "after_save"})));
        assert!(!before(json!({"id": "x"}), json!({"when": "after_save"})));
        assert!(!before(json!({"id": "x"}), json!({"when": "some_day"})));
        assert!(!before(json!({}), json!(null)));
    }
}
