//! `mandrill-welcome`, delivering in line.

mod faults;
mod log;
mod mail;
mod mandrill_says;
mod once;
mod replies;
mod samples;
mod screening;
mod secrets;
mod setup;
mod starting;
mod status_table;
mod templates;
