//! The hooks of a configuration, and their places.

use std::path::Path;

use serde_json::{Map, Value};

use crate::{
    Configuration, Findings,
    configuration::type_of,
    hook::Hook,
    kratos::{Flow, HookList, Method},
    rules::{lists, templates},
    web_hook::WebHook,
};

/// All hooks of a configuration. An invalid hook becomes a finding.
pub(crate) fn read(
    configuration: &Configuration,
    folder: &Path,
    found: &mut Findings,
) -> Vec<Hook> {
    let mut reader = Reader { configuration, folder, found, hooks: Vec::new() };
    for flow in Flow::ALL {
        reader.flow(flow);
    }
    reader.hooks
}

/// The keys under `after` that are not methods.
const BESIDE_METHODS: [&str; 2] = ["hooks", "default_browser_return_url"];

struct Reader<'c> {
    configuration: &'c Configuration,
    folder: &'c Path,
    found: &'c mut Findings,
    hooks: Vec<Hook>,
}

impl Reader<'_> {
    fn flow(&mut self, flow: Flow) {
        let path = format!("selfservice.flows.{flow}");
        let Some(flows) = self.map(&["selfservice", "flows", flow.name()], &path) else { return };
        for (key, list) in [("before", HookList::Before(flow)), ("after", HookList::After(flow))] {
            let Some(moment) = self.map_of(flows.get(key), &format!("{path}.{key}")) else {
                continue;
            };
            self.list(list, moment.get("hooks"));
            if key == "after" {
                self.methods(flow, &path, &moment);
            }
        }
    }

    fn methods(&mut self, flow: Flow, path: &str, after: &Map<String, Value>) {
        for (key, value) in after.iter().filter(|(key, _)| !BESIDE_METHODS.contains(&key.as_str()))
        {
            let path = format!("{path}.after.{key}");
            let method = key.parse::<Method>().ok().filter(|m| flow.methods().contains(m));
            let Some(list) = self.map_of(Some(value), &path) else { continue };
            if let Some(method) = method {
                self.list(HookList::AfterMethod(flow, method), list.get("hooks"));
            } else {
                let path = self.configuration.path(&path);
                self.found.add(&lists::UNKNOWN_LIST, path, lists::known_lists(flow));
            }
        }
    }

    fn list(&mut self, list: HookList, hooks: Option<&Value>) {
        let path = self.configuration.path(&list.to_string());
        match hooks {
            None | Some(Value::Null) => {}
            Some(Value::Array(hooks)) => {
                for (position, hook) in hooks.iter().enumerate() {
                    self.hook(list, format!("{path}[{position}]"), hook);
                }
            }
            Some(other) => {
                let detail = format!("Expected a list, got {}.", type_of(other));
                self.found.add(&lists::SHAPE, path, detail);
            }
        }
    }

    fn hook(&mut self, list: HookList, path: String, hook: &Value) {
        let Some(name) = hook.get("hook").and_then(Value::as_str) else {
            self.found.add(
                &lists::SHAPE,
                path,
                "Expected a map with the name of the hook in `hook`.",
            );
            return;
        };
        let web = (name == "web_hook").then(|| self.web_hook(&path, hook)).flatten();
        let mut hook = Hook { list, path, name: name.to_owned(), web, reading: None };
        templates::read(&mut hook, self.folder, self.found);
        self.hooks.push(hook);
    }

    fn web_hook(&mut self, path: &str, hook: &Value) -> Option<WebHook> {
        let config = hook.get("config").unwrap_or(&Value::Null);
        let refused = |why| self.found.add(&lists::SHAPE, format!("{path}.config"), why);
        WebHook::read(config).map_err(refused).ok()
    }

    fn map(&mut self, keys: &[&str], path: &str) -> Option<Map<String, Value>> {
        self.map_of(self.configuration.at(keys), path)
    }

    fn map_of(&mut self, value: Option<&Value>, path: &str) -> Option<Map<String, Value>> {
        match value {
            None | Some(Value::Null) => None,
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
