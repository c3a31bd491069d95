//! The rows of the table, measured side by side in one run.

mod memory;
mod size;
mod starts;
mod warm;

use crate::{command::Effort, contender::Programs, render, surroundings::Surroundings, table};

/// Measures everything; the table.
pub(crate) async fn measure(effort: Effort) -> String {
    let programs = Programs::get();
    let surroundings = Surroundings::start().await;
    let mut rows = starts::rows(&programs, &surroundings, effort).await;
    rows.extend(warm::rows(&programs, &surroundings, effort).await);
    rows.extend(render::rows(effort).await);
    rows.extend(memory::rows(&programs, &surroundings, effort).await);
    rows.extend(size::rows(&programs));
    table::page(&rows)
}
