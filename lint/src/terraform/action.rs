//! A resource `ory_action`.

use base64::{Engine, engine::general_purpose::STANDARD};
use hcl_edit::{
    Span,
    expr::{Expression, FuncCall},
    structure::{Attribute, Block},
};
use serde_json::{Map, Value, json};

use super::{
    ACTION,
    expression::{self, UNKNOWN},
    module::Module,
};
use crate::{
    Findings, Kind,
    hook::{Hook, Naming},
    kratos::{Flow, HookList, Method},
    placeholder,
    rules::{lists, templates, terraform},
    template::Library,
    web_hook::WebHook,
};

/// A webhook as Terraform has it.
pub(crate) struct Action<'b> {
    block: &'b Block,
    name: &'b str,
}

impl<'b> Action<'b> {
    /// The resource; `None` if it has no name.
    pub(super) fn of(block: &'b Block) -> Option<Self> {
        block.labels.get(1).map(|name| Self { block, name: name.as_str() })
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        self.name
    }

    /// Its address in Terraform.
    pub(crate) fn address(&self) -> String {
        format!("{ACTION}.{}", self.name)
    }

    /// What tells webhooks apart in Terraform, each as it is written: the project, the list, the URL
    /// and the method. `None` if that cannot be compared: the resource may be there several times,
    /// or not at all.
    pub(crate) fn identity(&self) -> Option<Vec<String>> {
        if ["count", "for_each"].iter().any(|meta| self.block.body.has_attribute(meta)) {
            return None;
        }
        let flow = self.written("flow", None)?;
        let timing = self.written("timing", None)?;
        let has_methods = !["\"recovery\"", "\"verification\""].contains(&flow.as_str());
        let method = if has_methods && timing != "\"before\"" {
            self.written("auth_method", Some("\"password\""))?
        } else {
            String::new()
        };
        let call = self.written("method", Some("\"POST\""))?;
        let project = self.written("project_id", Some(""))?;
        let provider = self.written("provider", Some(""))?;
        Some(vec![provider, project, flow, timing, method, self.written("url", None)?, call])
    }

    /// Where it and its attributes begin, in bytes.
    pub(super) fn offsets(&self) -> Vec<(Option<&str>, usize)> {
        let own = self.block.span().map(|span| (None, span.start));
        let attributes = self.block.body.attributes().filter_map(|attribute| {
            let start = attribute.span()?.start;
            Some((Some(attribute.key.as_str()), start))
        });
        own.into_iter().chain(attributes).collect()
    }

