//! `mandrill-inbound`, which always has a queue and a table.

mod batches;
mod deadline;
pub(crate) mod events;
mod in_doubt;
mod log;
mod malicious_vendor;
mod mark;
mod order;
mod people;
mod queue;
pub(crate) mod setup;
mod signature;
mod skipped;
mod startup_config;
mod status_table;
