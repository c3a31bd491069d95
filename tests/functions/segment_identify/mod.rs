//! `segment-identify`, delivering in line.

mod calls;
mod faults;
mod keys;
mod log;
mod once;
mod samples;
mod setup;
mod starting;
mod status_table;
mod templates;
