#![doc = include_str!("../README.md")]

mod accept;
mod config;
mod deliver;
pub mod event;
pub mod form;
pub mod signature;

use std::sync::Arc;

use shared::{
    auth::SigningSecret,
    config::Environment,
    function::{Function, Webhook},
    lambda::StartError,
    settings::Ports,
    template::Source,
};

use accept::AcceptMandrill;
pub use accept::MANDRILL_LIMIT;
use config::Config;
pub use config::PATCH_PATHS;
use deliver::MandrillInbound;
use signature::Signatures;

/// The function's name.
pub const NAME: &str = "mandrill-inbound";

/// Builds the function from its environment.
///
/// # Errors
/// A setting that cannot be used.
pub fn build(env: &Environment, ports: &Ports) -> Result<Arc<dyn Function>, StartError> {
    let config = Config::from_env(env)?;
    let settings = &config.settings;
    let secret = settings.caller_secret(config.webhook_key_id, ports);
    let inbound = config.inbound.delivery(NAME, shipped_template, settings, ports);
    Ok(Arc::new(Webhook {
        accept: AcceptMandrill {
            signatures: Signatures {
                url: config.webhook_url,
                secret: SigningSecret::new(secret, "webhook_key"),
            },
        },
        resources: inbound.resources(),
        dispatch: settings.dispatch(NAME, MandrillInbound { inbound }, ports),
    }))
}

/// Runs the function on Lambda.
#[cfg(feature = "aws")]
pub async fn main() -> std::process::ExitCode {
    shared::lambda::main(env!("CARGO_CRATE_NAME"), shared::lambda::LAMBDA_TIMEOUT, build).await
}

/// The template that is used if `TEMPLATE` is unset.
pub fn shipped_template() -> Source {
    Source::shipped("mandrill-event.jsonnet", include_str!("../mandrill-event.jsonnet"))
}
