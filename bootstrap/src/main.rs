//! The program that Lambda starts: all functions in one binary, of which `Handler` in `template.yaml`
//! names one. They share nearly all of their code, so it is linked once and deployed as one package.

use std::{env, process::ExitCode, sync::Arc};

use mimalloc::MiMalloc;
use shared::{
    config::{ConfigError, Environment},
    function::Function,
    lambda::{self, LAMBDA_TIMEOUT, StartError},
    settings::Ports,
};

/// A fifth fewer instructions for an event than with the allocator of glibc, docs/performance.md.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Lambda's variable for a function's `Handler`.
const HANDLER: &str = "_HANDLER";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match env::var(HANDLER).unwrap_or_default().as_str() {
        mandrill_welcome::NAME => mandrill_welcome::main().await,
        segment_identify::NAME => segment_identify::main().await,
        mailchimp_inbound::NAME => mailchimp_inbound::main().await,
        mailchimp_subscribe::NAME => mailchimp_subscribe::main().await,
        mandrill_inbound::NAME => mandrill_inbound::main().await,
        relay::NAME => relay::main().await,
        _ => lambda::main("bootstrap", LAMBDA_TIMEOUT, no_function).await,
    }
}

fn no_function(_: &Environment, _: &Ports) -> Result<Arc<dyn Function>, StartError> {
    Err(ConfigError::new(HANDLER, "the name of a function, such as mandrill-welcome").into())
}
