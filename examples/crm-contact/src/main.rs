//! Starts `crm-contact` on Lambda.

use std::process::ExitCode;

use shared::lambda::{self, LAMBDA_TIMEOUT};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda::main("crm_contact", LAMBDA_TIMEOUT, crm_contact::build).await
}
