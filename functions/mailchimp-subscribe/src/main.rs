//! Starts `mailchimp-subscribe` on Lambda.

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    shared::lambda::main("mailchimp_subscribe", mailchimp_subscribe::build).await
}
