#![doc = include_str!("../README.md")]

mod client;
mod config;
mod contact;
mod deliver;
mod outcome;

use std::{process::ExitCode, sync::Arc};

use shared::{
    accept::AcceptOry,
    config::Environment,
    ctx::TemplateSettings,
    deliver::VendorClient,
    function::{Function, Webhook},
    lambda::{self, LAMBDA_TIMEOUT, StartError},
    secrets::{ApiKey, Product},
    settings::Ports,
    template::{Source, Template},
};

use client::Crm;
use config::Config;
use deliver::ContactDelivery;

/// The function's name.
pub const NAME: &str = "crm-contact";

/// Builds the function from its environment.
///
/// # Errors
/// A setting is invalid, or the template does not parse.
pub fn build(env: &Environment, ports: &Ports) -> Result<Arc<dyn Function>, StartError> {
    let config = Config::from_env(env)?;
    let settings = &config.ory.settings;
    let secret = settings.vendor_secret(config.secret_id, ports);
    let token = ApiKey::new(secret, "access_token", Product::Other("a token of the CRM"));
    let template = config.ory.template.clone().unwrap_or_else(shipped_template);
    let delivery = ContactDelivery {
        template: Template::begin(ports.rendering, template),
        client: VendorClient {
            vendor: Crm { endpoint: config.endpoint, http: ports.http.clone() },
            key: Arc::new(token),
            timeout: settings.vendor_timeout,
        },
    };
    Ok(Arc::new(Webhook {
        accept: AcceptOry {
            auth: config.ory.caller_auth(ports),
            screen: None,
            reply_template: config.ory.reply_template(ports),
            template_settings: TemplateSettings::default(),
        },
        resources: delivery.resources(),
        dispatch: settings.dispatch(NAME, delivery, ports),
    }))
}

/// Runs the function on Lambda.
pub async fn main() -> ExitCode {
    lambda::main(env!("CARGO_CRATE_NAME"), LAMBDA_TIMEOUT, build).await
}

/// The default template, if `TEMPLATE` is unset.
pub fn shipped_template() -> Source {
    Source::shipped("contact.jsonnet", include_str!("../contact.jsonnet"))
}
