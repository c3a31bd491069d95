//! The command `ory-lint`, which is also `ory-actions lint`.

mod fix;
mod format;
mod input;
pub mod terminal;
mod version;

use std::{
    io::{self, Write},
    path::PathBuf,
};

use clap::Args;

use self::format::Format;
pub use self::{input::Unreadable, version::version};
#[cfg(feature = "fetch")]
use crate::fetch::HttpsFetch;
use crate::{
    NoConfiguration, Options, Policy, Report, Selection, kratos::HookPlace, lint_module, lint_with,
    terraform, to_sarif,
};

/// The arguments of the command.
#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Lint {
    /// Configurations of Kratos or Ory, Terraform files, or .jsonnet templates; `-` reads standard
    /// input
    ///
    /// A configuration is YAML, JSON or TOML, the output of `ory get identity-config` or
    /// `ory get project`, values of a Helm chart, a Kubernetes manifest, or Terraform with resources
    /// `ory_action`. Templates in it are decoded and checked, and those at `file://` are searched
    /// for. No network calls are made.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The hook of a template, or of webhooks without a configuration, and what happens to its
    /// answer: `registration.after.password`, `registration.after.password,parse`
    #[arg(long, value_name = "LIST")]
    hook: Option<HookPlace>,
    /// Where the files of the machine that runs Kratos are here: `/etc/config/kratos=.`
    #[arg(long, value_name = "FROM=TO", value_parser = root)]
    root: Vec<(String, PathBuf)>,
    /// Fetch templates at https:// and check them: from public addresses, without redirects
    #[cfg(feature = "fetch")]
    #[arg(long)]
    fetch_templates: bool,
    /// The output format; docs/lint.md describes the JSON.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Report findings of RULE as errors; `warnings` stands for every rule that warns
    #[arg(long, value_name = "RULE")]
    deny: Vec<Selection>,
    /// Do not report findings of RULE; `warnings` stands for every rule that warns
    #[arg(long, value_name = "RULE")]
    allow: Vec<Selection>,
    /// Fix what needs no decision: shows the changes, asks, writes them, and checks again
    ///
    /// Hooks move to the lists that run, `response.ignore` is set, and templates guard what they
    /// read. Of standard input, the fixed text goes to standard output.
    #[arg(long)]
    fix: bool,
    /// Show what `--fix` would change, and change nothing
    #[arg(long)]
    diff: bool,
    /// Do not ask before `--fix` writes
    #[arg(long, requires = "fix")]
    yes: bool,
}

/// Examples for the help, where the command has this name.
pub fn examples(name: &str) -> String {
    format!(
        "Examples:
  {name} kratos.yml
  ory get identity-config --project PROJECT-ID --workspace WORKSPACE-ID \\
    --format yaml | {name} -
  {name} kratos.yml --deny warnings --allow plain-http-inside
  {name} kratos.yml --root /etc/config/kratos=. --fix
  {name} kratos.yml --format json | jq '.findings[] | {{rule, path}}'
  {name} kratos.yml --format sarif > lint.sarif
  {name} body.jsonnet --hook registration.after.password,parse

docs/lint.md describes the rules."
    )
}

/// What the files are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// No errors; there may be warnings.
    Passed,
    /// There are errors.
    Failed,
}

/// Why a file was not checked, or the result not printed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A file cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// A file is neither a configuration nor a template.
    #[error("{file}")]
    NotLinted {
        /// The file.
        file: String,
        /// Why.
        #[source]
        error: NoConfiguration,
    },
    /// A file cannot be written.
    #[error("cannot write {file}")]
    Unwritable {
        /// The file.
        file: String,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// Nobody is there to agree to a change.
    #[error("nobody can answer here; add --yes to go on without a question")]
    NoTerminal,
    /// Standard output takes no more.
    #[error("cannot write to standard output")]
    Output(#[from] io::Error),
}

impl Lint {
    /// Checks the files and prints what is found.
    ///
    /// # Errors
    /// If a file cannot be checked, or the output not be written.
    pub fn run(self) -> Result<Verdict, Failure> {
        let policy = Policy { deny: self.deny.clone(), allow: self.allow.clone() };
        #[cfg(feature = "fetch")]
        let fetch = HttpsFetch::new();
        let options = Options {
            roots: self.root.clone(),
            hook: self.hook,
            #[cfg(feature = "fetch")]
            fetch: self.fetch_templates.then_some(&fetch as _),
            ..Options::default()
        };
        let mut texts = Vec::new();
        for file in &self.files {
            texts.push((file.clone(), input::read(file)?));
        }
        if self.diff || self.fix {
            let fixed = fix::fixed(&texts, &options, &policy)?;
            if self.diff {
                return fix::show(&fixed);
            }
            texts = fix::write(texts, fixed, self.yes)?;
        }
        let reports = reports(&texts, &options, &policy)?;
        let printed = printed(self.format, &reports, terminal::width().into());
        if self.fix && fix::is_piped(&texts) {
            fix::print_piped(&texts)?;
            writeln!(anstream::stderr(), "{printed}").ok();
        } else {
            let mut output = anstream::stdout();
            writeln!(output, "{printed}")?;
            output.flush()?;
        }
        let passed = reports.iter().all(|(_, report)| report.is_fine(&policy));
        Ok(if passed { Verdict::Passed } else { Verdict::Failed })
    }
}

/// What is found in each file. Terraform files of a folder are one module.
fn reports(
    texts: &[(PathBuf, String)],
    options: &Options<'_>,
    policy: &Policy,
) -> Result<Vec<(String, Report)>, Failure> {
    let mut reports = Vec::new();
    for (file, text) in texts {
        let name = file.display().to_string();
        let report = if terraform::is_file(file) {
            let of_module = |(other, _): &&(PathBuf, String)| {
                other != file && terraform::is_file(other) && other.parent() == file.parent()
            };
            let own = (file.clone(), text.clone());
            let module: Vec<_> =
                [own].into_iter().chain(texts.iter().filter(of_module).cloned()).collect();
            lint_module(&module, options).swap_remove(0)
        } else {
            lint_with(file, text, options)
        };
        let mut report =
            report.map_err(|error| Failure::NotLinted { file: name.clone(), error })?;
        report.apply(policy);
        reports.push((name, report));
    }
    Ok(reports)
}

fn root(text: &str) -> Result<(String, PathBuf), String> {
    let (from, to) =
        text.split_once('=').ok_or("expected FROM=TO, such as /etc/config/kratos=.")?;
    Ok((from.to_owned(), to.into()))
}

fn printed(format: Format, reports: &[(String, Report)], width: usize) -> String {
    let each = |print: &dyn Fn(&str, &Report) -> String, between: &str| {
        let printed: Vec<_> = reports.iter().map(|(file, report)| print(file, report)).collect();
        printed.join(between)
    };
    match format {
        Format::Text => each(&|file, report| report.to_colored_text(file, width), "\n\n"),
        Format::Json => each(&|file, report| format!("{:#}", report.to_json(file)), "\n"),
        Format::Github => each(&|file, report| report.to_github(file), "\n"),
        Format::Sarif => format!("{:#}", to_sarif(reports)),
    }
}
