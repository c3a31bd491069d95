//! `mailchimp-subscribe`, inline and with a queue.

mod address_changes;
mod audience;
mod backfill;
mod callers;
mod deadline;
mod duplicates;
mod in_doubt;
mod lanes;
mod log;
mod loop_of_a_person;
mod mailchimp_errors;
mod mailchimp_replies;
mod malicious_vendor;
mod opt_outs;
mod outages;
mod queue;
mod samples;
mod secrets;
pub(crate) mod setup;
mod startup_config;
mod status_table;
mod tags;
mod time_limits;
mod world;
