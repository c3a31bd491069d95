//! Ory Kratos: real sign-ups, logins and settings changes, with the functions behind its webhooks.
//! See README.md.

mod action;
mod backfill;
mod before_saving;
mod cancel;
mod config;
mod ctx;
mod front;
mod hook_answers;
mod hook_lists;
mod mailchimp;
mod outages;
mod person;
mod process;
mod recorder;
mod replies;
mod retries;
mod settings;
mod signup;
mod version;
mod world;
