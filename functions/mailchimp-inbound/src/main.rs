//! Starts `mailchimp-inbound` on Lambda.

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    shared::lambda::main("mailchimp_inbound", mailchimp_inbound::build).await
}
