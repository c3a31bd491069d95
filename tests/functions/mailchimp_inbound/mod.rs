//! `mailchimp-inbound`, inline and with a queue.

mod callers;
mod consent_withdrawal;
mod deadline;
pub(crate) mod forms;
mod identity;
mod log;
mod malformed;
mod malicious_vendor;
mod not_found;
mod order;
mod ory;
mod ory_replies;
mod patches;
pub(crate) mod people;
mod queue;
mod samples;
mod segment;
pub(crate) mod setup;
pub(crate) mod signature;
mod skipped;
mod startup_config;
mod status_table;
mod vendor_errors;
