//! Which changes fix a finding.

use std::path::PathBuf;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::template;
use crate::{
    Configuration, Finding,
    finding::TemplateText,
    hook::Hook,
    kratos::{Flow, HookList, Method},
    methods::Methods,
    rules::{ctx, lists, request, response, templates},
};

/// A change of a configuration.
#[derive(Debug, PartialEq)]
pub(super) enum Edit {
    /// Gives a part this value.
    Set(String, Value),
    /// Puts a copy of the hook at `from` before the hooks of a list.
    Copy {
        /// The path of the hook.
        from: String,
        /// The path of the list.
        to: String,
        /// The hook.
        value: Value,
    },
    /// Removes a hook.
    Remove(String),
    /// Replaces a template that is a file of its own.
    Template(PathBuf, String),
}

/// What people should know who move hooks.
const POSITIONS: &str =
    "Environment variables that name these hooks by their position must follow.";
const ONLY_PROFILE: &str = "In settings, a hook moves to `profile` only: the configuration does not \
                            say which methods are enabled.";

/// What to tell about the changes that fix a finding.
pub(super) fn notes(
    finding: &Finding,
    edits: &[Edit],
    configuration: &Configuration,
) -> Vec<&'static str> {
    let moves_to = |list: HookList| {
        let path = configuration.path(&list.to_string());
        edits.iter().any(|edit| matches!(edit, Edit::Copy { to, .. } if *to == path))
    };
    let is_unsure = finding.rule == &lists::PARSE_ON_GLOBAL
        && !Methods::of(configuration).are_known()
        && moves_to(HookList::AfterMethod(Flow::Settings, Method::Profile));
    let moves = edits.iter().any(|edit| matches!(edit, Edit::Copy { .. } | Edit::Remove(_)));
    // An Ory project has no environment variables.
    let has_variables = moves && !configuration.kind.is_network();
    let notes = [(is_unsure, ONLY_PROFILE), (has_variables, POSITIONS)];
    notes.into_iter().filter_map(|(applies, note)| applies.then_some(note)).collect()
}

/// The changes that fix a finding; none if that takes a person.
pub(super) fn edits(
    finding: &Finding,
    configuration: &Configuration,
    hooks: &[Hook],
    template: Option<&TemplateText>,
) -> Vec<Edit> {
    let rule = finding.rule;
    let Some(hook) = hooks.iter().find(|hook| finding.path.starts_with(&hook.path)) else {
        return Vec::new();
    };
    if rule == &response::FAILS_AFTER_SAVING || rule == &response::BREAKS_SIGN_UP {
        return vec![Edit::Set(hook.part("response.ignore"), true.into())];
    }
    if rule == &lists::SHADOWED {
        return copies_for_silenced(hook, configuration, hooks);
    }
    if rule == &lists::PARSE_ON_GLOBAL {
        return moves_to_methods(hook, configuration, hooks);
    }
    if rule == &request::CONTENT_TYPE {
        return supported_type(hook);
    }
    if rule == &templates::OLD_PATH {
        let path = hook.web.as_ref().and_then(|web| web.body.as_deref()).unwrap_or_default();
        return vec![Edit::Set(hook.part("body"), format!("file://{path}").into())];
    }
    let is_fixable = [&ctx::TRANSIENT_PAYLOAD, &ctx::FIELD_AT_TIMES].contains(&rule);
    let Some((template, place)) = template.zip(finding.place).filter(|_| is_fixable) else {
        return Vec::new();
    };
    match (template::guarded(&template.code, place), &template.file) {
        (Some(code), Some(file)) => vec![Edit::Template(file.clone(), code)],
        // An inline template is encoded again.
        (Some(code), None) => {
            let encoded = format!("base64://{}", STANDARD.encode(code));
            vec![Edit::Set(hook.part("body"), encoded.into())]
        }
        (None, _) => Vec::new(),
    }
}

/// The same for a resource in Terraform.
pub(super) fn in_terraform(finding: &Finding) -> Vec<Edit> {
    let is_waiting = [&response::FAILS_AFTER_SAVING, &response::BREAKS_SIGN_UP];
    let resource: Vec<_> = finding.path.split('.').take(2).collect();
    if !is_waiting.contains(&finding.rule) || resource.len() < 2 {
        return Vec::new();
    }
    vec![Edit::Set(format!("{}.response_ignore", resource.join(".")), true.into())]
}

/// The hook in the lists that silence it. It leaves its own list where no other method uses that.
fn copies_for_silenced(hook: &Hook, configuration: &Configuration, hooks: &[Hook]) -> Vec<Edit> {
    let flow = hook.list.flow();
    let methods = Methods::of(configuration);
    let silenced = lists::silencing(hook, hooks, &methods);
    let has_own_list =
        |method: &Method| hooks.iter().any(|one| one.list == HookList::AfterMethod(flow, *method));
    let is_used_by_others = flow
        .methods()
        .iter()
        .any(|method| methods.may_be_on(flow, *method) && !has_own_list(method));
    let mut edits = copies(hook, configuration, silenced);
    if !is_used_by_others {
        edits.push(Edit::Remove(hook.path.clone()));
    }
    edits
}

/// The hook in the lists of all methods that are enabled. A new list would silence the hooks that
/// stay, so nothing is done where a method has none yet and there are other hooks.
fn moves_to_methods(hook: &Hook, configuration: &Configuration, hooks: &[Hook]) -> Vec<Edit> {
    let flow = hook.list.flow();
    let methods = Methods::of(configuration);
    let enabled: Vec<_> = flow
        .methods()
        .iter()
        .copied()
        .filter(|method| methods.is_on(flow, *method))
        // In settings, each method does something else: only what is enabled for sure gets the hook.
        .filter(|method| {
            flow != Flow::Settings || methods.are_known() || *method == Method::Profile
        })
        .collect();
    let has_list =
        |method: &Method| hooks.iter().any(|one| one.list == HookList::AfterMethod(flow, *method));
    let stays = hooks.iter().any(|one| one.list == hook.list && one.path != hook.path);
    if enabled.is_empty() || (stays && !enabled.iter().all(has_list)) {
        return Vec::new();
    }
    let mut edits = copies(hook, configuration, enabled);
    edits.push(Edit::Remove(hook.path.clone()));
    edits
}

fn copies(hook: &Hook, configuration: &Configuration, methods: Vec<Method>) -> Vec<Edit> {
    let Some(value) = configuration.value(&hook.path).cloned() else { return Vec::new() };
    let copy = |method| Edit::Copy {
        from: hook.path.clone(),
        to: configuration.path(&HookList::AfterMethod(hook.list.flow(), method).to_string()),
        value: value.clone(),
    };
    methods.into_iter().map(copy).collect()
}

/// The content type without what stands behind it.
fn supported_type(hook: &Hook) -> Vec<Edit> {
    let Some(web) = &hook.web else { return Vec::new() };
    let kind = web.content_type().split(';').next().unwrap_or_default().trim();
    let kind = kind.to_ascii_lowercase();
    let is_known = [crate::web_hook::JSON, crate::web_hook::FORM].contains(&kind.as_str());
    let part = web.part_of_content_type().filter(|_| is_known);
    part.map(|part| Edit::Set(hook.part(&part), kind.into())).into_iter().collect()
}
