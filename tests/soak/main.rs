//! The same again and again in one process: its memory and its descriptors stay as they are.
//! See README.md.

#![expect(clippy::expect_used, reason = "a soak that cannot go on has failed")]

mod curve;
mod invocations;
mod renderings;

use std::process::ExitCode;

use integration::{is_asked_for, variable};
use tokio::runtime::Runtime;

use crate::curve::Curve;

/// What the soak is called among the tests.
const NAME: &str = "soak";

/// So many of each, unless told otherwise.
const RENDERINGS: u64 = 20_000;
const INVOCATIONS: u64 = 5_000;

fn main() -> ExitCode {
    if !is_asked_for(NAME) {
        return ExitCode::SUCCESS;
    }
    let renderings = variable("SOAK_RENDERINGS").unwrap_or(RENDERINGS);
    let invocations = variable("SOAK_INVOCATIONS").unwrap_or(INVOCATIONS);
    let are_flat = Runtime::new().expect("a runtime").block_on(async {
        // This process is the one that renders, so that comes first.
        let renderings = show("renderings", renderings::soak(renderings).await);
        show("invocations", invocations::soak(invocations).await) && renderings
    });
    if are_flat { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints a curve; whether it is flat.
fn show(what: &str, curve: Curve) -> bool {
    curve.print(what);
    let wrong = curve.memory_and_descriptors_stay_as_they_are();
    if let Err(wrong) = &wrong {
        println!("  wrong: {wrong}");
    }
    wrong.is_ok()
}
