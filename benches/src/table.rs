//! The table: the measurements, their comparison, and whether the goal was met.

use std::{fmt, time::Duration};

use comfy_table::{Table, presets::ASCII_MARKDOWN};

use crate::{install::Missing, scale::number};

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Figure {
    Time(Duration),
    /// Memory, in binary units.
    Memory(u64),
    /// A file size, in decimal units.
    Size(u64),
    /// A number of something.
    Count(u64),
}

impl Figure {
    #[expect(clippy::cast_precision_loss, reason = "no figure is that long")]
    fn value(self) -> f64 {
        match self {
            Self::Time(time) => time.as_secs_f64(),
            Self::Memory(number) | Self::Size(number) | Self::Count(number) => number as f64,
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
            Self::Count(_) => f.write_str(&number(self.value())),
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
    /// At most this, whatever the other value is.
    Within(Figure),
    /// No goal, shown for information.
    None,
}

/// One row: our value next to another one, or next to a limit.
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) ours: Result<Figure, Missing>,
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
        Self { what: what.into(), ours: Ok(ours), against, theirs, goal }
    }

    /// Compares with a limit.
    pub(crate) fn limited(what: impl Into<String>, ours: Figure, limit: Figure) -> Self {
        Self::new(what, ours, "the limit", Ok(limit), Goal::AtMost)
    }

    /// A row that cannot be measured here.
    pub(crate) fn skipped(what: impl Into<String>, why: Missing) -> Self {
        let theirs = Err(String::new());
        Self { what: what.into(), ours: Err(why), against: "", theirs, goal: Goal::None }
    }

    /// How many times faster, or how many times as much; the goal, and whether it is met.
    fn judged(&self) -> [String; 3] {
        let (Ok(ours), Ok(theirs)) = (&self.ours, &self.theirs) else {
            return [const { String::new() }; 3];
        };
        let (ours_value, theirs_value) = (ours.value(), theirs.value());
        let (faster, times) = (theirs_value / ours_value, ours_value / theirs_value);
        let yes = |met| if met { "yes" } else { "**no**" }.to_owned();
        let as_faster = format!("{faster:.1} × faster");
        // Nothing is a multiple of zero.
        let as_times = if theirs_value > 0.0 { format!("{times:.2} ×") } else { String::new() };
        match self.goal {
            Goal::AtMostTimes(most) => [as_times, format!("at most {most} ×"), yes(times <= most)],
            Goal::TimesFaster(least) => {
                [as_faster, format!("at least {least} × faster"), yes(faster >= least)]
            }
            Goal::AtMost => {
                [as_times, format!("at most {theirs}"), yes(ours_value <= theirs_value)]
            }
            Goal::Within(most) => {
                [as_times, format!("at most {most}"), yes(ours_value <= most.value())]
            }
            Goal::None if faster >= 1.0 => {
                let word = if matches!(ours, Figure::Time(_)) { "faster" } else { "less" };
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
        let [ratio, goal, met] = row.judged();
        let (ours, theirs) = (shown("skipped", &row.ours), shown("missing", &row.theirs));
        table.add_row([&row.what, &ours, row.against, &theirs, &ratio, &goal, &met]);
    }
    format!("{table}\n")
}

/// A figure, or the first line of why there is none.
fn shown(instead: &str, figure: &Result<Figure, Missing>) -> String {
    match figure {
        Ok(figure) => figure.to_string(),
        Err(why) if why.is_empty() => String::new(),
        Err(why) => format!("{instead}: {}", why.lines().next().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(ours: u64, theirs: u64, goal: Goal) -> [String; 3] {
        Row::new("", ms(ours), "", Ok(ms(theirs)), goal).judged()
    }

    fn ms(ms: u64) -> Figure {
        Figure::Time(Duration::from_millis(ms))
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
            (0, 0, Goal::AtMost, "", "yes"),
            (1, 0, Goal::AtMost, "", "**no**"),
            (7, 2, Goal::Within(ms(7)), "3.50 ×", "yes"),
            (8, 2, Goal::Within(ms(7)), "4.00 ×", "**no**"),
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

    #[test]
    fn row_that_cannot_be_measured_says_why() {
        let page = page(&[Row::skipped("cold", "read-only\nmore".to_owned())]);
        assert!(page.contains("| cold | skipped: read-only | "), "{page}");
        assert!(!page.contains("missing") && !page.contains("more"), "{page}");
    }

    #[test]
    fn thousands_of_a_count_are_separated() {
        for (count, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_076_004, "1,076,004")] {
            assert_eq!(Figure::Count(count).to_string(), text);
        }
    }
}
