//! Kratos' configuration.

use base64::{Engine, engine::general_purpose::STANDARD};
use fakes::WEBHOOK_KEY;
use lint::kratos::{Flow, Method};
use ory_actions::action::{Caller, Format, Key, OryFunction, Project, Wish, print};
use serde_json::{Value, json};

use crate::repository;

/// Forwards all that there is: never do so.
pub(super) const ALL: &str = "function(ctx) ctx";

/// A template as Kratos takes it.
fn encoded(code: &str) -> String {
    format!("base64://{}", STANDARD.encode(code))
}

/// The shipped forwarding template with the tag of a hook.
pub(super) fn forward(flow: &str, method: &str, when: &str) -> String {
    let shipped = std::fs::read_to_string(repository().join("shared/forward.jsonnet")).unwrap();
    let tag = "{ flow: 'registration', method: 'password', when: 'after_save' }";
    assert!(shipped.contains(tag), "the tag is as `action` finds it");
    shipped.replace(tag, &format!("{{ flow: '{flow}', method: '{method}', when: '{when}' }}"))
}

/// A hook that calls this URL with what this template makes; nothing is said about its response.
pub(super) fn web_hook(url: &str, template: &str) -> Value {
    json!({"hook": "web_hook", "config": {
        "url": url,
        "method": "POST",
        "body": encoded(template),
        "auth": {
            "type": "api_key",
            "config": {"name": "Authorization", "value": WEBHOOK_KEY, "in": "header"},
        },
    }})
}

/// The same, whose response Kratos reads before it saves.
pub(super) fn parsed_hook(url: &str, template: &str) -> Value {
    let mut hook = web_hook(url, template);
    hook["config"]["response"] = json!({"parse": true});
    hook
}

/// The hook that `action` prints, which calls in the background.
pub(super) fn hook_of_action(url: &str, flow: Flow, method: Method) -> Value {
    let printed = print_action(Format::Json, flow, &[method], false, url);
    serde_json::from_str(&printed).unwrap()
}

/// What `action` prints for these methods, or for those that matter, with the key in it.
pub(super) fn print_action(
    format: Format,
    flow: Flow,
    methods: &[Method],
    parse: bool,
    url: &str,
) -> String {
    let function = OryFunction::MandrillWelcome;
    let places = Wish { function, flow, methods: methods.to_vec(), parse }.places().unwrap();
    let (url, api_key_name) = (url.to_owned(), "Authorization".to_owned());
    let caller = Caller { function, url, api_key_name };
    let key = Key::Value(WEBHOOK_KEY.to_owned());
    let nobody = Project { project: String::new(), workspace: String::new() };
    print(format, &places, &caller, &key, &nobody).unwrap()
}

/// Signs in whoever has registered.
pub(super) fn session() -> Value {
    json!({"hook": "session"})
}

/// Which hooks run after what.
#[derive(Clone)]
pub(super) struct Config(Value);

impl Config {
    /// No hooks.
    pub(super) fn new() -> Self {
        Self(json!({"registration": {}, "settings": {}}))
    }

    /// With these hooks after a method of a flow.
    pub(super) fn after(mut self, flow: &str, method: &str, hooks: &[Value]) -> Self {
        self.0[flow]["after"][method]["hooks"] = json!(hooks);
        self
    }

    /// With these hooks in the list that looks as if it were for all methods of a flow.
    pub(super) fn after_any(mut self, flow: &str, hooks: &[Value]) -> Self {
        self.0[flow]["after"]["hooks"] = json!(hooks);
        self
    }

    /// With one more hook at the end of a method's list.
    pub(super) fn and_after(mut self, flow: &str, method: &str, hook: &Value) -> Self {
        let list = &mut self.0[flow]["after"][method]["hooks"];
        list.as_array_mut().unwrap().push(hook.clone());
        self
    }

    /// With all that a part of a configuration in YAML says of flows.
    pub(super) fn with(mut self, yaml: &str) -> Self {
        let part: Value = yaml_serde::from_str(yaml).unwrap();
        merge(&mut self.0, &part["selfservice"]["flows"]);
        self
    }

    /// The whole of it, on two ports of loopback.
    pub(super) fn on(&self, public: u16, admin: u16) -> Value {
        let mut flows = self.0.clone();
        flows["settings"]["ui_url"] = json!("http://127.0.0.1:4455/settings");
        flows["settings"]["privileged_session_max_age"] = json!("1h");
        let listen = |port: u16| {
            json!({
                "base_url": format!("http://127.0.0.1:{port}/"), "host": "127.0.0.1", "port": port,
            })
        };
        json!({
            "serve": {"public": listen(public), "admin": listen(admin)},
            "selfservice": {
                "default_browser_return_url": "http://127.0.0.1:4455/",
                "methods": {"password": {
                    "enabled": true, "config": {"haveibeenpwned_enabled": false},
                }},
                "flows": flows,
            },
            "identity": {
                "default_schema_id": "default",
                "schemas": [{"id": "default", "url": encoded(&schema().to_string())}],
            },
            "secrets": {
                "cookie": ["a-secret-of-these-tests-only"],
                "cipher": ["a-secret-of-these-tests-only-32c"],
            },
            "hashers": {"algorithm": "bcrypt", "bcrypt": {"cost": 4}},
            "log": {"level": "info"},
        })
    }
}

/// Objects deep, all else whole.
fn merge(into: &mut Value, part: &Value) {
    match part.as_object() {
        Some(fields) => fields.iter().for_each(|(name, part)| merge(&mut into[name], part)),
        None => *into = part.clone(),
    }
}

/// People sign in by their address and a password.
fn schema() -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": {"traits": {
            "type": "object",
            "properties": {
                "email": {
                    "type": "string", "format": "email",
                    "ory.sh/kratos": {"credentials": {"password": {"identifier": true}}},
                },
                "name": {
                    "type": "object",
                    "properties": {"first": {"type": "string"}, "last": {"type": "string"}},
                },
                "consent": {
                    "type": "object", "properties": {"newsletter": {"type": "boolean"}},
                },
            },
            "required": ["email"],
            "additionalProperties": false,
        }},
    })
}
