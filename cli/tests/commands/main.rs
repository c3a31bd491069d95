//! The program itself, over its commands.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod action;
mod backfill;
mod dead_letters;
mod deployment;
mod doctor;
mod doctor_relay;
mod forget;
mod help;
mod lambda;
mod letters;
mod lint;
mod logs;
mod mailchimp_audience;
mod mandrill_webhook;
mod output;
mod people;
mod preset;
mod readme;
mod recording;
mod renew;
mod shown_output;
mod template;
mod up;
mod world;
