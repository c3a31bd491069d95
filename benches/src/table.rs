//! The table: the measurements, their comparison, and whether the goal was met.

use std::{fmt, time::Duration};

use comfy_table::{Table, presets::ASCII_MARKDOWN};

use crate::install::Missing;

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Figure {
    Time(Duration),
    /// Memory, in binary units.
    Memory(u64),
    /// A file size, in decimal units.
    Size(u64),
}

impl Figure {
    #[expect(clippy::cast_precision_loss, reason = "no figure is that long")]
    fn value(self) -> f64 {
        match self {
            Self::Time(time) => time.as_secs_f64(),
            Self::Memory(bytes) | Self::Size(bytes) => bytes as f64,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(time) if *time < Duration::from_millis(1) => {
                write!(f, "{:.1} µs", time.as_secs_f64() * 1e6)
            }
            Self::Time(time) => write!(f, "{:.2} ms", time.as_secs_f64() * 1e3),
            Self::Memory(_) => write!(f, "{:.2} MiB", self.value() / f64::from(1 << 20)),
            Self::Size(_) => write!(f, "{:.2} MB", self.value() / 1e6),
        }
    }
}

/// The goal of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    /// At most this many times the other value.
    AtMostTimes(f64),
    /// This many times faster than the other.
    TimesFaster(f64),
    /// At most the limit.
    AtMost,
    /// No goal, shown for information.
    None,
}

/// One row: our value next to another one, or next to a limit.
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) ours: Figure,
    pub(crate) against: &'static str,
    pub(crate) theirs: Result<Figure, Missing>,
    pub(crate) goal: Goal,
}

impl Row {
    pub(crate) fn new(
        what: impl Into<String>,
        ours: Figure,
        against: &'static str,
        theirs: Result<Figure, Missing>,
        goal: Goal,
    ) -> Self {
        Self { what: what.into(), ours, against, theirs, goal }
    }

    /// Compares with a limit.
    pub(crate) fn limited(what: impl Into<String>, ours: Figure, limit: Figure) -> Self {
        Self::new(what, ours, "the limit", Ok(limit), Goal::AtMost)
    }

    /// How many times faster, or how many times as much; the goal, and whether it is met.
    fn judged(&self) -> [String; 3] {
        let Ok(theirs) = &self.theirs else { return [const { String::new() }; 3] };
        let (faster, times) =
            (theirs.value() / self.ours.value(), self.ours.value() / theirs.value());
        let yes = |met| if met { "yes" } else { "**no**" }.to_owned();
        let as_faster = format!("{faster:.1} × faster");
        let as_times = format!("{times:.2} ×");
        match self.goal {
            Goal::AtMostTimes(most) => [as_times, format!("at most {most} ×"), yes(times <= most)],
            Goal::TimesFaster(least) => {
                [as_faster, format!("at least {least} × faster"), yes(faster >= least)]
            }
            Goal::AtMost => [as_times, format!("at most {theirs}"), yes(times <= 1.0)],
            Goal::None if faster >= 1.0 => {
                let word = if matches!(self.ours, Figure::Time(_)) { "faster" } else { "less" };
                [format!("{faster:.1} × {word}"), String::new(), String::new()]
            }
            Goal::None => [as_times, String::new(), String::new()],
        }
    }
}

/// All rows, in the form of the docs page.
pub(crate) fn page(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN);
    table.set_header(["what", "ours", "against", "theirs", "ratio", "goal", "met"]);
    for row in rows {
        let theirs = match &row.theirs {
            Ok(figure) => figure.to_string(),
            Err(missing) => format!("missing: {}", missing.lines().next().unwrap_or_default()),
        };
        let [ratio, goal, met] = row.judged();
        let (ours, against) = (row.ours.to_string(), row.against.to_owned());
        table.add_row([row.what.clone(), ours, against, theirs, ratio, goal, met]);
    }
    format!("{table}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(ours: u64, theirs: u64, goal: Goal) -> [String; 3] {
        let [ours, theirs] = [ours, theirs].map(|ms| Figure::Time(Duration::from_millis(ms)));
        Row::new("", ours, "", Ok(theirs), goal).judged()
    }

    #[test]
    fn target_is_met_or_missed() {
        let table = [
            (5, 2, Goal::AtMostTimes(2.5), "2.50 ×", "yes"),
            (6, 2, Goal::AtMostTimes(2.5), "3.00 ×", "**no**"),
            (2, 50, Goal::TimesFaster(25.0), "25.0 × faster", "yes"),
            (2, 49, Goal::TimesFaster(25.0), "24.5 × faster", "**no**"),
            (9, 10, Goal::AtMost, "0.90 ×", "yes"),
            (11, 10, Goal::AtMost, "1.10 ×", "**no**"),
        ];
        for (ours, theirs, goal, ratio, met) in table {
            let [its_ratio, _, is_met] = judged(ours, theirs, goal);
            assert_eq!((its_ratio.as_str(), is_met.as_str()), (ratio, met), "{goal:?}");
        }
    }

    #[test]
    fn missing_contender_is_reported_and_the_rest_is_shown() {
        let ours = Figure::Memory(3 << 20);
        let missing = Err("node: not found\nmore".to_owned());
        let row = Row::new("peak", ours, "Node", missing, Goal::TimesFaster(2.0));
        let page = page(&[row]);
        assert!(page.contains("3.00 MiB") && page.contains("missing: node: not found"), "{page}");
    }
}
