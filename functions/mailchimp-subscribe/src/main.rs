//! Starts `mailchimp-subscribe` on Lambda.

use std::process::ExitCode;

use shared::lambda;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda::main("mailchimp_subscribe", mailchimp_subscribe::TIMEOUT, mailchimp_subscribe::build)
        .await
}
