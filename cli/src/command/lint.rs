//! `lint`: finds hooks that never fire, leak or break a flow.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, ValueEnum};
use lint::{NoConfiguration, lint};

use super::Done;

/// More than any configuration; what is larger is something else.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Lint {
    /// Kratos' configuration, an Ory project's, or a .jsonnet template; `-` is standard input
    ///
    /// Kratos' is YAML or JSON, or what `ory get identity-config` prints; a project's is what
    /// `ory get project` prints. Templates in it are decoded and read, those behind `file://` are
    /// looked for beside FILE, and nobody is called. A template alone is a reply template, for
    /// example.
    ///
    /// It ends with 1 if there is an error, or if FILE cannot be read.
    file: PathBuf,
    /// How to tell what was found.
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

#[derive(Clone, Copy, Default, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs, see docs/lint.md.
    Json,
}

impl Lint {
    pub(super) fn run(self) -> Done {
        let name = self.file.display().to_string();
        let text = read(&self.file).map_err(|why| format!("{name} cannot be read: {why}"))?;
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

fn read(file: &Path) -> Result<String, String> {
    let told = |error: io::Error| error.to_string();
    let input: Box<dyn Read> = if file == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(fs::File::open(file).map_err(told)?)
    };
    let mut bytes = Vec::new();
    input.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(told)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err("it is over 16 MiB".to_owned());
    }
    String::from_utf8(bytes).map_err(|_| "it is no UTF-8".to_owned())
}
