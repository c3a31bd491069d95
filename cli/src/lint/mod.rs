//! `lint`: finds webhooks that never run, leak data or break a flow.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use lint::{NoConfiguration, lint};

use crate::{command::Done, exit::InvalidInput, format::Format, input, output, terminal};

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Lint {
    /// A Kratos configuration, an Ory project or a .jsonnet template; `-` reads standard input
    ///
    /// A configuration is YAML or JSON, or the output of `ory get identity-config`; a project is the
    /// output of `ory get project`. Templates in it are decoded and checked. A relative `file://`
    /// path is resolved from the folder of FILE. `lint` makes no network calls.
    file: PathBuf,
    /// The output format; docs/lint.md describes the JSON.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

const EXAMPLES: &str = "Examples:
  ory-actions lint kratos.yml
  ory get identity-config --project PROJECT-ID --workspace WORKSPACE-ID \\
    --format yaml | ory-actions lint -
  ory-actions lint kratos.yml --format json | jq '.findings[] | {rule, path}'
  ory-actions lint reply.jsonnet

docs/lint.md describes the rules.";

impl Lint {
    pub(crate) fn run(self) -> Done {
        let name = self.file.display().to_string();
        let text = input::read_text(&self.file)?;
        let not_linted = |error| InvalidInput::new(NotLinted { name: name.clone(), error });
        let report = lint(&self.file, &text).map_err(not_linted)?;
        match self.format {
            Format::Text => {
                output::line(report.to_colored_text(&name, terminal::width().into()))?;
            }
            Format::Json => output::line(format_args!("{:#}", report.to_json(&name)))?,
        }
        Ok(if report.has_no_errors() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{name}")]
struct NotLinted {
    name: String,
    #[source]
    error: NoConfiguration,
}
