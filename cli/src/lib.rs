#![doc = include_str!("../README.md")]
// They panic if the reader is gone; `output` does not.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod action;
#[cfg(feature = "aws")]
mod aws;
#[cfg(feature = "aws")]
mod backfill;
pub mod command;
mod completions;
mod confirm;
#[cfg(feature = "aws")]
mod dead_letters;
#[cfg(feature = "aws")]
pub mod doctor;
mod exit;
#[cfg(feature = "aws")]
mod forget;
mod format;
mod input;
#[cfg(feature = "aws")]
mod interruption;
mod lint;
mod mailchimp_audience;
mod mailchimp_key;
mod mailchimp_webhook;
pub mod mandrill_webhook;
#[cfg(not(feature = "aws"))]
mod needs_aws;
mod output;
mod preset;
#[cfg(feature = "aws")]
mod progress;
#[cfg(feature = "aws")]
mod relay_settings;
pub mod render;
#[cfg(feature = "aws")]
mod renew;
pub mod shell;
pub mod template;
mod terminal;
pub mod up;
