#![doc = include_str!("../README.md")]

mod call;
mod client;
mod config;
mod outcome;
mod screen;
#[cfg(test)]
mod welcome_tests;

use std::sync::Arc;

use shared::{
    accept::{OryFunction, Screen},
    auth::{CallerAuth, Scheme},
    config::Environment,
    deliver::{Delivery, RecordKeeping},
    lambda::{Function, StartError},
    records::MemoryRecords,
    secrets::{Product, VendorKey},
    settings::Ports,
    template::{Source, Template},
};

pub use call::Call;
use client::Mandrill;
use config::Config;
use screen::RejectsScreen;

/// The function's name.
pub const NAME: &str = "mandrill-welcome";

/// The template that is used where `TEMPLATE` is unset.
pub const SHIPPED_TEMPLATE: &str = include_str!("../welcome.jsonnet");

/// Builds the function from its environment.
///
/// # Errors
/// A setting that cannot be used, or a template that does not parse.
pub fn build(env: &Environment, ports: &Ports) -> Result<Arc<dyn Function>, StartError> {
    let config = Config::from_env(env)?;
    let settings = &config.settings;
    let vendor = Mandrill::new(config.endpoint, ports.http.clone());
    let key = || {
        let secret = settings.vendor_secret(config.mandrill_secret_id.clone(), ports);
        VendorKey::new(secret, "api_key", Product::Mandrill)
    };
    let screen = config
        .screen_rejects
        .then(|| Arc::new(RejectsScreen::new(vendor.clone(), key())) as Arc<dyn Screen>);
    let records = Arc::new(MemoryRecords::default());
    Ok(Arc::new(OryFunction {
        auth: CallerAuth::new(
            settings.webhook_secret(ports),
            Scheme::Ory { api_key_name: config.api_key_name },
        ),
        screen,
        reply_template: config.reply_template.map(Template::prepare).transpose()?,
        delivery: Delivery {
            function: NAME,
            template: Template::prepare(config.template.unwrap_or_else(shipped))?,
            vendor,
            key: key(),
            records: Some(RecordKeeping { records, ttl: config.record_ttl }),
            clock: ports.clock.clone(),
            vendor_timeout: settings.vendor_timeout,
        },
        journal: settings.journal(NAME, ports),
        clock: ports.clock.clone(),
    }))
}

fn shipped() -> Source {
    Source::shipped("welcome.jsonnet", SHIPPED_TEMPLATE)
}
