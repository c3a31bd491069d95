//! `lint`: finds hooks that never fire, leak or break a flow.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use lint::{NoConfiguration, lint};

use crate::{command::Done, format::Format, input};

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Lint {
    /// Kratos' configuration, an Ory project's, or a .jsonnet template; `-` is standard input
    ///
    /// Kratos' is YAML or JSON, or what `ory get identity-config` prints; a project's is what
    /// `ory get project` prints. Templates in it are decoded and read, those behind `file://` are
    /// looked for beside FILE, and nobody is called. A template alone is a reply template, for
    /// example.
    ///
    /// It ends with 1 if there is an error, or if FILE cannot be read.
    file: PathBuf,
    /// How to tell what was found; docs/lint.md describes the JSON.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

const EXAMPLES: &str = "Examples:
  ory-actions lint kratos.yml
  ory get identity-config --project PROJECT-ID --workspace WORKSPACE-ID --format yaml \\
    | ory-actions lint -
  ory-actions lint kratos.yml --format json | jq '.findings[] | {rule, path}'
  ory-actions lint reply.jsonnet

All rules: docs/lint.md";

impl Lint {
    pub(crate) fn run(self) -> Done {
        let name = self.file.display().to_string();
        let text = input::read_text(&self.file)?;
        let report =
            lint(&self.file, &text).map_err(|error| NotLinted { name: name.clone(), error })?;
        match self.format {
            Format::Text => println!("{}", report.to_text(&name)),
            Format::Json => println!("{:#}", report.to_json(&name)),
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
