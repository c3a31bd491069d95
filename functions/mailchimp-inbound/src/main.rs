//! Starts `mailchimp-inbound` on Lambda.

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    mailchimp_inbound::main().await
}
