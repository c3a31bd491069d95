//! Starts `mandrill-welcome` on Lambda.

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    mandrill_welcome::main().await
}
