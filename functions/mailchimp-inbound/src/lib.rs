#![doc = include_str!("../README.md")]

mod accept;
mod config;
mod deliver;
pub mod event;
mod find;
pub mod form;
#[cfg(test)]
mod inbound_tests;
mod order;
mod patch;
#[cfg(test)]
mod samples;
pub mod signature;
mod targets;
mod template_output;
mod turn;

use std::sync::Arc;

use shared::{
    auth::{CallerAuth, Scheme, SigningSecret},
    config::Environment,
    function::{Function, Webhook},
    lambda::StartError,
    segment::Segment,
    settings::{Ports, Settings},
    template::{Source, Template},
};

use accept::AcceptMailchimp;
pub use accept::MAILCHIMP_LIMIT;
use config::{Config, SegmentConfig};
use deliver::Inbound;
pub use deliver::template_argument;
pub use order::identity_lane;
pub use patch::{Operation, PatchPaths, Pointer, effective};
use signature::Signatures;
pub use template_output::TemplateOutput;

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
        template: Template::begin(ports.rendering, template),
        ory: config.ory.map(|ory| ory.client(settings, ports)),
        patch_paths: config.patch_paths,
        segment: config.segment.map(|SegmentConfig { secret_id, endpoint }| {
            Segment::client(NAME, endpoint, secret_id, settings, ports)
        }),
        salt: config.records.salt().to_owned(),
        has_shared_records: config.records.are_shared(),
        idempotency: config.records.idempotency(NAME, ports),
    };
    Ok(Arc::new(Webhook {
        accept: AcceptMailchimp {
            auth: CallerAuth::new(settings.webhook_secret(ports), Scheme::Query),
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
