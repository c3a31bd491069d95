//! Numbers as DynamoDB has them: decimal, exact, of up to 38 digits.

use std::{cmp::Ordering, fmt, str::FromStr};

/// How many digits a number can have.
const DIGITS: u32 = 38;
/// How far from the decimal point its first digit can be.
const MAGNITUDES: std::ops::RangeInclusive<i64> = -129..=126;

/// A number: `digits` times ten to the power of `exponent`. The last digit is not a zero, and the
/// exponent of zero is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    digits: i128,
    exponent: i64,
}

impl Number {
    fn new(mut digits: i128, mut exponent: i64) -> Result<Self, String> {
        if digits == 0 {
            return Ok(Self { digits, exponent: 0 });
        }
        while digits % 10 == 0 {
            digits /= 10;
            exponent += 1;
        }
        let number = Self { digits, exponent };
        if number.length() > DIGITS || !MAGNITUDES.contains(&number.magnitude()) {
            return Err("The number has too many digits, or is too large or too small".to_owned());
        }
        Ok(number)
    }

    /// The sum of two numbers.
    pub(super) fn plus(self, other: Self) -> Result<Self, String> {
        let exponent = self.exponent.min(other.exponent);
        let terms = self.digits_at(exponent).zip(other.digits_at(exponent));
        let sum = terms.and_then(|(one, other)| one.checked_add(other));
        Self::new(sum.ok_or("The numbers are too far apart to be added")?, exponent)
    }

    /// The difference of two numbers.
    pub(super) fn minus(self, other: Self) -> Result<Self, String> {
        self.plus(Self { digits: -other.digits, ..other })
    }

    /// Its digits where the exponent is this one, which is not above its own.
    fn digits_at(self, exponent: i64) -> Option<i128> {
        let zeros = u32::try_from(self.exponent - exponent).ok()?;
        self.digits.checked_mul(10_i128.checked_pow(zeros)?)
    }

    /// How many digits it has.
    fn length(self) -> u32 {
        self.digits.unsigned_abs().checked_ilog10().map_or(0, |log| log + 1)
    }

    /// Where its first digit is, counted from the decimal point.
    fn magnitude(self) -> i64 {
        self.exponent + i64::from(self.length())
    }

    /// What orders the numbers of one sign: the magnitude, then the digits, filled up with zeros.
    fn size(self) -> (i64, u128) {
        let filled = self.digits.unsigned_abs() * 10_u128.pow(DIGITS - self.length());
        (self.magnitude(), filled)
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let signs = self.digits.signum().cmp(&other.digits.signum());
        let sizes = self.size().cmp(&other.size());
        signs.then(if self.digits < 0 { sizes.reverse() } else { sizes })
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for Number {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let malformed = || format!("The parameter cannot be converted to a numeric value: {text}");
        let (decimal, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let exponent: i32 = exponent.parse().map_err(|_| malformed())?;
        let (sign, decimal) = match decimal.strip_prefix('-') {
            Some(decimal) => (-1, decimal),
            None => (1, decimal.strip_prefix('+').unwrap_or(decimal)),
        };
        let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
        let digits = format!("{whole}{fraction}");
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(malformed());
        }
        let significant = digits.trim_matches('0');
        let zeros = digits.trim_start_matches('0').len() - significant.len();
        let shift = i64::try_from(zeros).ok().zip(i64::try_from(fraction.len()).ok());
        let (zeros, places) = shift.ok_or_else(malformed)?;
        let digits: i128 = format!("0{significant}").parse().map_err(|_| malformed())?;
        Self::new(sign * digits, i64::from(exponent) + zeros - places)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.digits < 0 { "-" } else { "" };
        let digits = self.digits.unsigned_abs().to_string();
        if let Ok(zeros) = usize::try_from(self.exponent) {
            return write!(f, "{sign}{digits}{}", "0".repeat(zeros));
        }
        let places = usize::try_from(-self.exponent).map_err(|_| fmt::Error)?;
        let digits = format!("{digits:0>length$}", length = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        write!(f, "{sign}{whole}.{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        text.parse().unwrap()
    }

    #[test]
    fn written_in_one_way() {
        for (text, written) in [
            ("0", "0"),
            ("-0.00", "0"),
            ("007", "7"),
            ("1.50", "1.5"),
            (".5", "0.5"),
            ("-1200", "-1200"),
            ("1.2e3", "1200"),
            ("12E-4", "0.0012"),
            ("+1e+2", "100"),
            ("12345678901234567890123456789012345678", "12345678901234567890123456789012345678"),
        ] {
            assert_eq!(number(text).to_string(), written, "{text}");
        }
    }

    #[test]
    fn refused() {
        for text in
            ["", "-", ".", "one", "1e", "0x1", "1 ", "NaN", "1e127", "1e-131", &"1".repeat(39)]
        {
            assert!(text.parse::<Number>().is_err(), "{text}");
        }
    }

    #[test]
    fn ordered_by_value() {
        let ascending = ["-1e100", "-2", "-1.5", "-1", "0", "1e-9", "0.9", "1", "9", "10", "1e100"];
        for (index, one) in ascending.iter().enumerate() {
            for (other_index, other) in ascending.iter().enumerate() {
                let order = index.cmp(&other_index);
                assert_eq!(number(one).cmp(&number(other)), order, "{one} and {other}");
            }
        }
        // Two that a float would take for the same.
        assert!(number("9007199254740993") > number("9007199254740992"));
    }

    #[test]
    fn added_exactly() {
        for (one, other, sum, difference) in [
            ("1", "2", "3", "-1"),
            ("0.1", "0.2", "0.3", "-0.1"),
            ("1e20", "1", "100000000000000000001", "99999999999999999999"),
        ] {
            assert_eq!(number(one).plus(number(other)).unwrap(), number(sum));
            assert_eq!(number(one).minus(number(other)).unwrap(), number(difference));
        }
        assert!(number("1e100").plus(number("1")).is_err());
    }
}
