//! `ory-actions`.

use std::process::ExitCode;

use clap::Parser;
use ory_actions::command::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    Cli::parse().run().await
}
