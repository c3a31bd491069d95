//! `relay`, inline and with a queue, mostly with the preset `hubspot`.

mod callers;
mod calls;
mod deadline;
mod in_doubt;
mod log;
mod malicious_vendor;
mod presets;
mod queue;
mod reach;
mod secrets;
pub(crate) mod setup;
mod startup_config;
mod status_table;
mod vendor_errors;
