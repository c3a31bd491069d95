//! `ory-actions`.

use std::process::ExitCode;

use ory_actions::command::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    Cli::typed().run().await
}
