#![doc = include_str!("../README.md")]

pub mod action;
pub mod command;
mod completions;
mod confirm;
pub mod doctor;
mod format;
mod input;
mod lint;
mod mailchimp_webhook;
pub mod render;
mod renew;
mod shell;
mod terminal;
pub mod up;
