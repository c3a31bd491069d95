//! Starts `mandrill-welcome` on Lambda.

use std::process::ExitCode;

use shared::lambda::{self, LAMBDA_TIMEOUT};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda::main("mandrill_welcome", LAMBDA_TIMEOUT, mandrill_welcome::build).await
}
