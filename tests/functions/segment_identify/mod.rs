//! `segment-identify`, inline and with a queue.

mod batch;
mod callers;
mod calls;
mod deadline;
mod idempotency_inline;
mod log;
mod malicious_vendor;
mod queue;
mod samples;
mod secrets;
pub(crate) mod setup;
mod startup_config;
mod status_table;
mod templates;
mod vendor_errors;
