#![doc = include_str!("../README.md")]

mod configuration;
mod example;
mod finding;
mod hook;
mod hooks;
pub mod kratos;
mod methods;
mod place;
mod report;
mod rules;
mod shown;
mod template;
mod vendor;
mod web_hook;

use std::path::Path;

pub use configuration::{Configuration, Kind, NoConfiguration};
pub use example::{Example, Excerpt};
pub use finding::{Finding, Findings, Rule, Severity};
pub use place::Place;
pub use report::Report;
pub use rules::ALL as RULES;

/// Checks a file with this name and text. Relative paths of templates are resolved from its folder.
///
/// # Errors
/// If it is neither a configuration nor a template.
pub fn lint(file: &Path, text: &str) -> Result<Report, NoConfiguration> {
    if file.extension().is_some_and(|extension| extension == "jsonnet") {
        return Ok(rules::check_template(text));
    }
    let configuration = Configuration::read(text)?;
    let folder = file.parent().unwrap_or(Path::new(""));
    let mut found = Findings::default();
    let hooks = hooks::read(&configuration, folder, &mut found);
    rules::check(&configuration, &hooks, &mut found);
    Ok(Report::new(configuration.kind, &hooks, found))
}
