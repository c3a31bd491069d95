//! Starts `crm-contact` on Lambda.

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    crm_contact::main().await
}
