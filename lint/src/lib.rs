#![doc = include_str!("../README.md")]

pub mod command;
mod configuration;
mod example;
#[cfg(feature = "fetch")]
mod fetch;
mod finding;
mod fix;
mod hook;
mod hooks;
pub mod kratos;
mod mappers;
mod methods;
mod network;
mod options;
mod place;
mod placeholder;
mod policy;
mod report;
mod rules;
mod schema;
mod shown;
mod source;
mod suppression;
mod template;
mod terraform;
mod vendor;
mod web_hook;

use std::path::{Path, PathBuf};

pub use configuration::{Configuration, Kind, NoConfiguration};
pub use example::{Example, Excerpt};
#[cfg(feature = "fetch")]
pub use fetch::HttpsFetch;
pub(crate) use finding::Findings;
pub use finding::{Finding, Note, Rule, Severity};
pub use fix::{Change, Fixed, fix};
pub use options::{Fetch, FetchError, Options};
pub use place::Place;
pub use policy::{Policy, Selection, UnknownRule};
pub use report::{Report, Suppressed, to_sarif};
pub use rules::ALL as RULES;

/// Checks a file with this name and text. Relative paths of templates are resolved from its folder.
///
/// # Errors
/// If it is neither a configuration nor a template.
pub fn lint(file: &Path, text: &str) -> Result<Report, NoConfiguration> {
    lint_with(file, text, &Options::default())
}

/// The same, with options.
///
/// # Errors
/// If it is neither a configuration nor a template.
pub fn lint_with(
    file: &Path,
    text: &str,
    options: &Options<'_>,
) -> Result<Report, NoConfiguration> {
    let mut report = unsuppressed(file, text, options)?;
    report.suppress(text);
    Ok(report)
}

fn unsuppressed(file: &Path, text: &str, options: &Options<'_>) -> Result<Report, NoConfiguration> {
    let extension = file.extension().and_then(|extension| extension.to_str());
    if extension == Some("jsonnet") {
        return Ok(alone(text, options));
    }
    if terraform::is_file(file) {
        return terraform::lint(file, text, &[], options);
    }
    let folder = file.parent().unwrap_or(Path::new(""));
    let contents = match configuration::read_file(file, text) {
        Err(_) if template::is_likely(text) => return Ok(alone(text, options)),
        Err(_) if extension.is_none() && terraform::is_likely(text) => {
            return terraform::lint(file, text, &[], options);
        }
        Err(error) => {
            let hooks = options.hook.and_then(|hook| configuration::read_hooks(text, hook.list));
            let hooks = hooks.ok_or(error)?;
            let texts = configuration::Texts::new();
            let library = template::Library::new(folder, &texts, options);
            return Ok(check(&hooks, &library));
        }
        Ok(contents) => contents,
    };
    let library = template::Library::new(folder, &contents.texts, options);
    let reports =
        contents.configurations.iter().map(|configuration| check(configuration, &library));
    let mut report = reports.reduce(Report::and).ok_or(NoConfiguration::NoSelfservice)?;
    for (path, error) in contents.unread {
        report.note(
            path,
            format!("the text looks like a configuration and was not checked: {error}"),
        );
    }
    Ok(report)
}

fn alone(template: &str, options: &Options<'_>) -> Report {
    let unknown = || rules::check_template(template);
    options.hook.map_or_else(unknown, |hook| rules::check_template_in(hook, template))
}

/// Checks the Terraform files of a folder as one module: what one of them says holds for all. Each
/// file has a report of its own.
///
/// # Errors
/// For each file, if it is not Terraform or has no webhook.
pub fn lint_module(
    files: &[(PathBuf, String)],
    options: &Options<'_>,
) -> Vec<Result<Report, NoConfiguration>> {
    let texts: Vec<_> = files.iter().map(|(_, text)| text.as_str()).collect();
    let others = |own: usize| {
        let all = texts.iter().enumerate().filter(move |(number, _)| *number != own);
        all.map(|(_, text)| *text).collect::<Vec<_>>()
    };
    let reports = files.iter().enumerate().map(|(number, (file, text))| {
        let mut report = terraform::lint(file, text, &others(number), options)?;
        report.suppress(text);
        Ok(report)
    });
    reports.collect()
}

fn check(configuration: &Configuration, library: &template::Library<'_>) -> Report {
    let mut found = Findings::default();
    if let Some(placeholder) = configuration.placeholder() {
        let note = format!(
            "placeholders such as `{placeholder}` were not filled in; what depends on them was not \
             checked"
        );
        found.note(configuration.path("selfservice"), note);
    }
    let hooks = hooks::read(configuration, library, &mut found);
    rules::check(configuration, &hooks, &mut found);
    Report::new(configuration, &hooks, found)
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
    use super::{kratos::HookPlace, *};

    #[test]
    fn template_is_checked_for_the_hook_that_is_named() {
        let table: [(&str, &str, &[&str]); 10] = [
            ("registration.after.password", "function(ctx) { a: ctx.identity.id }", &[]),
            (
                "registration.after.password,parse",
                "function(ctx) { a: ctx.identity.id }",
                &["id-before-saving"],
            ),
            ("registration.before", "function(ctx) { a: ctx.identity.id }", &["no-such-field"]),
            ("login.after.password", "function(ctx) { a: ctx.session.id }", &[]),
            ("recovery.after", "function(ctx) { a: ctx.session.id }", &["no-such-field"]),
            ("login.after.oidc,ignore", "function(ctx) ctx", &["whole-ctx"]),
            ("login.after.oidc", "function(ctx, outcome) {}", &["parameters"]),
            (
                "settings.after.profile",
                "function(ctx) ctx.request_headers['X-Forwarded-For']",
                &["no-such-field"],
            ),
            (
                "settings.after.profile",
                "function(ctx) { hook: { flow: 'login', method: 'totp', when: 'after_save' } }",
                &["wrong-tag"],
            ),
            ("settings.before", "function(ctx) {", &["syntax"]),
        ];
        for (hook, code, rules) in table {
            let place: HookPlace = hook.parse().unwrap();
            let options = Options { hook: Some(place), ..Options::default() };
            let report = lint_with(Path::new("x.jsonnet"), code, &options).unwrap();
            let names: Vec<_> = report.findings.iter().map(|one| one.rule.name).collect();
            assert_eq!(names, rules, "{hook}: {code}");
            assert!(report.to_text("x").contains(&format!("template in {hook}: ")), "{hook}");
        }
    }

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
