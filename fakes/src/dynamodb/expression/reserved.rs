//! The words that cannot name an attribute in an expression.

/// AWS' list of them.
const RESERVED: &str = include_str!("reserved.txt");

/// Whether an attribute of this name needs a placeholder.
pub(super) fn is_reserved(word: &str) -> bool {
    RESERVED.split_whitespace().any(|reserved| reserved.eq_ignore_ascii_case(word))
}
