//! The Ory CLI commands that add the webhooks, as a script that people can review: the template and
//! the webhook stand in it once, and each command names a method.

use lint::kratos::Method;

use super::{
    Caller, HookPlace,
    format::{Key, Project},
    webhook::{Webhook, template},
};
use crate::shell;

/// The script of each flow, one after the other.
pub(super) fn script(
    places: &[HookPlace],
    caller: &Caller,
    key: &Key,
    project: &Project,
) -> Result<String, serde_json::Error> {
    let flows: Vec<_> = places.chunk_by(|one, next| one.list.flow() == next.list.flow()).collect();
    let scripts = flows.iter().map(|places| {
        let script = of_flow(places, caller, key, project)?;
        let flow = places.first().filter(|_| flows.len() > 1).map(|place| place.list.flow());
        Ok(flow.map(|flow| format!("# {flow}\n")).unwrap_or_default() + &script)
    });
    Ok(scripts.collect::<Result<Vec<_>, _>>()?.join("\n"))
}

/// Two shell functions, and a command for each place. The places differ only in their methods.
fn of_flow(
    places: &[HookPlace],
    caller: &Caller,
    key: &Key,
    project: &Project,
) -> Result<String, serde_json::Error> {
    let Some(first) = places.first() else { return Ok(String::new()) };
    let (template, webhook) = (template_function(*first), webhook_function(*first, caller, key)?);
    let commands: String = places.iter().map(|place| command(*place, project)).collect();
    Ok(format!("{template}\n{webhook}{commands}"))
}

/// `template METHOD` prints the template.
fn template_function(place: HookPlace) -> String {
    const METHOD: &str = "$1";
    let template = template(place, place.list.method().map(|_| METHOD));
    let template = here_document(&template, &[METHOD]);
    format!("template() {{\n  cat <<JSONNET\n{template}JSONNET\n}}\n")
}

/// `webhook METHOD` prints the webhook. It fails if the variable with the key is unset.
fn webhook_function(
    place: HookPlace,
    caller: &Caller,
    key: &Key,
) -> Result<String, serde_json::Error> {
    const BODY: &str = "$body";
    let hook = Webhook::with_template(place, caller, &key.value(), BODY);
    let hook = serde_json::to_string_pretty(&hook)?;
    let hook = match key {
        Key::Variable(_) => here_document(&hook, &[BODY, &key.value()]),
        Key::Value(_) | Key::ByHand => here_document(&hook, &[BODY]),
    };
    Ok(format!(
        "webhook() {{
  body=$(template \"$1\" | base64 | tr -d '\\n')
  cat <<JSON
{hook}
JSON
}}
"
    ))
}

/// Inserts the webhook before the existing entries of the list.
fn command(place: HookPlace, project: &Project) -> String {
    let method = place.list.method().map_or("", Method::name);
    let (project, workspace) = (shell::word(&project.project), shell::word(&project.workspace));
    let list = place.list.pointer();
    format!(
        "
hook=$(webhook {method}) && ory patch identity-config --format yaml \\
  --project {project} --workspace {workspace} \\
  --add \"{list}/0=$hook\"
"
    )
}

/// The text of a here-document, in which a shell expands only these.
fn here_document(text: &str, expanded: &[&str]) -> String {
    let escaped = escape(text);
    expanded.iter().fold(escaped, |text, expanded| text.replace(&escape(expanded), expanded))
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('$', "\\$").replace('`', "\\`")
}
