//! Ory Kratos itself: real sign-ups, logins and changes of settings, with the functions behind its
//! webhooks. See README.md beside this file.

mod action;
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
