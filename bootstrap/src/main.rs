//! The program that Lambda starts: all functions in one binary, of which `Handler` in `template.yaml`
//! names one. They share nearly all of their code, so it is linked once and deployed as one package.

use std::{env, process::ExitCode, sync::Arc};

use shared::{
    config::{ConfigError, Environment},
    function::Function,
    lambda::{self, StartError},
    settings::Ports,
};

/// Lambda's variable for a function's `Handler`.
const HANDLER: &str = "_HANDLER";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match env::var(HANDLER).unwrap_or_default().as_str() {
        mandrill_welcome::NAME => lambda::main("mandrill_welcome", mandrill_welcome::build).await,
        segment_identify::NAME => lambda::main("segment_identify", segment_identify::build).await,
        mailchimp_inbound::NAME => {
            lambda::main("mailchimp_inbound", mailchimp_inbound::build).await
        }
        mailchimp_subscribe::NAME => {
            lambda::main("mailchimp_subscribe", mailchimp_subscribe::build).await
        }
        _ => lambda::main("bootstrap", no_function).await,
    }
}

fn no_function(_: &Environment, _: &Ports) -> Result<Arc<dyn Function>, StartError> {
    Err(ConfigError::new(HANDLER, "the name of a function, such as mandrill-welcome").into())
}
