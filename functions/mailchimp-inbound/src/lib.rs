#![doc = include_str!("../README.md")]

mod accept;
mod config;
mod deliver;
pub mod event;
pub mod form;
#[cfg(test)]
mod inbound_tests;
#[cfg(test)]
mod samples;

use std::sync::Arc;

use shared::{
    auth::{CallerAuth, Scheme},
    config::Environment,
    deliver::Channel,
    lambda::{Function, StartError},
    secrets::{Product, VendorKey},
    segment::Segment,
    settings::{Ports, Settings},
    template::Source,
};

pub use accept::MAILCHIMP_LIMIT;
use accept::MailchimpInbound;
use config::{Config, SegmentConfig};
use deliver::Inbound;
pub use deliver::template_argument;

/// The function's name.
pub const NAME: &str = "mailchimp-inbound";

/// Builds the function from its environment.
///
/// # Errors
/// A setting that cannot be used, or a template that does not parse.
pub fn build(env: &Environment, ports: &Ports) -> Result<Arc<dyn Function>, StartError> {
    let config = Config::from_env(env)?;
    let settings = &config.settings;
    let template = config.template.unwrap_or_else(shipped_template);
    let delivery = Inbound {
        template: settings.template(NAME, template, ports)?,
        segment: config.segment.map(|segment| channel(segment, settings, ports)),
        ledger: config.records.ledger(NAME, ports),
    };
    Ok(Arc::new(MailchimpInbound {
        auth: CallerAuth::new(settings.webhook_secret(ports), Scheme::Query),
        lists: config.lists,
        dispatch: settings.dispatch(NAME, delivery, ports),
    }))
}

fn channel(config: SegmentConfig, settings: &Settings, ports: &Ports) -> Channel<Segment> {
    let secret = settings.vendor_secret(config.secret_id, ports);
    Channel {
        vendor: Segment {
            library: NAME,
            endpoint: config.endpoint,
            http: ports.http.clone(),
            clock: ports.clock.clone(),
        },
        key: Arc::new(VendorKey::new(secret, "write_key", Product::Segment)),
        timeout: settings.vendor_timeout,
    }
}

/// The template that is used where `TEMPLATE` is unset.
pub fn shipped_template() -> Source {
    Source::shipped("inbound.jsonnet", include_str!("../inbound.jsonnet"))
}
