//! Starts `crm-contact` on Lambda.

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    shared::lambda::main("crm_contact", crm_contact::build).await
}
