//! `ory-lint`.

use std::{
    error::Error,
    io::{ErrorKind, Write},
    process::ExitCode,
};

use clap::Parser;
use lint::command::{Failure, Lint, Verdict, examples, terminal, version};

/// Find webhooks in an Ory configuration that never run, leak data or break a flow.
#[derive(Parser)]
#[command(name = "ory-lint", version = version(), after_help = help())]
#[command(term_width = terminal::width().into())]
struct Cli {
    #[command(flatten)]
    lint: Lint,
}

fn help() -> String {
    let codes = "Exit codes:\n  0  no errors; there may be warnings\n  1  errors found\n  \
                 2  wrong arguments or unreadable input";
    format!("{}\n\n{codes}", examples("ory-lint"))
}

/// What a shell reports for a program that SIGPIPE ended.
const OUTPUT_CLOSED: u8 = 128 + 13;

fn main() -> ExitCode {
    match Cli::parse().lint.run() {
        Ok(Verdict::Passed) => ExitCode::SUCCESS,
        Ok(Verdict::Failed) => ExitCode::FAILURE,
        Err(Failure::Output(error)) if error.kind() == ErrorKind::BrokenPipe => {
            ExitCode::from(OUTPUT_CLOSED)
        }
        Err(failure) => {
            writeln!(anstream::stderr(), "error: {}", chain(&failure)).ok();
            ExitCode::from(2)
        }
    }
}

/// An error with its causes.
fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
