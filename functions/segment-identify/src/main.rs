//! Starts `segment-identify` on Lambda.

use std::process::ExitCode;

use shared::lambda::{self, LAMBDA_TIMEOUT};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda::main("segment_identify", LAMBDA_TIMEOUT, segment_identify::build).await
}
