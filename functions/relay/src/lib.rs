#![doc = include_str!("../README.md")]

mod auth;
mod call;
mod config;
mod credential;
mod headers;
mod origin;
mod outcome;
mod path;
mod preset;
pub mod preview;
mod request;
mod signature;
mod vendor;

use std::sync::Arc;

use shared::{
    accept::AcceptOry,
    config::Environment,
    ctx::TemplateSettings,
    deliver::{Delivery, VendorClient},
    function::{Function, Webhook},
    lambda::StartError,
    secrets::{ApiKey, Product},
    settings::Ports,
    template::Template,
};

pub use auth::SecretFault;
use config::Config;
pub use config::PRESET;
pub use credential::Credential;
pub use origin::Origin;
pub use outcome::Outcomes;
pub use preset::{OnInDoubt, Preset, PresetError, SHIPPED, Shipped};
use vendor::AnyVendor;

/// The function's name.
pub const NAME: &str = "relay";

/// Builds the function from its environment.
///
/// # Errors
/// A setting that cannot be used, or a template that does not parse.
pub fn build(env: &Environment, ports: &Ports) -> Result<Arc<dyn Function>, StartError> {
    let config = Config::from_env(env)?;
    let settings = &config.ory.settings;
    let product = Product::Other("the secret of the relay");
    let key = match config.secret {
        Some((id, field)) => ApiKey::new(settings.vendor_secret(id, ports), field, product),
        None => ApiKey::none(product),
    };
    let delivery = Delivery {
        template: Template::begin(ports.rendering, config.template),
        template_settings: TemplateSettings::default(),
        client: VendorClient {
            vendor: AnyVendor {
                target: config.target,
                limits: config.limits,
                outcomes: config.outcomes,
                on_in_doubt: config.on_in_doubt,
                http: ports.public_http.clone(),
                clock: ports.clock.clone(),
            },
            key: Arc::new(key),
            timeout: settings.vendor_timeout,
        },
        idempotency: config.records.map(|records| records.idempotency(NAME, ports)),
    };
    Ok(Arc::new(Webhook {
        accept: AcceptOry {
            auth: config.ory.caller_auth(ports),
            screen: None,
            reply_template: None,
            template_settings: TemplateSettings::default(),
        },
        resources: delivery.resources(),
        dispatch: settings.dispatch(NAME, delivery, ports),
    }))
}

/// Runs the function on Lambda.
#[cfg(feature = "aws")]
pub async fn main() -> std::process::ExitCode {
    shared::lambda::main(env!("CARGO_CRATE_NAME"), shared::lambda::LAMBDA_TIMEOUT, build).await
}
