//! The load of many sign-ups: an hour of them, second by second, until everything is delivered or
//! lost.

mod costs;
mod deployed;
mod functions;
mod load;
mod operations;
mod queue;
mod quotas;
mod show;
mod tables;

use std::time::Duration;

pub(crate) use show::number;
pub use tables::page;

/// Sign-ups per second.
const RATES: [f64; 3] = [1.0, 100.0, 10_000.0];

/// The rate that the default quotas do not take.
const HIGHEST_RATE: f64 = RATES[2];

/// The length of the peak.
const PEAK: Duration = Duration::from_hours(1);
