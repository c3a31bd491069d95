//! What is checked of a stack, and what was found instead.

use std::{
    fmt,
    time::{Duration, Instant},
};

use tokio::time::sleep;

/// Whatever a stack does by itself, it does within this, on a busy machine too.
const PATIENCE: Duration = Duration::from_mins(1);
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// What does not hold.
#[derive(Debug)]
pub(super) struct Failure {
    /// The check.
    pub(super) check: &'static str,
    /// What was found.
    pub(super) found: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.check, self.found)
    }
}

/// Fails unless this holds.
pub(super) fn check(
    check: &'static str,
    holds: bool,
    found: impl fmt::Display,
) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(Failure { check, found: found.to_string() }) }
}

/// Fails unless this comes to hold soon.
pub(super) async fn soon(
    what: &'static str,
    mut holds: impl AsyncFnMut() -> Result<bool, Failure>,
) -> Result<(), Failure> {
    let began = Instant::now();
    while !holds().await? {
        check(what, began.elapsed() < PATIENCE, format!("not within {PATIENCE:?}"))?;
        sleep(BETWEEN_LOOKS).await;
    }
    Ok(())
}
