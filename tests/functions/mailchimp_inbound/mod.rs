//! `mailchimp-inbound`, in line and with a queue.

mod answers;
mod callers;
mod faults;
mod forms;
mod identity;
mod log;
mod malformed;
mod order;
mod ory;
mod patches;
mod people;
mod queue;
mod samples;
mod segment;
mod setup;
mod signature;
mod skipped;
mod starting;
mod status_table;
