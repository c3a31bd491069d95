//! Reduce: what is dropped from ctx before anything is stored, rendered or logged.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Hook, When};
use crate::message::Event;

/// Headers that carry a session or a credential.
const SECRET_HEADERS: [&str; 5] =
    ["authorization", "cookie", "proxy-authorization", "set-cookie", "x-session-token"];

/// What a flow holds that is a secret of the sign-up in progress (tokens, the form with its CSRF
/// token), or much and of no use.
const FLOW_SECRETS: [&str; 2] = ["ui", "session_token_exchange_code"];
const OAUTH2_PREFIX: &str = "oauth2_login_";

/// The only query parameters worth keeping, and never secret.
const KEPT_QUERY_PREFIX: &str = "utm_";

/// The id of an identity that is not saved yet.
pub const NIL_ID: &str = "00000000-0000-0000-0000-000000000000";

/// A ctx without cookies, credentials, form nodes and query strings: the only form in which an
/// event is stored, rendered or given to a reply template.
#[derive(Clone, Deserialize, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Reduced(Value);

impl Reduced {
    pub(super) fn of(mut ctx: Map<String, Value>) -> Self {
        ctx.remove("request_cookies");
        ctx.get_mut("request_headers").into_iter().for_each(reduce_headers);
        ctx.get_mut("request_url").into_iter().for_each(strip_url);
        if let Some(Value::Object(flow)) = ctx.get_mut("flow") {
            reduce_flow(flow);
        }
        if let Some(Value::Object(session)) = ctx.get_mut("session") {
            session.remove("tokenized");
            session.get_mut("identity").into_iter().for_each(drop_credentials);
        }
        ctx.get_mut("identity").into_iter().for_each(drop_credentials);
        lift_transient_payload(&mut ctx);
        ctx.entry("hook").or_insert(Value::Null);
        Self(Value::Object(ctx))
    }

    /// The ctx as templates see it.
    pub fn as_value(&self) -> &Value {
        &self.0
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

    /// The hook that called, where the template tells.
    pub fn hook(&self) -> Hook {
        Hook::deserialize(&self.0["hook"]).unwrap_or_default()
    }

    /// Whether the identity is not saved yet, so that the flow can still fail.
    pub fn is_before_save(&self) -> bool {
        self.has_nil_id() || self.hook().when == Some(When::BeforeSave)
    }
}

impl Event for Reduced {
    /// It is logged, so it counts only as what Kratos makes: a template of somebody's own may
    /// forward an address in its place.
    fn identity_id(&self) -> Option<&str> {
        let id = self.identity()["id"].as_str()?;
        Uuid::try_parse(id).is_ok_and(|id| !id.is_nil()).then_some(id)
    }
}

fn reduce_headers(headers: &mut Value) {
    let Value::Object(headers) = headers else { return };
    headers.retain(|name, _| !SECRET_HEADERS.contains(&name.to_ascii_lowercase().as_str()));
    let referers = headers.iter_mut().filter(|(name, _)| name.eq_ignore_ascii_case("referer"));
    for (_, value) in referers {
        match value {
            Value::Array(values) => values.iter_mut().for_each(strip_url),
            single => strip_url(single),
        }
    }
}

fn reduce_flow(flow: &mut Map<String, Value>) {
    flow.retain(|name, _| {
        !FLOW_SECRETS.contains(&name.as_str()) && !name.starts_with(OAUTH2_PREFIX)
    });
    flow.get_mut("request_url").into_iter().for_each(strip_url);
    flow.get_mut("return_to").into_iter().for_each(strip_url);
    flow.get_mut("identity").into_iter().for_each(drop_credentials);
}

fn drop_credentials(identity: &mut Value) {
    if let Value::Object(identity) = identity {
        identity.remove("credentials");
    }
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

/// Takes the fragment and all of the query but `utm_*` off a URL. Works on the text, so that a
/// relative or broken URL cannot keep a token.
fn strip_url(url: &mut Value) {
    let Value::String(url) = url else { return };
    let without_fragment = url.split('#').next().unwrap_or_default();
    let stripped = match without_fragment.split_once('?') {
        None => without_fragment.to_owned(),
        Some((path, query)) => {
            let kept: Vec<_> =
                query.split('&').filter(|pair| pair.starts_with(KEPT_QUERY_PREFIX)).collect();
            if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) }
        }
    };
    *url = stripped;
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reduced(ctx: &Value) -> Value {
        Reduced::of(ctx.as_object().unwrap().clone()).0
    }

