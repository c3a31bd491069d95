#![doc = include_str!("../README.md")]

pub mod action;
mod aws;
pub mod command;
mod completions;
pub mod doctor;
mod format;
mod input;
mod lint;
mod mailchimp_webhook;
pub mod render;
mod shell;
mod terminal;
pub mod up;
