#![doc = include_str!("../README.md")]

pub mod command;
pub mod samples;
pub mod server;
pub mod stack;
pub mod standins;
