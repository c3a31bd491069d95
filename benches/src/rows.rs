//! The rows of the table, measured side by side in one run.

mod handshakes;
mod instructions;
mod memory;
mod pause;
mod share;
mod size;
mod starts;
mod uncached;
mod warm;

use clap::ValueEnum;

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
    let mut rows = Vec::new();
    for group in Rows::value_variants().iter().filter(|group| effort.measures(**group)) {
        eprintln!("measuring: {group:?}");
        rows.extend(match group {
            Rows::Start => starts::rows(&programs, &surroundings, effort).await,
            Rows::Tls => starts::rows_over_tls(&programs, &surroundings, effort).await,
            Rows::Warm => warm::rows(&programs, &surroundings, effort).await,
            Rows::Share => share::rows(&programs, &surroundings, effort).await,
            Rows::Uncached => uncached::rows(&programs, &surroundings, effort).await,
            Rows::Handshakes => handshakes::rows(&surroundings).await,
            Rows::Pause => pause::rows(&programs, &surroundings, effort).await,
            Rows::Instructions => instructions::rows(&programs, &surroundings).await,
            Rows::Render => render::rows(effort).await,
            Rows::Memory => memory::rows(&programs, &surroundings, effort).await,
            Rows::Size => size::rows(&programs),
        });
        surroundings.take_mails();
    }
    table::page(&rows)
}
