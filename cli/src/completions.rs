//! `completions`: prints a shell completion script.

use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use crate::{
    command::{Cli, Done},
    output,
};

const EXAMPLES: &str = "\
Examples:
  ory-actions completions bash > ~/.local/share/bash-completion/completions/ory-actions
  ory-actions completions zsh > \"${fpath[1]}/_ory-actions\"
  ory-actions completions fish > ~/.config/fish/completions/ory-actions.fish";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self) -> Done {
        let mut command = Cli::command();
        let name = command.get_name().to_owned();
        let mut script = Vec::new();
        generate(self.shell, &mut command, name, &mut script);
        output::text(String::from_utf8(script)?)?;
        Ok(ExitCode::SUCCESS)
    }
}
