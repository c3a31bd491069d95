//! `mailchimp-inbound`, delivering in line.

mod callers;
mod faults;
mod forms;
mod log;
mod malformed;
mod samples;
mod segment;
mod setup;
mod skipped;
mod starting;
mod status_table;
