#![doc = include_str!("../README.md")]

mod accept;
mod config;
pub mod event;
pub mod form;
#[cfg(test)]
mod inbound_tests;
#[cfg(test)]
mod samples;
pub mod signature;

use std::sync::Arc;

use shared::{
    auth::{CallerAuth, Scheme, SigningSecret},
    config::Environment,
    function::{Function, Webhook},
    lambda::StartError,
    settings::{Ports, Settings},
    template::Source,
};

use accept::AcceptMailchimp;
pub use accept::MAILCHIMP_LIMIT;
use config::Config;
pub use config::PATCH_PATHS;
use signature::Signatures;

/// The function's name.
pub const NAME: &str = "mailchimp-inbound";

/// Builds the function from its environment.
///
/// # Errors
/// A setting that cannot be used, or a template that does not parse.
pub fn build(env: &Environment, ports: &Ports) -> Result<Arc<dyn Function>, StartError> {
    let config = Config::from_env(env)?;
    let settings = &config.settings;
    let delivery = config.inbound.delivery(NAME, shipped_template, settings, ports);
    Ok(Arc::new(Webhook {
        accept: AcceptMailchimp {
            auth: CallerAuth::new(
                settings.caller_secret(config.webhook_secret_id, ports),
                Scheme::Query,
            ),
            signatures: config.signing_secret_id.map(|id| signatures(id, settings, ports)),
            lists: config.lists,
        },
        resources: delivery.resources(),
        dispatch: settings.dispatch(NAME, delivery, ports),
    }))
}

fn signatures(secret_id: String, settings: &Settings, ports: &Ports) -> Signatures {
    let secret = settings.caller_secret(secret_id, ports);
    Signatures { secret: SigningSecret::new(secret, "signing_secret"), clock: ports.clock.clone() }
}

/// Runs the function on Lambda.
#[cfg(feature = "aws")]
pub async fn main() -> std::process::ExitCode {
    shared::lambda::main(env!("CARGO_CRATE_NAME"), shared::lambda::LAMBDA_TIMEOUT, build).await
}

/// The template that is used if `TEMPLATE` is unset.
pub fn shipped_template() -> Source {
    Source::shipped("inbound.jsonnet", include_str!("../inbound.jsonnet"))
}
