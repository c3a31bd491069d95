//! `mandrill-welcome`, in line and with a queue.

mod callers;
mod faults;
mod frozen;
mod harm;
mod kept;
mod last_moments;
mod log;
mod mail;
mod mandrill_says;
mod once;
mod outages;
mod queue;
mod queued_replies;
mod replies;
mod samples;
mod screening;
mod secrets;
pub(crate) mod setup;
mod starting;
mod status_table;
mod templates;
mod unknown;
