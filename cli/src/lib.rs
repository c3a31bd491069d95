#![doc = include_str!("../README.md")]
// They panic if the reader is gone; `output` does not.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod action;
mod aws;
pub mod command;
mod completions;
pub mod doctor;
mod exit;
mod format;
mod input;
mod lint;
mod mailchimp_webhook;
mod output;
pub mod render;
mod shell;
mod terminal;
pub mod up;
