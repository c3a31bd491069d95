//! Starts `mandrill-welcome` on Lambda.

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    shared::lambda::main("mandrill_welcome", mandrill_welcome::build).await
}
