//! `mailchimp-inbound`, in line and with a queue.

mod callers;
mod faults;
mod forms;
mod log;
mod malformed;
mod queue;
mod samples;
mod segment;
mod setup;
mod skipped;
mod starting;
mod status_table;
