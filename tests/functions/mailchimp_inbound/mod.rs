//! `mailchimp-inbound`, in line and with a queue.

mod answers;
mod callers;
mod faults;
pub(crate) mod forms;
mod gone;
mod harm;
mod identity;
mod last_moments;
mod log;
mod malformed;
mod order;
mod ory;
mod patches;
pub(crate) mod people;
mod queue;
mod samples;
mod segment;
pub(crate) mod setup;
pub(crate) mod signature;
mod skipped;
mod starting;
mod status_table;
mod withdrawn;
