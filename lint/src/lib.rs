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

/// Whether a template reads this field of `ctx`, in whichever branch; `None` if that cannot be told,
/// because it is not Jsonnet or does too much to be followed to its end.
pub fn reads(template: &str, field: &[&str]) -> Option<bool> {
    let reading = template::read(template).ok()?;
    let is_read = reading.reads.iter().any(|read| read.path.is_within(field));
    (is_read || !reading.gave_up).then_some(is_read)
}

#[cfg(test)]
mod tests {
    use super::reads;

    #[test]
    fn field_is_read_in_whichever_way() {
        let table = [
            (
                "function(ctx) if ctx.hook.flow == 'backfill' then error 'cancel' else {}",
                Some(true),
            ),
            ("function(ctx) local hook = ctx.hook; if hook.flow == 'a' then {}", Some(true)),
            ("function(ctx) if std.get(ctx.hook, 'flow') == 'a' then {}", Some(true)),
            ("local is(hook) = hook['flow'] == 'a'; function(ctx) is(ctx.hook)", Some(true)),
            ("function(ctx) { a: ctx.hook.method }", Some(false)),
            ("function(ctx) { a: ctx.hook }", Some(false)),
            ("function(ctx) { a: ctx.flow.hook }", Some(false)),
            ("function(ctx) { a: 'ctx.hook.flow' } // ctx.hook.flow", Some(false)),
            ("{}", Some(false)),
            ("function(ctx) {", None),
            ("local f(x) = f(x + 1) + f(x + 2); function(ctx) f(1)", None),
        ];
        for (template, expected) in table {
            assert_eq!(reads(template, &["hook", "flow"]), expected, "{template}");
        }
    }
}
