//! `mandrill-welcome`, inline and with a queue.

mod callers;
mod deadline;
mod frozen_sandbox;
mod idempotency_inline;
mod in_doubt;
mod log;
mod mail;
mod malicious_vendor;
mod mandrill_replies;
mod outages;
mod queue;
mod reply_template;
mod reply_template_with_queue;
mod retries_from_queue;
mod samples;
mod screening;
mod secrets;
pub(crate) mod setup;
mod startup_config;
mod status_table;
mod templates;
mod vendor_errors;
