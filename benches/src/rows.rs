//! The rows of the table, measured side by side in one run.

mod memory;
mod size;
mod starts;
mod warm;

use crate::{
    contender::Programs,
    effort::{Effort, Rows},
    render,
    surroundings::Surroundings,
    table,
};

/// Measures everything and returns the table.
pub(crate) async fn measure(effort: &Effort) -> String {
    let programs = Programs::get();
    let surroundings = Surroundings::start().await;
    let all = [Rows::Start, Rows::Tls, Rows::Warm, Rows::Render, Rows::Memory, Rows::Size];
    let mut rows = Vec::new();
    for group in all.into_iter().filter(|group| effort.measures(*group)) {
        eprintln!("measuring: {group:?}");
        rows.extend(match group {
            Rows::Start => starts::rows(&programs, &surroundings, effort).await,
            Rows::Tls => starts::rows_over_tls(&programs, &surroundings, effort).await,
            Rows::Warm => warm::rows(&programs, &surroundings, effort).await,
            Rows::Render => render::rows(effort).await,
            Rows::Memory => memory::rows(&programs, &surroundings, effort).await,
            Rows::Size => size::rows(&programs),
        });
        surroundings.take_mails();
    }
    table::page(&rows)
}
