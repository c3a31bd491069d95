#![doc = include_str!("../README.md")]

mod audience;
mod calls;
mod config;
pub mod consent;
mod deliver;
#[cfg(test)]
mod delivery_tests;
pub mod erase;
pub mod freshness;
pub mod mailchimp;
mod moment;
mod place;
pub mod preview;
pub mod record;
mod request;
mod reread;
#[cfg(test)]
mod subscribe_tests;
mod template_output;
mod turn;

use std::{sync::Arc, time::Duration};

use shared::{
    accept::AcceptOry,
    config::Environment,
    ctx::TemplateSettings,
    function::{Function, Webhook},
    lambda::StartError,
    settings::{Ports, VendorTimeout},
    template::{Source, Template},
};

use audience::Audience;
use config::Config;
use deliver::ContactDelivery;
pub use template_output::TemplateOutput;

/// The function's name.
pub const NAME: &str = "mailchimp-subscribe";

/// How long Lambda lets this function run, as `template.yaml` has it: Mailchimp answers within 120 s
/// and keeps a connection busy after a client has given up, so that a short wait fills its ten
/// connections. <https://mailchimp.com/developer/marketing/docs/fundamentals/#api-limits>
pub const TIMEOUT: Duration = Duration::from_mins(1);

/// One call may take most of that time; two seconds are left to end the delivery.
pub const VENDOR_TIMEOUT: VendorTimeout = VendorTimeout { default_ms: 35_000, most_ms: 58_000 };

/// Builds the function from its environment.
///
/// # Errors
/// A setting that cannot be used, or a template that does not parse.
pub fn build(env: &Environment, ports: &Ports) -> Result<Arc<dyn Function>, StartError> {
    let config = Config::from_env(env)?;
    let settings = &config.ory.settings;
    let template = config.ory.template.clone().unwrap_or_else(shipped_template);
    let secret = settings.vendor_secret(config.audience.secret_id.clone(), ports);
    let delivery = ContactDelivery {
        template: Template::begin(ports.rendering, template),
        client: config.audience.client(secret, ports.http.clone(), settings.vendor_timeout),
        ory: config.admin.map(|ory| reread::client(ory, settings, ports)),
        audience: Audience::new(settings.secret_ttl, ports.clock.clone()),
        rules: config.rules,
        idempotency: config.records.idempotency(NAME, ports),
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
    shared::lambda::main(env!("CARGO_CRATE_NAME"), TIMEOUT, build).await
}

/// The template that is used if `TEMPLATE` is unset.
pub fn shipped_template() -> Source {
    Source::shipped("subscribe.jsonnet", include_str!("../subscribe.jsonnet"))
}
