//! Starts `mandrill-inbound` on Lambda.

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    mandrill_inbound::main().await
}
