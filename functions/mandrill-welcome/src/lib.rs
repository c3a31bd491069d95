#![doc = include_str!("../README.md")]

mod call;
mod client;
mod config;
mod mail;
mod outcome;
mod screen;
mod search;
#[cfg(test)]
mod welcome_tests;

use std::sync::Arc;

use shared::{
    accept::{AcceptOry, Screen},
    config::Environment,
    deliver::{Delivery, VendorClient},
    function::{Function, Webhook},
    lambda::StartError,
    secrets::{ApiKey, Product},
    settings::Ports,
    template::{Source, Template},
};

pub use call::Call;
use client::Mandrill;
use config::Config;
pub use mail::{Mail, NO_SENDER, SAMPLE_SENDER};
pub use outcome::classify;
use screen::RejectsScreen;
pub use search::read as read_search;

/// The function's name.
pub const NAME: &str = shared::mandrill::SENDER;

/// Builds the function from its environment.
///
/// # Errors
/// A setting that cannot be used, or a template that does not parse.
pub fn build(env: &Environment, ports: &Ports) -> Result<Arc<dyn Function>, StartError> {
    let config = Config::from_env(env)?;
    let settings = &config.ory.settings;
    let vendor = Mandrill::new(config.endpoint, ports.http.clone());
    let secret = settings.vendor_secret(config.mandrill_secret_id, ports);
    let key = Arc::new(ApiKey::new(secret, "api_key", Product::Mandrill));
    let screen = config
        .screen_rejects
        .then(|| Arc::new(RejectsScreen::new(vendor.clone(), key.clone())) as Arc<dyn Screen>);
    let template_settings = match config.ory.template {
        Some(_) => config.mail.for_own_template(),
        None => config.mail.for_shipped_template(),
    };
    let template = config.ory.template.clone().unwrap_or_else(shipped_template);
    let delivery = Delivery {
        template: Template::begin(ports.rendering, template),
        template_settings: template_settings.clone(),
        client: VendorClient { vendor, key, timeout: settings.vendor_timeout },
        idempotency: Some(config.records.idempotency(NAME, ports)),
    };
    Ok(Arc::new(Webhook {
        accept: AcceptOry {
            auth: config.ory.caller_auth(ports),
            screen,
            reply_template: config.ory.reply_template(ports),
            template_settings,
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

/// The template that is used if `TEMPLATE` is unset.
pub fn shipped_template() -> Source {
    Source::shipped("welcome.jsonnet", include_str!("../welcome.jsonnet"))
}
