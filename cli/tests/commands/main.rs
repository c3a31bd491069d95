//! The program itself, over its commands.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod action;
#[cfg(feature = "aws")]
mod backfill;
#[cfg(feature = "aws")]
mod dead_letters;
#[cfg(feature = "aws")]
mod deployment;
#[cfg(feature = "aws")]
mod doctor;
mod doctor_relay;
#[cfg(feature = "aws")]
mod forget;
mod help;
#[cfg(feature = "aws")]
mod lambda;
#[cfg(feature = "aws")]
mod letters;
mod lint;
#[cfg(feature = "aws")]
mod logs;
#[cfg(feature = "aws")]
mod mailchimp_audience;
#[cfg(feature = "aws")]
mod mandrill_webhook;
#[cfg(feature = "aws")]
mod output;
#[cfg(feature = "aws")]
mod people;
mod preset;
mod readme;
mod recording;
#[cfg(feature = "aws")]
mod renew;
mod shown_output;
mod up;
#[cfg(feature = "aws")]
mod world;
