//! `template.yaml` and its nested `monitoring.yaml` against the code: environment variables,
//! permissions, metrics, timeouts, sizes and names match.

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
mod secrets;
mod switches;
mod table;
mod versions;

use std::{sync::Arc, time::Duration};

use parser::{Template, plain, referred, seconds, set, url};
use shared::{
    accept::ORY_LIMIT, config::Environment, function::Function, lambda::StartError, settings::Ports,
};

type Build = fn(&Environment, &Ports) -> Result<Arc<dyn Function>, StartError>;

/// Each function: its name, its name in the template, its code, and the budget of an answer.
const FUNCTIONS: [(&str, &str, Build, Duration); 3] = [
    (mandrill_welcome::NAME, "MandrillWelcome", mandrill_welcome::build, ORY_LIMIT),
    (segment_identify::NAME, "SegmentIdentify", segment_identify::build, ORY_LIMIT),
    (
        mailchimp_inbound::NAME,
        "MailchimpInbound",
        mailchimp_inbound::build,
        mailchimp_inbound::MAILCHIMP_LIMIT,
    ),
];

/// The type of a queue.
const QUEUE: &str = "AWS::SQS::Queue";
