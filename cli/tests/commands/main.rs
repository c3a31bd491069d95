//! The program itself, over its commands.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod action;
mod doctor;
mod help;
mod lint;
mod readme;
mod recording;
mod world;
