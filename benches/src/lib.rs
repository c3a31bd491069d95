#![doc = include_str!("../README.md")]
#![expect(clippy::expect_used, reason = "a measurement that cannot go on is of no use")]

mod cgroup;
pub mod command;
mod contender;
mod effort;
mod event;
mod install;
mod phases;
mod processor;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_is_in_the_middle_whatever_the_order_and_the_outliers() {
        assert_eq!(median(&[7]), 7);
        assert_eq!(median(&[900, 2, 3]), 3);
        assert_eq!(median(&[4, 1, 3, 2]), 3);
    }
}
