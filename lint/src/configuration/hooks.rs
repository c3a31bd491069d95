//! Webhooks without a configuration around them, as documentation shows them.

use serde_json::{Value, json};

use super::{
    Configuration, Kind,
    parts::{Notation, parse},
};
use crate::{kratos::HookList, source::Start};

/// The hooks in a text, as if they were in this list: one, several, or a map with `hooks`. `None`
/// if there is none.
pub(crate) fn read_hooks(text: &str, list: HookList) -> Option<Configuration> {
    let mut part = parse(text, Notation::Yaml).ok()?.into_iter().next()?;
    let path = list.to_string();
    let (hooks, within) = match &part.value {
        Value::Array(hooks) if hooks.iter().any(is_hook) => (part.value.clone(), path),
        Value::Object(map) if is_hook(&part.value) => (json!([map]), format!("{path}[0]")),
        Value::Object(map) => {
            let hooks = map.get("hooks").filter(|hooks| hooks.is_array())?;
            (hooks.clone(), path.trim_end_matches(".hooks").to_owned())
        }
        _ => return None,
    };
    let root = list.keys().iter().rev().fold(hooks, |value, key| json!({ *key: value }));
    part.prefix = within;
    let configuration =
        Configuration::of(Kind::Hooks, String::new(), root, part.places(Start::FILE));
    Some(configuration.with_placeholders(part.placeholder.clone(), part.lacks_lines))
}

fn is_hook(value: &Value) -> bool {
    value.get("hook").is_some_and(Value::is_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hooks_are_read_as_if_they_were_in_the_list() {
        let list: HookList = "registration.after.password".parse().unwrap();
        let hook = "selfservice.flows.registration.after.password.hooks[0]";
        let table = [
            ("hook: web_hook\nconfig:\n  url: x\n", Some(3)),
            ("- hook: session\n- hook: web_hook\n", Some(1)),
            ("hooks:\n  - hook: web_hook\n    config:\n      url: x\n", Some(4)),
            ("{\"hook\": \"web_hook\",\n\"config\":\n{\"url\": \"x\"}}", Some(3)),
            ("a: b\n", None),
            ("- a\n", None),
            ("", None),
        ];
        for (text, line) in table {
            let read = read_hooks(text, list);
            assert_eq!(read.is_some(), line.is_some(), "{text}");
            let Some(configuration) = read else { continue };
            assert!(configuration.value(hook).is_some(), "{text}");
            let place = configuration.places().of(&format!("{hook}.config.url"));
            assert_eq!(place.map(|place| place.line), line, "{text}");
        }
    }
}
