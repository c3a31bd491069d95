//! Starts `segment-identify` on Lambda.

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    segment_identify::main().await
}
