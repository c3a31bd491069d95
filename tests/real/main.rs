//! The functions and their parts against third-party software, see README.md.
//!
//! Behind the feature `real`, so that `cargo test --workspace` needs nothing but Rust. A peer that
//! is missing is a failure.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod arm64;
mod aws;
mod bootstraps;
mod cargo_lambda;
mod console;
mod deploy;
mod dynamodb_local;
mod emulator;
mod jsonnet;
mod kratos;
mod peer;
mod smoke;
mod webhook_key;

use std::path::PathBuf;

use integration::Answer;
use ory_actions::up::samples::{Sample, Via};

/// The repository's folder.
fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Checks a sample's answer, and what the vendors received, against what the local stack expects.
fn assert_as_expected(sample: &Sample, answer: &Answer, received: &[String]) {
    let (status, word) = sample.answer(Via::Inline);
    let row = (status, word.unwrap_or_default());
    assert_eq!(answer.row(), row, "{} {}", sample.function, sample.file);
    assert_eq!(received, sample.expected.received, "{} {}", sample.function, sample.file);
}
