//! Starts `mailchimp-subscribe` on Lambda.

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    mailchimp_subscribe::main().await
}
