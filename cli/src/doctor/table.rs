//! Findings as a table.

use anstyle::AnsiColor;
use comfy_table::{ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};

use super::{CheckResult, Verdict};
use crate::terminal::color_cells;

/// A row for each finding, this many columns wide, with colors.
pub(super) fn of(findings: &[CheckResult], width: u16) -> String {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(width).set_header(["", "check", "result", "fix"]);
    for finding in findings {
        table.add_row([word(finding.verdict), &finding.check, &finding.found, &finding.fix]);
    }
    let colors = [Verdict::Pass, Verdict::Unknown, Verdict::Fail];
    color_cells(&table.to_string(), &colors.map(|verdict| (word(verdict), color(verdict))))
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "PASS",
        Verdict::Unknown => "?",
        Verdict::Fail => "FAIL",
    }
}

fn color(verdict: Verdict) -> AnsiColor {
    match verdict {
        Verdict::Pass => AnsiColor::Green,
        Verdict::Unknown => AnsiColor::Yellow,
        Verdict::Fail => AnsiColor::Red,
    }
}
