#![doc = include_str!("../README.md")]
#![expect(clippy::expect_used, reason = "a measurement that cannot go on is of no use")]

pub mod command;
mod contender;
mod effort;
mod event;
mod install;
mod phases;
mod render;
mod rows;
mod sandbox;
pub mod scale;
mod surroundings;
mod table;
mod tls;
mod workspace;

/// The median, which one slow outlier does not move.
fn median<T: Copy + PartialOrd>(figures: &[T]) -> T {
    let mut sorted = figures.to_vec();
    sorted.sort_by(|a, b| a.partial_cmp(b).expect("a figure is a number"));
    sorted[sorted.len() / 2]
}
