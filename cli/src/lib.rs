#![doc = include_str!("../README.md")]

pub mod command;
mod console;
pub mod rendering;
pub mod samples;
pub mod server;
pub mod stack;
pub mod standins;
