#![doc = include_str!("../README.md")]

mod batch_delivery;
mod config;
#[cfg(test)]
mod identify_tests;

use std::sync::Arc;

use shared::{
    accept::AcceptOry,
    config::Environment,
    ctx::TemplateSettings,
    deliver::Delivery,
    function::{Function, Webhook},
    lambda::StartError,
    segment::Segment,
    settings::Ports,
    template::{Source, Template},
};

use batch_delivery::BatchDelivery;
use config::Config;

/// The function's name.
pub const NAME: &str = "segment-identify";

/// Builds the function from its environment.
///
/// # Errors
/// A setting that cannot be used, or a template that does not parse.
pub fn build(env: &Environment, ports: &Ports) -> Result<Arc<dyn Function>, StartError> {
    let config = Config::from_env(env)?;
    let settings = &config.ory.settings;
    let template = config.ory.template.clone().unwrap_or_else(shipped_template);
    let delivery = Delivery {
        template: Template::begin(ports.rendering, template),
        template_settings: TemplateSettings::default(),
        client: Segment::client(NAME, config.endpoint, config.segment_secret_id, settings, ports),
        idempotency: None,
    };
    Ok(Arc::new(Webhook {
        accept: AcceptOry {
            auth: config.ory.caller_auth(ports),
            screen: None,
            reply_template: config.ory.reply_template(ports),
            template_settings: TemplateSettings::default(),
        },
        resources: delivery.resources(),
        dispatch: settings.dispatch(NAME, BatchDelivery(delivery), ports),
    }))
}

/// Runs the function on Lambda.
#[cfg(feature = "aws")]
pub async fn main() -> std::process::ExitCode {
    shared::lambda::main(env!("CARGO_CRATE_NAME"), shared::lambda::LAMBDA_TIMEOUT, build).await
}

/// The template that is used if `TEMPLATE` is unset.
pub fn shipped_template() -> Source {
    Source::shipped("identify.jsonnet", include_str!("../identify.jsonnet"))
}
