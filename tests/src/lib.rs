#![doc = include_str!("../README.md")]
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test that cannot go on has failed"
)]

mod answer;
mod batch_failures;
mod binaries;
mod deployment;
mod event;
pub mod hostile;
pub mod idempotency_suite;
mod log;
mod passing;
mod process;
mod sandbox;
pub mod sign_up;
mod target;
mod vitals;

use std::time::Duration;

pub use answer::Answer;
pub use binaries::binary;
pub use deployment::Deployment;
pub use event::Event;
pub use log::Log;
pub use passing::{attribute, let_time_pass, move_times};
pub use sandbox::{Sandbox, Signals};
pub use target::{is_asked_for, variable};
pub use vitals::Vitals;

/// Nothing that is waited for takes this long, unless it will never come.
const PATIENCE: Duration = Duration::from_mins(1);

/// Waits for what will surely come.
async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    let Ok(output) = tokio::time::timeout(PATIENCE, future).await else {
        panic!("waited in vain for {what}")
    };
    output
}
