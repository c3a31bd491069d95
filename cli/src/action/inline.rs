//! The Ory CLI command that adds one webhook, with everything encoded in it.

use super::{
    HookPlace,
    format::{Key, Project},
    webhook::Webhook,
};
use crate::shell;

/// Inserts the webhook before the existing entries of the list.
pub(super) fn command(
    place: HookPlace,
    hook: &Webhook,
    key: &Key,
    project: &Project,
) -> Result<String, serde_json::Error> {
    let hook = serde_json::to_string(hook)?;
    let add = format!("{}/0={hook}", place.list.pointer());
    let add = match key {
        // The shell inserts the key, and stops if the variable is unset.
        Key::Variable(_) => {
            let words: Vec<_> = add.split(&key.value()).map(shell::word).collect();
            words.join(&format!("\"{}\"", key.value()))
        }
        Key::Value(_) | Key::ByHand => shell::word(&add).into_owned(),
    };
    let (project, workspace) = (shell::word(&project.project), shell::word(&project.workspace));
    Ok(format!(
        "ory patch identity-config --project {project} --workspace {workspace} --format yaml \\\n  \
         --add {add}\n"
    ))
}
