//! The exit codes of the commands.

use std::{error::Error, process::ExitCode};

use crate::output::OutputError;

/// Wrong arguments, or input that cannot be read. clap uses the same code.
const INVALID_INPUT: u8 = 2;

/// The reader closed the output: what a shell reports for a program that SIGPIPE ended.
const OUTPUT_CLOSED: u8 = 128 + 13;

/// The arguments or the input of a command cannot be used. Any other error means that the command
/// failed.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct InvalidInput(Box<dyn Error>);

impl InvalidInput {
    pub(crate) fn new(why: impl Into<Box<dyn Error>>) -> Self {
        Self(why.into())
    }
}

/// The exit code for an error.
pub(crate) fn code(error: &(dyn Error + 'static)) -> ExitCode {
    if is_closed_output(error) {
        ExitCode::from(OUTPUT_CLOSED)
    } else if error.is::<InvalidInput>() {
        ExitCode::from(INVALID_INPUT)
    } else {
        ExitCode::FAILURE
    }
}

/// Whether nothing is to be reported: nobody reads the output any more.
pub(crate) fn is_closed_output(error: &(dyn Error + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(OutputError::Closed))
}

/// What the exit codes of a command mean.
pub(crate) fn help(command: &str) -> String {
    let [fine, failed] = match command {
        "up" => ["stopped, or with --once: every result is as expected", "any other result"],
        "preset" => ["printed; every event renders to a call or is cancelled", "an event fails"],
        "render" => ["rendered, or cancelled by the template", "the template fails"],
        "template" => ["packed", "a template fails, or nothing was written"],
        "lint" => ["no errors; there may be warnings", "errors found"],
        "doctor" => ["no check failed", "a check failed"],
        "mailchimp-audience" => [
            "ORY_ID is there, and not public",
            "ORY_ID is missing or public, or Mailchimp did not say",
        ],
        "mandrill-webhook" => ["printed, or the webhook is there", "the webhook was not made"],
        "renew" => ["the alias was moved", "the alias was not moved"],
        "forget" => ["all is done, or with --dry-run: printed", "refused, or something is left"],
        "dead-letters" => ["done, or there was nothing to do", "not done, or not completely"],
        "backfill" | "reconcile" => ["all were sent, or counted", "not all were sent"],
        _ => ["printed", "not printed"],
    };
    format!("Exit codes:\n  0  {fine}\n  1  {failed}\n  2  wrong arguments or unreadable input")
}
