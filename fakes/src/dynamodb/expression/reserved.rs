//! The words that cannot be used as attribute names in an expression.

/// The list from AWS.
const RESERVED: &str = include_str!("reserved.txt");

/// Whether an attribute of this name needs a placeholder.
pub(super) fn is_reserved(word: &str) -> bool {
    RESERVED.split_whitespace().any(|reserved| reserved.eq_ignore_ascii_case(word))
}
