//! How much of its limit a template takes in Kratos' evaluator.
//!
//! Kratos hands the evaluator's process one line of JSON, with the template's reference as its
//! file name, the template, and ctx. The process reads a line with Go's `bufio.Scanner` as it
//! comes, so one over 64 KiB kills it: the hook is called with an empty body, or the flow fails.
//! An inline template counts twice, as its reference holds all of it.
//!
//! Source: ory/kratos `oryx/jsonnetsecure/cmd.go`, `request/builder.go`. Measured:
//! `tests/real/kratos/ctx.rs`.

/// What the evaluator reads at most: Go's `bufio.MaxScanTokenSize`.
pub(crate) const EVALUATOR_BYTES: usize = 64 * 1024;

/// What a template takes of it, without any ctx.
pub(crate) fn evaluator_bytes(reference: &str, code: &str) -> usize {
    escaped(reference) + escaped(code)
}

/// The length as Go writes JSON, which escapes what HTML would take for a tag.
fn escaped(text: &str) -> usize {
    let length = |character: char| match character {
        '"' | '\\' | '\n' | '\r' | '\t' => 2,
        '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => 6,
        other => other.len_utf8(),
    };
    text.chars().map(length).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_is_measured_as_go_encodes_it() {
        let table = [("", 0), ("abc", 3), ("\"\n", 4), ("a<b>&", 20), ("ä", 2), ("\u{1}", 6)];
        for (text, bytes) in table {
            assert_eq!(evaluator_bytes("", text), bytes, "{text:?}");
        }
        assert_eq!(evaluator_bytes("base64://YWJj", "abc"), 16);
    }
}
