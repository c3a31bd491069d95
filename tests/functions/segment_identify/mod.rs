//! `segment-identify`, in line and with a queue.

mod batch;
mod callers;
mod calls;
mod faults;
mod harm;
mod keys;
mod last_moments;
mod log;
mod once;
mod queue;
mod samples;
pub(crate) mod setup;
mod starting;
mod status_table;
mod templates;
