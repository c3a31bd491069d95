#![doc = include_str!("../README.md")]

pub mod action;
pub mod command;
mod console;
pub mod doctor;
pub mod rendering;
pub mod samples;
mod shell;
pub mod stack;
pub mod world;
