//! How many identities there were, and what became of them.

use std::ops::Add;

use serde::{Deserialize, Serialize};

use super::filter::LeftOut;

/// The identities that were listed, and what became of them.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct Counts {
    /// All that Ory listed.
    pub(super) listed: u64,
    /// Those that are in the queue.
    pub(super) sent: u64,
    /// Those that cannot be sent.
    pub(super) unfit: u64,
    /// Those that the filters leave out, by filter.
    pub(super) not_changed: u64,
    pub(super) other_schema: u64,
    pub(super) other_state: u64,
    pub(super) not_where: u64,
}

impl Counts {
    /// Counts one that a filter leaves out.
    pub(super) fn leave_out(&mut self, why: LeftOut) {
        *match why {
            LeftOut::NotChanged => &mut self.not_changed,
            LeftOut::OtherSchema => &mut self.other_schema,
            LeftOut::OtherState => &mut self.other_state,
            LeftOut::NotWhere => &mut self.not_where,
        } += 1;
    }

    /// Those that were not sent.
    pub(super) fn left_out(&self) -> u64 {
        self.reasons().iter().map(|(count, _)| count).sum()
    }

    /// How many were not sent for each reason that occurred.
    pub(super) fn reasons(&self) -> Vec<(u64, &'static str)> {
        let all = [
            (self.not_changed, "did not change since then"),
            (self.other_schema, "of another schema"),
            (self.other_state, "in another state"),
            (self.not_where, "for which --where is false"),
            (self.unfit, "cannot be sent"),
        ];
        all.into_iter().filter(|(count, _)| *count > 0).collect()
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            listed: self.listed + other.listed,
            sent: self.sent + other.sent,
            unfit: self.unfit + other.unfit,
            not_changed: self.not_changed + other.not_changed,
            other_schema: self.other_schema + other.other_schema,
            other_state: self.other_state + other.other_state,
            not_where: self.not_where + other.not_where,
        }
    }
}

/// A number that people can read.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_sent_is_counted_by_reason() {
        let mut counts = Counts { listed: 9, sent: 3, unfit: 1, ..Counts::default() };
        for why in [LeftOut::NotChanged, LeftOut::OtherState, LeftOut::NotWhere] {
            counts.leave_out(why);
        }
        counts.leave_out(LeftOut::OtherSchema);
        counts.leave_out(LeftOut::OtherSchema);
        assert_eq!(counts.left_out(), 6);
        let numbers: Vec<_> = counts.reasons().iter().map(|(count, _)| *count).collect();
        assert_eq!(numbers, [1, 2, 1, 1, 1]);
        assert_eq!((counts + counts).left_out(), 12);
        assert_eq!((counts + counts).listed, 18);
    }

    #[test]
    fn large_number_has_its_thousands_apart() {
        let table = [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (12_345, "12,345"),
            (123_456, "123,456"),
            (1_234_567, "1,234,567"),
        ];
        for (number, expected) in table {
            assert_eq!(grouped(number), expected);
        }
    }
}