    /// The arguments, nested blocks included.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = &str> {
        let attributes = self.block.body.attributes().map(|attribute| attribute.key.as_str());
        attributes.chain(self.block.body.blocks().map(|block| block.ident.as_str()))
    }

    /// Whether it has this argument, whatever its value is.
    pub(crate) fn has(&self, argument: &str) -> bool {
        self.block.body.has_attribute(argument)
    }

    /// The kind of its authentication, if that is a plain word.
    pub(crate) fn authentication(&self) -> Option<&str> {
        self.get("webhook_auth_type")?.value.as_str()
    }

    /// The webhook; `None` if its list is not known.
    pub(super) fn hook(
        &self,
        module: &Module<'_>,
        library: &Library<'_>,
        found: &mut Findings,
    ) -> Option<Hook> {
        let list = self.list(module, found)?;
        let (config, unknown) = placeholder::known_parts(&self.config(module), false);
        let (web, complaints) = WebHook::read(&config);
        // Also a `url` that is null, which counts as missing.
        let unset = complaints.unset.into_iter().map(|part| format!("`{part}` is missing."));
        for why in complaints.refused.into_iter().map(|(_, why)| why).chain(unset) {
            found.add(&terraform::ARGUMENT, self.address(), why);
        }
        let mut hook = Hook::new(list, self.address(), "web_hook");
        let body = self.get("body").map(|body| &body.value);
        hook.template = body.and_then(|body| expression::file(body, module));
        if body.and_then(Expression::as_func_call).is_some_and(is_encoded) {
            let note = "the provider encodes the body itself, so it is encoded twice: prefix it with \
                        `base64://`, or leave out `base64encode`";
            found.note(format!("{}.body", self.address()), note);
        }
        (hook.web, hook.unknown, hook.naming) = (web, unknown, Naming::Terraform);
        templates::read(&mut hook, Kind::Terraform, library, found);
        Some(hook)
    }

    /// The list that the provider puts the webhook into.
    fn list(&self, module: &Module<'_>, found: &mut Findings) -> Option<HookList> {
        let flow = self.word("flow", None, module, found)?;
        let timing = self.word("timing", None, module, found)?;
        let Ok(flow) = flow.parse::<Flow>() else {
            let why = format!("There is no flow `{flow}`.");
            found.add(&lists::UNKNOWN_LIST, format!("{}.flow", self.address()), why);
            return None;
        };
        match timing.as_str() {
            "before" => return Some(HookList::Before(flow)),
            "after" if flow.methods().is_empty() => return Some(HookList::After(flow)),
            "after" => {}
            other => {
                let why = format!("Expected `timing` to be `before` or `after`, got `{other}`.");
                found.add(&lists::UNKNOWN_LIST, format!("{}.timing", self.address()), why);
                return None;
            }
        }
        let name = self.word("auth_method", Some("password"), module, found)?;
        let method = name.parse::<Method>().ok().filter(|method| flow.methods().contains(method));
        if method.is_none() {
            let names: Vec<_> = flow.methods().iter().map(|method| format!("`{method}`")).collect();
            let why =
                format!("{flow} has {}. The provider's default is `password`.", names.join(", "));
            found.add(&lists::UNKNOWN_LIST, format!("{}.auth_method", self.address()), why);
        }
        method.map(|method| HookList::AfterMethod(flow, method))
    }

    /// The word of an attribute that decides about the list.
    fn word(
        &self,
        name: &str,
        default: Option<&str>,
        module: &Module<'_>,
        found: &mut Findings,
    ) -> Option<String> {
        let Some(attribute) = self.get(name) else { return default.map(str::to_owned) };
        match expression::constant(&attribute.value, module) {
            Some(Value::String(word)) => Some(word),
            Some(Value::Null) if default.is_some() => default.map(str::to_owned),
            _ => {
                let path = format!("{}.{name}", self.address());
                found.note(path, "the webhook was not checked: its list is not known here");
                None
            }
        }
    }

    /// The configuration that the provider makes of it (`buildHookValue`).
    fn config(&self, module: &Module<'_>) -> Value {
        let mut config = Map::new();
        let value = |name: &str| {
            let attribute = self.get(name)?;
            Some(expression::partial(&attribute.value, module)).filter(|value| !value.is_null())
        };
        for (name, part) in [("url", value("url")), ("can_interrupt", value("can_interrupt"))] {
            config.extend(part.map(|part| (name.to_owned(), part)));
        }
        config.insert("method".to_owned(), value("method").unwrap_or_else(|| json!("POST")));
        let answer = |name| value(name).unwrap_or(Value::Bool(false));
        let response =
            json!({"ignore": answer("response_ignore"), "parse": answer("response_parse")});
        config.insert("response".to_owned(), response);
        config.extend(value("body").map(|body| ("body".to_owned(), self.reference(&body, module))));
        let auth = value("webhook_auth_type").map(|kind| auth(&kind, value));
        config.extend(auth.map(|auth| ("auth".to_owned(), auth)));
        Value::Object(config)
    }

    /// The reference that the provider makes of a body: everything but `base64://` is a template.
    fn reference(&self, body: &Value, module: &Module<'_>) -> Value {
        match body {
            Value::String(text) if text.starts_with("base64://") || text.is_empty() => body.clone(),
            Value::String(text) if !expression::has_unknown(body) => {
                Value::from(format!("base64://{}", STANDARD.encode(text)))
            }
            // A file that is not there, which the search for templates may find.
            _ => {
                let body = self.get("body").map(|body| &body.value);
                match body.and_then(|body| expression::file(body, module)) {
                    Some(file) if !file.is_file() => {
                        Value::from(format!("file://{}", file.display()))
                    }
                    _ => Value::from(UNKNOWN),
                }
            }
        }
    }

    fn get(&self, name: &str) -> Option<&'b Attribute> {
        self.block.body.get_attribute(name)
    }

    /// An attribute as it is written, without the spaces around.
    fn written(&self, name: &str, default: Option<&str>) -> Option<String> {
        let Some(attribute) = self.get(name) else { return default.map(str::to_owned) };
        let text = match &attribute.value {
            Expression::String(text) => format!("{:?}", text.as_str()),
            other => other.to_string().trim().to_owned(),
        };
        Some(text)
    }
}

fn is_encoded(call: &FuncCall) -> bool {
    ["base64encode", "filebase64"].contains(&call.name.name.as_str())
}

/// The credentials. What is missing is refused by the provider, and not judged here.
fn auth(kind: &Value, value: impl Fn(&str) -> Option<Value>) -> Value {
    let first = |names: [&str; 2]| {
        let set = names.iter().find_map(|name| value(name));
        set.unwrap_or_else(|| Value::from(UNKNOWN))
    };
    let one = |name| first([name, name]);
    let config = match kind.as_str() {
        Some("basic_auth") => json!({
            "user": one("webhook_auth_basic_auth_user"),
            "password": first([
                "webhook_auth_basic_auth_password_wo",
                "webhook_auth_basic_auth_password",
            ]),
        }),
        _ => json!({
            "name": one("webhook_auth_api_key_name"),
            "value": first(["webhook_auth_api_key_value_wo", "webhook_auth_api_key_value"]),
            "in": one("webhook_auth_api_key_in"),
        }),
    };
    json!({"type": kind, "config": config})
}
