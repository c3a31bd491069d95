//! How much of the limit of the Kratos evaluator a template uses.
//!
//! Kratos sends the evaluator process one line of JSON: the reference of the template as its file
//! name, the template, and ctx. The process reads the line with Go's `bufio.Scanner` and its
//! default limit, so a line over 64 KiB kills it: the hook is called with an empty body, or the
//! flow fails. An inline template counts twice, since its reference contains all of it.
//!
//! Source: ory/kratos `oryx/jsonnetsecure/cmd.go`, `request/builder.go`. Measured:
//! `tests/real/kratos/ctx.rs`.

/// The most that the evaluator reads: Go's `bufio.MaxScanTokenSize`.
pub(crate) const EVALUATOR_BYTES: usize = 64 * 1024;

/// The size of a template in this line, without ctx.
pub(crate) fn evaluator_bytes(reference: &str, code: &str) -> usize {
    escaped(reference) + escaped(code)
}

/// The length of the JSON that Go writes, which escapes characters of HTML tags.
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
