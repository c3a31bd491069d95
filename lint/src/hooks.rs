//! The hooks of a configuration, and their places.

use serde_json::{Map, Value};

use crate::{
    Configuration, Findings,
    configuration::type_of,
    hook::Hook,
    kratos::{Flow, HookList, Method},
    mappers,
    placeholder::{self, Unknown},
    rules::{lists, templates},
    schema,
    template::{Library, Use},
    web_hook::{WebHook, unknown_key},
};

/// All hooks of a configuration. What Kratos refuses becomes a finding; the rest is read all the
/// same.
pub(crate) fn read(
    configuration: &Configuration,
    library: &Library<'_>,
    found: &mut Findings,
) -> Vec<Hook> {
    let mut reader = Reader { configuration, library, found, hooks: Vec::new() };
    reader.flows();
    for flow in Flow::ALL {
        reader.flow(flow);
    }
    reader.hooks
}

/// The keys under `after` that are not methods.
const BESIDE_METHODS: [&str; 2] = ["hooks", "default_browser_return_url"];

struct Reader<'c> {
    configuration: &'c Configuration,
    library: &'c Library<'c>,
    found: &'c mut Findings,
    hooks: Vec<Hook>,
}

impl Reader<'_> {
    fn flows(&mut self) {
        let path = "selfservice.flows";
        if let Some(flows) = self.map(&["selfservice", "flows"], path) {
            self.unknown(&self.configuration.path(path), &flows, &schema::FLOWS);
        }
        for (keys, known) in schema::WITHOUT_HOOKS {
            let path = format!("{path}.{}", keys.join("."));
            if let Some(part) = self.map(&[&["selfservice", "flows"], keys].concat(), &path) {
                self.unknown(&self.configuration.path(&path), &part, known);
            }
        }
    }

    fn flow(&mut self, flow: Flow) {
        let path = format!("selfservice.flows.{flow}");
        let Some(flows) = self.map(&["selfservice", "flows", flow.name()], &path) else { return };
        self.unknown(&self.configuration.path(&path), &flows, schema::of_flow(flow));
        for (key, list) in [("before", HookList::Before(flow)), ("after", HookList::After(flow))] {
            let path = format!("{path}.{key}");
            let Some(moment) = self.map_of(flows.get(key), &path) else { continue };
            self.list(list, moment.get("hooks"));
            if key == "after" {
                self.methods(flow, &path, &moment);
            } else {
                self.unknown(&self.configuration.path(&path), &moment, &schema::BEFORE);
            }
        }
    }

    fn methods(&mut self, flow: Flow, path: &str, after: &Map<String, Value>) {
        let is_method = |key: &str| !BESIDE_METHODS.contains(&key) && !placeholder::is_in(key);
        for (key, value) in after.iter().filter(|(key, _)| is_method(key)) {
            let path = format!("{path}.{key}");
            let method = key.parse::<Method>().ok().filter(|m| flow.methods().contains(m));
            let Some(method) = method else {
                let path = self.configuration.path(&path);
                self.found.add(&lists::UNKNOWN_LIST, path, lists::known_lists(flow));
                continue;
            };
            if let Some(list) = self.map_of(Some(value), &path) {
                self.unknown(&self.configuration.path(&path), &list, &schema::METHOD);
                self.list(HookList::AfterMethod(flow, method), list.get("hooks"));
            }
        }
    }

    fn list(&mut self, list: HookList, hooks: Option<&Value>) {
        let path = self.configuration.path(&list.to_string());
        match hooks {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) if placeholder::is_in(text) => {
                self.found.note(path, "the hooks were not checked: they are filled in later");
            }
            Some(Value::Array(hooks)) => {
                for (position, hook) in hooks.iter().enumerate() {
                    let path = format!("{path}[{position}]");
                    if hooks[..position].contains(hook) {
                        let why = "The same hook is in the list already: Kratos refuses a list with \
                                   two equal entries.";
                        self.found.add(&lists::SHAPE, path.clone(), why);
                    }
                    self.hook(list, path, hook);
                }
            }
            Some(other) => {
                let detail = format!("Expected a list, got {}.", type_of(other));
                self.found.add(&lists::SHAPE, path, detail);
            }
        }
    }

    fn hook(&mut self, list: HookList, path: String, hook: &Value) {
        if self.is_filled_in_later(hook) {
            return;
        }
        let (Value::Object(entry), Some(name)) = (hook, hook.get("hook").and_then(Value::as_str))
        else {
            self.found.add(
                &lists::SHAPE,
                path,
                "Expected a map with the name of the hook in `hook`.",
            );
            return;
        };
        if lists::is_known(name) {
            self.unknown(&path, entry, schema::of_hook(name));
        }
        let mut read = Hook::new(list, path.clone(), name);
        if name == "web_hook"
            && let Some((web, unknown)) = self.web_hook(&path, hook)
        {
            (read.web, read.unknown) = (Some(web), unknown);
        }
        templates::read(&mut read, self.configuration.kind, self.library, self.found);
        self.mapped(&mut read);
        self.hooks.push(read);
    }

    /// After a social sign-up, `metadata_public` is not null if every mapper writes it.
    fn mapped(&self, hook: &mut Hook) {
        let is_social = hook.list == HookList::AfterMethod(Flow::Registration, Method::Oidc);
        let Some(reading) = hook.reading.as_mut().filter(|_| is_social) else { return };
        let is_metadata = |one: &&mut Use| one.path.is(&["identity", "metadata_public"]);
        let mut uses = reading.uses.iter_mut().filter(is_metadata).peekable();
        if uses.peek().is_some() && mappers::write_public_metadata(self.configuration, self.library)
        {
            uses.for_each(|one| one.guarded = true);
        }
    }

    /// Whether it is not known which hook this is.
    fn is_filled_in_later(&self, hook: &Value) -> bool {
        let is_placeholder = |value: &Value| value.as_str().is_some_and(placeholder::is_in);
        let name = hook.get("hook");
        is_placeholder(hook)
            || name.is_some_and(is_placeholder)
            || (self.configuration.lacks_lines() && name.is_none_or(Value::is_null))
    }

    fn web_hook(&mut self, path: &str, hook: &Value) -> Option<(WebHook, Unknown)> {
        let lacks_lines = self.configuration.lacks_lines();
        let config = match hook.get("config") {
            None | Some(Value::Null) if lacks_lines => &Value::Object(Map::new()),
            Some(Value::String(text)) if placeholder::is_in(text) => return None,
            Some(config) => config,
            None => &Value::Null,
        };
        let (config, unknown) = placeholder::known_parts(config, lacks_lines);
        let path = format!("{path}.config");
        let (web, complaints) = WebHook::read(&config);
        for (part, why) in complaints.refused {
            let at = if part.is_empty() { path.clone() } else { format!("{path}.{part}") };
            self.found.add(&lists::SHAPE, at, why);
        }
        for part in complaints.unset {
            self.unset(&path, &part);
        }
        Some((web?, unknown))
    }

    /// Kratos reads its configuration from environment variables, too; an Ory project has none.
    fn unset(&mut self, path: &str, part: &str) {
        if self.configuration.kind.is_network() {
            self.found.add(&lists::SHAPE, path, format!("`{part}` is missing."));
            return;
        }
        let at = format!("{path}.{part}");
        let note = format!(
            "`{part}` is not set here; Kratos refuses the configuration unless the environment \
             variable `{}` sets it",
            variable(&at)
        );
        self.found.note(at, note);
    }

    fn unknown(&mut self, path: &str, map: &Map<String, Value>, known: &[&str]) {
        for key in schema::unknown(map, known) {
            if !placeholder::is_in(key) {
                self.found.add(&lists::SHAPE, format!("{path}.{key}"), unknown_key(key, known));
            }
        }
    }

    fn map(&mut self, keys: &[&str], path: &str) -> Option<Map<String, Value>> {
        self.map_of(self.configuration.at(keys), path)
    }

    fn map_of(&mut self, value: Option<&Value>, path: &str) -> Option<Map<String, Value>> {
        match value {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if placeholder::is_in(text) => None,
            Some(Value::Object(map)) => Some(map.clone()),
            Some(other) => {
                let path = self.configuration.path(path);
                let detail = format!("Expected a map, got {}.", type_of(other));
                self.found.add(&lists::SHAPE, path, detail);
                None
            }
        }
    }
}

/// The environment variable that sets a key of Kratos' configuration.
///
/// Source: ory/kratos `oryx/configx`, which maps `.` and the position in a list to `_`.
fn variable(path: &str) -> String {
    path.to_uppercase().replace(['.', '['], "_").replace(']', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environment_variable_is_named_after_the_path() {
        let list = HookList::AfterMethod(Flow::Registration, Method::Password);
        assert_eq!(
            variable(&format!("{list}[0].config.auth.config.value")),
            "SELFSERVICE_FLOWS_REGISTRATION_AFTER_PASSWORD_HOOKS_0_CONFIG_AUTH_CONFIG_VALUE"
        );
    }
}
