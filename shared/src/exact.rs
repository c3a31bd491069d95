//! Numbers that a template may have rounded.
//!
//! Jsonnet's only number is the double (<https://jsonnet.org/ref/language.html>), so every template
//! gives 9007199254740992 for 9007199254740993: from 2^53 on, a number may stand for another one.

use serde_json::{Number, Value};

/// The first integer for which two of them share one double.
const FIRST_AMBIGUOUS: u64 = 1 << 53;
const FIRST_AMBIGUOUS_DOUBLE: f64 = 9_007_199_254_740_992.0;

/// Whether any number in a template's output may be rounded. The fraction of a number is never
/// exact, in Jsonnet or anywhere else, and does not count.
pub fn may_be_rounded(value: &Value) -> bool {
    any_number(value, &is_ambiguous)
}

/// The same for Ory's data, which went through Jsonnet as well: an integer that no double can
/// represent was not rounded on its way.
pub(crate) fn may_have_come_rounded(value: &Value) -> bool {
    any_number(value, &|number| is_ambiguous(number) && !is_no_double(number))
}

/// It recurses once per level, and the parser limits those.
fn any_number(value: &Value, is_one: &impl Fn(&Number) -> bool) -> bool {
    match value {
        Value::Number(number) => is_one(number),
        Value::Array(items) => items.iter().any(|item| any_number(item, is_one)),
        Value::Object(fields) => fields.values().any(|field| any_number(field, is_one)),
        _ => false,
    }
}

fn is_ambiguous(number: &Number) -> bool {
    match (number.as_u64(), number.as_i64()) {
        (Some(number), _) => number >= FIRST_AMBIGUOUS,
        (None, Some(number)) => number.unsigned_abs() >= FIRST_AMBIGUOUS,
        // JSON's text for a double of this size, or for an integer that does not fit in 64 bits.
        (None, None) => number.as_f64().is_none_or(|number| number.abs() >= FIRST_AMBIGUOUS_DOUBLE),
    }
}

/// Whether the digits after the 53 of a double are in use.
fn is_no_double(number: &Number) -> bool {
    let magnitude = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
    magnitude.is_some_and(|number| {
        let used = u64::BITS - number.leading_zeros() - number.trailing_zeros().min(u64::BITS - 1);
        used > f64::MANTISSA_DIGITS
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn number_beyond_2_53_is_not_exact() {
        let exact = [
            "0",
            "-0",
            "1",
            "1.5",
            "-1.5",
            "0.1",
            "5e-324",
            "9007199254740991",
            "-9007199254740991",
            "9007199254740991.0",
            "9e15",
        ];
        for text in exact {
            assert!(!may_be_rounded(&number(text)), "{text}");
            assert!(!may_have_come_rounded(&number(text)), "{text}");
        }
        let rounded = [
            "9007199254740992",
            "-9007199254740992",
            "9007199254740992.0",
            "1152921504606846976",
            "18446744073709551616",
            "1e16",
            "-1e300",
            "9223372036854775808",
            "-9223372036854775808",
        ];
        for text in rounded {
            assert!(may_be_rounded(&number(text)), "{text}");
            assert!(may_have_come_rounded(&number(text)), "{text}");
        }
        // Jsonnet could not have produced these.
        let no_doubles = [
            "9007199254740993",
            "-9007199254740993",
            "18446744073709551615",
            "9223372036854775807",
        ];
        for text in no_doubles {
            assert!(may_be_rounded(&number(text)), "{text}");
            assert!(!may_have_come_rounded(&number(text)), "{text}");
        }
    }

    #[test]
    fn inexact_numbers_are_found_anywhere() {
        for text in [r#"[[{"a":[9007199254740992]}]]"#, r#"{"a":{"b":1e20}}"#] {
            assert!(may_be_rounded(&number(text)), "{text}");
        }
        assert!(!may_be_rounded(&number(r#"[{"a":"9007199254740992","b":null}]"#)));
    }
}
