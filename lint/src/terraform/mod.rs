//! Webhooks in Terraform: resources `ory_action` of the provider `ory/ory`.
//!
//! Source: ory/terraform-provider-ory `internal/resources/action/resource.go`.

mod action;
mod expression;
mod module;

use std::path::Path;

use hcl_edit::{parser, structure::Body};
use serde_json::{Value, json};

pub(crate) use self::action::Action;
use self::module::Module;
use crate::{
    Configuration, Findings, NoConfiguration, Options, Report,
    configuration::Texts,
    rules,
    source::{Attributes, Places},
    template::Library,
};

/// The resource of a webhook.
const ACTION: &str = "ory_action";

/// Whether a file is Terraform, by its name.
pub(crate) fn is_file(file: &Path) -> bool {
    let extension = file.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("tf" | "tofu"))
}

/// Whether a text without a name is Terraform.
pub(crate) fn is_likely(text: &str) -> bool {
    text.contains(&format!("\"{ACTION}\""))
}

/// Checks a file of a module, whose other files have these texts.
///
/// # Errors
/// If it is not Terraform, or has no webhook.
pub(crate) fn lint(
    file: &Path,
    text: &str,
    others: &[&str],
    options: &Options<'_>,
) -> Result<Report, NoConfiguration> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let own = parse(text)?;
    // Another file that is not Terraform has an error in a report of its own.
    let others: Vec<_> = others.iter().filter_map(|text| parse(text).ok()).collect();
    let module = Module::of(&own, &others, folder);
    let mut report = actions(&module, text, folder, options);
    let contents = module.configurations(text);
    let library = Library::new(folder, &contents.texts, options);
    for configuration in &contents.configurations {
        let other = crate::check(configuration, &library);
        report = Some(match report {
            Some(report) => report.and(other),
            None => other,
        });
    }
    report.ok_or(NoConfiguration::NoAction)
}

fn parse(text: &str) -> Result<Body, NoConfiguration> {
    parser::parse_body(text).map_err(|error| {
        let at = error.location();
        let why = format!("{} at line {} column {}", error.message(), at.line(), at.column());
        NoConfiguration::Terraform(why)
    })
}

fn actions(
    module: &Module<'_>,
    text: &str,
    folder: &Path,
    options: &Options<'_>,
) -> Option<Report> {
    let (texts, mut found) = (Texts::new(), Findings::default());
    let library = Library::new(folder, &texts, options);
    let own = module.own_actions();
    if own.is_empty() {
        return None;
    }
    for action in &own {
        rules::terraform::arguments(action, &mut found);
    }
    let hooks: Vec<_> =
        own.iter().filter_map(|action| action.hook(module, &library, &mut found)).collect();
    let others = module.other_actions();
    rules::terraform::check(&own, &others, &mut found);
    let configuration =
        Configuration::of_terraform(project(module), Places::of_terraform(attributes(&own, text)));
    rules::check(&configuration, &hooks, &mut found);
    Some(Report::new(&configuration, &hooks, found))
}

/// What the project's own resource says of webhooks.
fn project(module: &Module<'_>) -> Value {
    match module.header_allowlist() {
        Some(names) => json!({"clients": {"web_hook": {"header_allowlist": names}}}),
        None => json!({}),
    }
}

fn attributes(actions: &[Action<'_>], text: &str) -> Attributes {
    let mut attributes = Attributes::of(text);
    for action in actions {
        for (attribute, offset) in action.offsets() {
            let names = [Some(ACTION), Some(action.name()), attribute];
            attributes.add(names.into_iter().flatten().collect(), offset);
        }
    }
    attributes
}

#[cfg(test)]
mod tests;
