//! `lint`: finds webhooks that never run, leak data or break a flow.

use std::process::ExitCode;

use clap::Args;
use lint::command::{Failure, Verdict, examples};

use crate::{command::Done, exit::InvalidInput, output::OutputError};

#[derive(Args)]
#[command(after_help = examples("ory-actions lint"))]
#[group(skip)]
pub(crate) struct Lint {
    #[command(flatten)]
    lint: lint::command::Lint,
}

impl Lint {
    pub(crate) fn run(self) -> Done {
        match self.lint.run() {
            Ok(Verdict::Passed) => Ok(ExitCode::SUCCESS),
            Ok(Verdict::Failed) => Ok(ExitCode::FAILURE),
            Err(Failure::Output(error)) => Err(OutputError::from(error).into()),
            Err(failure) => Err(InvalidInput::new(failure).into()),
        }
    }
}
