//! `template.yaml`, `relay.yaml` and `monitoring.yaml`, which is nested in both, against the code:
//! environment variables, permissions, metrics, timeouts, sizes and names match.

mod alarm;
mod alarms;
mod costs;
mod dashboards;
mod functions;
mod live;
mod metrics;
mod outputs;
mod parameters;
mod parser;
mod placeholders;
mod queries;
mod queues;
mod relays;
mod secrets;
mod switches;
mod table;
mod versions;

use std::{sync::Arc, time::Duration};

use parser::{Template, plain, referred, seconds, set, url};
use shared::{
    accept::ORY_LIMIT,
    config::Environment,
    function::Function,
    lambda::{LAMBDA_TIMEOUT, StartError},
    settings::Ports,
};

type Build = fn(&Environment, &Ports) -> Result<Arc<dyn Function>, StartError>;

/// A function: its name, its name in the template, its code, the budget of an answer, and how long
/// Lambda lets it run.
type Row = (&'static str, &'static str, Build, Duration, Duration);

/// What `template.yaml` has.
const FUNCTIONS: [Row; 5] = [
    (mandrill_welcome::NAME, "MandrillWelcome", mandrill_welcome::build, ORY_LIMIT, LAMBDA_TIMEOUT),
    (segment_identify::NAME, "SegmentIdentify", segment_identify::build, ORY_LIMIT, LAMBDA_TIMEOUT),
    (
        mailchimp_inbound::NAME,
        "MailchimpInbound",
        mailchimp_inbound::build,
        mailchimp_inbound::MAILCHIMP_LIMIT,
        LAMBDA_TIMEOUT,
    ),
    (
        mailchimp_subscribe::NAME,
        "MailchimpSubscribe",
        mailchimp_subscribe::build,
        ORY_LIMIT,
        mailchimp_subscribe::TIMEOUT,
    ),
    (
        mandrill_inbound::NAME,
        "MandrillInbound",
        mandrill_inbound::build,
        mandrill_inbound::MANDRILL_LIMIT,
        LAMBDA_TIMEOUT,
    ),
];

/// What a stack of `relay.yaml` has.
const RELAYS: [Row; 1] = [(relay::NAME, "Relay", relay::build, ORY_LIMIT, LAMBDA_TIMEOUT)];

/// Those that are off unless somebody switches them on.
const OFF_BY_DEFAULT: [&str; 2] = [mailchimp_subscribe::NAME, mandrill_inbound::NAME];

/// The type of a queue.
const QUEUE: &str = "AWS::SQS::Queue";
