//! Findings as a table.

use comfy_table::{ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};

use super::{CheckResult, Verdict};

/// Fits a terminal of the usual width and a pull request comment.
const WIDTH: u16 = 120;

/// A row for each finding.
pub fn of(findings: &[CheckResult]) -> String {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(WIDTH).set_header(["", "check", "result", "fix"]);
    for finding in findings {
        table.add_row([word(finding.verdict), &finding.check, &finding.found, &finding.fix]);
    }
    table.to_string()
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "PASS",
        Verdict::Unknown => "?",
        Verdict::Fail => "FAIL",
    }
}
