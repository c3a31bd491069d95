//! `lint`: finds hooks that never fire, leak or break a flow.
//!
//! A configuration goes in, findings come out:
//!
//! ```text
//! configuration -> hooks -> a template each -> rules -> report
//! ```
//!
//! What Kratos does is in [`crate::ory`]; here is what that means for somebody's configuration.
//! `docs/lint.md` has a row for each rule.

mod configuration;
mod finding;
mod hooks;
mod methods;
mod report;
mod rules;
mod template;
mod vendor;
mod web_hook;

use std::path::Path;

pub use configuration::{Configuration, Kind, NoConfiguration};
pub use finding::{Finding, Findings, Rule, Severity};
pub use report::Report;
pub use rules::ALL as RULES;

/// Looks at a file of this name with this text. Templates that it names by a relative path are
/// looked for in its folder.
///
/// # Errors
/// Where it is neither a configuration nor a template.
pub fn lint(file: &Path, text: &str) -> Result<Report, NoConfiguration> {
    if file.extension().is_some_and(|extension| extension == "jsonnet") {
        return Ok(rules::check_template(text));
    }
    let configuration = Configuration::read(text)?;
    let folder = file.parent().unwrap_or(Path::new(""));
    Ok(rules::check(&configuration, folder))
}
