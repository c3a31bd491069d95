//! `segment-identify`, in line and with a queue.

mod batch;
mod callers;
mod calls;
mod faults;
mod keys;
mod log;
mod once;
mod queue;
mod samples;
pub(crate) mod setup;
mod starting;
mod status_table;
mod templates;
