//! Starts `segment-identify` on Lambda.

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    shared::lambda::main("segment_identify", segment_identify::build).await
}
