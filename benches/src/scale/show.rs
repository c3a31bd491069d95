//! Numbers as the page has them.

use std::time::Duration;

/// A whole number, in groups of three digits.
pub(crate) fn number(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut shown = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// Cents, and what is less, are not shown from a thousand dollars on.
pub(super) fn dollars(dollars: f64) -> String {
    if dollars < 1_000.0 { format!("{dollars:.2}") } else { number(dollars) }
}

/// How long something waits.
pub(super) fn wait(wait: Duration) -> String {
    let hours = wait.as_secs_f64() / 3600.0;
    match wait.as_secs() {
        0 => "none".to_owned(),
        seconds @ 1..120 => format!("{seconds} s"),
        120..7_200 => format!("{:.0} min", hours * 60.0),
        7_200..172_800 => format!("{hours:.1} h"),
        _ => format!("{:.1} days", hours / 24.0),
    }
}

/// A share of calls, in percent.
pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_as_people_write_them() {
        for (value, shown) in [(0.0, "0"), (999.4, "999"), (1_000.0, "1,000"), (1e7, "10,000,000")]
        {
            assert_eq!(number(value), shown);
        }
        assert_eq!((dollars(0.034), dollars(1_234.5)), ("0.03".to_owned(), "1,234".to_owned()));
    }

    #[test]
    fn waits_are_shown_in_the_unit_that_fits() {
        let table =
            [(0, "none"), (119, "119 s"), (120, "2 min"), (7_200, "2.0 h"), (172_800, "2.0 days")];
        for (seconds, shown) in table {
            assert_eq!(wait(Duration::from_secs(seconds)), shown);
        }
    }
}
