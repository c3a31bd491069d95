//! Starts `mailchimp-inbound` on Lambda.

use std::process::ExitCode;

use shared::lambda::{self, LAMBDA_TIMEOUT};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda::main("mailchimp_inbound", LAMBDA_TIMEOUT, mailchimp_inbound::build).await
}
