//! Tests of the real function binaries behind a Runtime API, with fakes of everything that they
//! call.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bootstrap;
mod ci_scripts;
mod common;
mod connections;
mod dependencies;
mod docs;
mod erased;
mod hostile;
mod idempotency;
mod mailchimp_inbound;
mod mailchimp_subscribe;
mod mandrill_inbound;
mod mandrill_welcome;
mod personal_data;
mod pins;
mod readme;
mod relay;
mod release_files;
mod rotation;
mod samconfig;
mod segment_identify;
mod source;
mod tasks;
mod template;
mod workflows;