    #[test]
    fn secrets_are_dropped_and_the_rest_is_kept() {
        let ctx = json!({
            "request_cookies": {"ory_session": "secret"},
            "request_headers": {
                "Cookie": ["ory_session=secret"],
                "AUTHORIZATION": ["Bearer secret"],
                "X-Session-Token": ["secret"],
                "User-Agent": ["Firefox"],
                "Referer": ["https://example.com/signup?token=secret&utm_source=ad#secret"],
            },
            "request_url": "https://example.com/registration?flow=secret",
            "flow": {
                "id": "f",
                "ui": {"nodes": ["secret"]},
                "session_token_exchange_code": "secret",
                "oauth2_login_challenge": "secret",
                "oauth2_login_request": {"a": "secret"},
                "request_url": "/x?code=secret&utm_medium=mail&utm_source=ad",
                "return_to": "https://example.com/?next=secret",
                "identity": {"credentials": "secret", "id": "i"},
            },
            "session": {"tokenized": "secret", "identity": {"credentials": "secret", "id": "i"}},
            "identity": {"id": "i", "credentials": {"password": "secret"}, "traits": {"a": 1}},
            "unknown": {"kept": true},
        });
        let expected = json!({
            "request_headers": {
                "User-Agent": ["Firefox"],
                "Referer": ["https://example.com/signup?utm_source=ad"],
            },
            "request_url": "https://example.com/registration",
            "flow": {
                "id": "f",
                "request_url": "/x?utm_medium=mail&utm_source=ad",
                "return_to": "https://example.com/",
                "identity": {"id": "i"},
            },
            "session": {"identity": {"id": "i"}},
            "identity": {"id": "i", "traits": {"a": 1}},
            "unknown": {"kept": true},
            "hook": null,
        });
        let reduced = reduced(&ctx);
        assert_eq!(reduced, expected);
        assert!(!reduced.to_string().contains("secret"));
    }

    #[test]
    fn reducing_twice_changes_nothing() {
        let ctx = json!({
            "identity": {}, "flow": {"transient_payload": {"a": 1}, "request_url": "/?a=1&utm_x=2"},
        });
        let once = reduced(&ctx);
        assert_eq!(reduced(&once), once);
    }

    #[test]
    fn odd_types_pass_without_harm() {
        let ctx = json!({
            "identity": {"id": 5}, "flow": [1], "session": "x", "hook": "registration",
            "request_headers": [1], "request_url": 7,
        });
        let reduced = Reduced::of(ctx.as_object().unwrap().clone());
        assert_eq!(reduced.hook(), Hook::default());
        assert_eq!(reduced.identity_id(), None);
        assert!(!reduced.is_before_save());
    }

    #[test]
    fn an_id_is_a_uuid_or_none() {
        let id = "3a5293f1-f4d6-49f4-b34f-6da62c360604";
        let table =
            [(id, Some(id)), (NIL_ID, None), ("", None), ("ann@example.com", None), ("i", None)];
        for (id, expected) in table {
            let ctx = json!({"identity": {"id": id}});
            let reduced = Reduced::of(ctx.as_object().unwrap().clone());
            assert_eq!(reduced.identity_id(), expected, "{id}");
        }
    }

    #[test]
    fn transient_payload_is_lifted_only_where_it_is_missing() {
        let lifted = |ctx: &Value| reduced(ctx)["transient_payload"].clone();
        let inner = json!({"identity": {}, "flow": {"transient_payload": {"a": 1}}});
        assert_eq!(lifted(&inner), json!({"a": 1}));
        let both = json!({
            "identity": {}, "transient_payload": {"b": 2}, "flow": {"transient_payload": {"a": 1}},
        });
        assert_eq!(lifted(&both), json!({"b": 2}));
        let neither = reduced(&json!({"identity": {}, "flow": {}}));
        assert!(neither.get("transient_payload").is_none());
    }

    #[test]
    fn before_save_is_told_by_the_zero_id_or_the_hook() {
        let before = |identity: Value, hook: Value| {
            Reduced::of(json!({"identity": identity, "hook": hook}).as_object().unwrap().clone())
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
